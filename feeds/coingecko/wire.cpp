#include "feeds/coingecko/wire.hpp"

#include <charconv>

#include "feeds/coingecko/wire_history.hpp"
#include "feeds/wire_fields.hpp"
#include "feeds/wire_http.hpp"
#include "feeds/wire_json.hpp"

namespace tapeline::feeds::coingecko {
namespace {

/// An error of the source, gathered from whichever of its five shapes it came in.
struct SourceError {
  std::int64_t code = 0;
  std::string_view words;
  bool found = false;
};

void take_code(std::string_view token, SourceError& error) noexcept {
  error.found = true;
  std::from_chars(token.data(), token.data() + token.size(), error.code);
}

bool says(const SourceError& error, std::string_view part) noexcept {
  return error.words.find(part) != std::string_view::npos;
}

Reason reason_of(const SourceError& error, std::uint16_t http_status) noexcept {
  if (error.code == 429 || says(error, "Rate Limit")) return Reason::refused_rate_limit;
  if (says(error, "onthly")) return Reason::refused_quota;  // the credits of the month
  if (says(error, "not found") || says(error, "not find")) return Reason::no_data;
  if (error.code >= 10'000 || error.code == 1020 || error.code == 401 || error.code == 403) {
    return Reason::refused_permanent;  // key, plan, range; 1020: blocked by the CDN
  }
  if (error.code >= 500 && error.code < 600) return Reason::server_error;
  if (says(error, "Missing parameter") || says(error, "nvalid")) return Reason::refused_permanent;
  if (refusal_by_client_error(http_status)) return Reason::refused_permanent;
  return Reason::refused_temporary;
}

struct Price {
  std::string_view currency;
  std::string_view lexeme;
};

/// Fields of a coin beside its prices: "last_updated_at", "usd_market_cap", "usd_24h_vol", "usd_24h_change".
bool is_statistic(std::string_view key) noexcept {
  return key == "last_updated_at" || key.ends_with("_market_cap") || key.ends_with("_24h_vol") ||
         key.ends_with("_24h_change");
}

}  // namespace

class Parser::Reader {
 public:
  void read(const Frame& frame, WireOutput& output) noexcept {
    text_.clear();
    error_ = {};
    const Refusal by_status = refusal_by_status(frame.http_status);
    if (!looks_like_json(frame.payload)) {
      refuse(frame, by_status ? by_status : refusal_by_foreign_body(frame), output);
      return;
    }
    const std::size_t first = output.events.size();
    const bool whole = read_body(frame, output);
    const bool empty = output.events.size() == first;
    if (whole && !error_.found && !by_status && !empty) return;

    output.events.resize(first);
    if (whole && error_.found) {
      refuse(frame, {by_status ? by_status.reason : reason_of(error_, frame.http_status), words_of_error()}, output);
    } else if (by_status) {
      refuse(frame, by_status, output);
    } else if (!whole) {
      output.events.push_back(
          reject_of(symbol_of(frame), frame.receive_ns, Reason::unparsable, "the body is no whole JSON of prices"));
    } else {
      const Refusal by_client_error = refusal_by_client_error(frame.http_status);
      refuse(frame, by_client_error ? by_client_error : Refusal{Reason::no_data, "no coin in the response"}, output);
    }
  }

 private:
  /// Histories are of one coin, the other answers of many.
  static std::string_view symbol_of(const Frame& frame) noexcept {
    const bool is_history = frame.channel == market_chart || frame.channel == ohlc;
    return is_history ? bar_request_of(frame.context).symbol : std::string_view{};
  }
  static void refuse(const Frame& frame, Refusal refusal, WireOutput& output) noexcept {
    output.events.push_back(refusal_event(symbol_of(frame), frame.receive_ns, refusal.reason, refusal.text));
  }

  /// False where the body is not whole, or not of the channel's form.
  bool read_body(const Frame& frame, WireOutput& output) noexcept {
    const std::size_t first = output.events.size();
    json::ondemand::document document;
    if (json::open(parser_, frame.payload, document)) return false;
    if (trimmed(frame.payload).front() == '[') {
      json::ondemand::array markets;
      if (frame.channel == simple_price || document.get_array().get(markets)) return false;
      if (frame.channel == ohlc) {
        return read_candles(markets, frame, text_, output) && json::at_end(document);
      }
      if (frame.channel != coins_markets) return false;
      const auto visit = [&](json::ondemand::value& coin) { return read_market(coin, frame, output); };
      return !json::for_each_element(markets, visit) && json::at_end(document);
    }
    prepare_currencies(frame.context);
    json::ondemand::object root;
    if (document.get_object().get(root)) return false;
    const auto visit = [&](std::string_view key, json::ondemand::value& value) {
      return read_root_field(key, value, frame, output);
    };
    if (json::for_each_field(root, visit) || !json::at_end(document)) return false;
    return error_.found || output.events.size() == first || frame.channel == simple_price ||
           frame.channel == market_chart;
  }

  void prepare_currencies(std::string_view context) noexcept {
    prices_.clear();
    while (!context.empty()) {
      const std::size_t comma = context.find(',');
      if (const std::string_view currency = trimmed(context.substr(0, comma)); !currency.empty()) {
        prices_.push_back({currency, {}});
      }
      context.remove_prefix(comma == std::string_view::npos ? context.size() : comma + 1);
    }
    take_any_currency_ = prices_.empty();
  }

  /// A coin, or a part of an error. Coins may be called "status" or "error": what is inside decides.
  json::error_code read_root_field(std::string_view key, json::ondemand::value& value, const Frame& frame,
                                   WireOutput& output) noexcept {
    const std::string_view token = json::token(value);
    if (frame.channel == market_chart && token.starts_with('[')) {
      if (key != "prices" || read_prices(value, frame, text_, output)) return simdjson::SUCCESS;
      return simdjson::INCORRECT_TYPE;
    }
    const bool may_be_coin = frame.channel != market_chart || key == "status" || key == "error";
    if (token.starts_with('{')) return may_be_coin ? read_coin(key, value, frame, output) : simdjson::SUCCESS;
    if (key == "error") {
      error_.found = true;
      return json::text(value, error_.words);
    }
    if (key == "status" || key == "error_code") {
      take_code(token, error_);
    } else if (key == "error_message") {
      error_.found = true;
      return json::text(value, error_.words);
    }
    return simdjson::SUCCESS;
  }

  json::error_code read_coin(std::string_view id, json::ondemand::value& coin, const Frame& frame,
                             WireOutput& output) noexcept {
    if (take_any_currency_) prices_.clear();
    for (Price& price : prices_) price.lexeme = {};
    std::string_view updated_at;
    const auto visit = [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      const std::string_view token = json::token(value);
      if (key == "error_code") {
        take_code(token, error_);
      } else if (key == "error_message") {
        error_.found = true;
        return json::text(value, error_.words);
      } else if (id == "error" && key == "status" && token.starts_with('{')) {
        return read_coin(key, value, frame, output);
      } else if (key == "last_updated_at") {
        updated_at = token;
      } else {
        take_price(key, token);
      }
      return simdjson::SUCCESS;
    };
    if (const auto error = json::for_each_field(coin, visit)) return error;
    if (!error_.found) emit_coin(id, updated_at, frame, output);
    return simdjson::SUCCESS;
  }

  void take_price(std::string_view key, std::string_view token) noexcept {
    for (Price& price : prices_) {
      if (price.currency == key) price.lexeme = token;
    }
    if (take_any_currency_ && !is_statistic(key)) prices_.push_back({key, token});
  }

  void emit_coin(std::string_view id, std::string_view updated_at, const Frame& frame, WireOutput& output) noexcept {
    if (prices_.empty()) {
      output.events.push_back(reject_of({}, frame.receive_ns, Reason::no_data, text_.join("no price of coin ", id)));
    }
    const auto stamp = is_absent(updated_at) ? frame.receive_ns : epoch_of(updated_at, nanos_per_second);
    for (const Price& price : prices_) {
      emit(text_.join(id, "/", price.currency), price.lexeme, stamp, updated_at, frame, output);
    }
  }

  json::error_code read_market(json::ondemand::value& coin, const Frame& frame, WireOutput& output) noexcept {
    std::string_view id;
    std::string_view price;
    std::string_view updated;
    const auto visit = [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      if (key == "id") return json::text(value, id);
      if (key == "current_price") price = json::token(value);
      if (key == "last_updated") return json::text(value, updated);
      return simdjson::SUCCESS;
    };
    if (const auto error = json::for_each_field(coin, visit)) return error;
    if (is_absent(id)) {
      output.events.push_back(reject_of({}, frame.receive_ns, Reason::missing_field, "id is missing"));
    } else if (frame.context.empty()) {
      output.events.push_back(
          reject_of({}, frame.receive_ns, Reason::missing_field, "vs_currency is missing in the frame's context"));
    } else {
      const auto stamp = is_absent(updated) ? frame.receive_ns : parse_utc(updated);
      emit(text_.join(id, "/", frame.context), price, stamp, updated, frame, output);
    }
    return simdjson::SUCCESS;
  }

  void emit(std::string_view symbol, std::string_view lexeme, std::optional<Nanos> stamp, std::string_view stamp_lexeme,
            const Frame& frame, WireOutput& output) noexcept {
    if (is_absent(lexeme)) {
      output.events.push_back(
          reject_of(symbol, stamp.value_or(frame.receive_ns), Reason::no_data, text_.join("no price of ", symbol)));
      return;
    }
    if (!stamp) {
      output.events.push_back(reject_of(symbol, frame.receive_ns, Reason::bad_timestamp,
                                        complaint(text_, "last_updated", Reason::bad_timestamp, stamp_lexeme)));
      return;
    }
    const CheckedDecimal price = price_of(lexeme);
    if (price.reason != Reason::none) {
      output.events.push_back(reject_of(symbol, *stamp, price.reason, complaint(text_, "price", price.reason, lexeme)));
      return;
    }
    output.events.push_back({.kind = EventKind::tick, .symbol = symbol, .event_ns = *stamp, .price = price.value});
  }

  /// The source's own words, unless they might hold a key ("CG-…").
  std::string_view words_of_error() noexcept {
    if (error_.words.empty() || says(error_, "CG-")) return "the source reports an error";
    return text_.excerpt(error_.words);
  }

  json::ondemand::parser parser_;
  WireText text_;
  SourceError error_;
  std::vector<Price> prices_;  // of one coin: what was asked for, or every currency found
  bool take_any_currency_ = false;
};

Parser::Parser() : reader_(std::make_unique<Reader>()) {}
Parser::~Parser() = default;

void Parser::parse(const Frame& frame, WireOutput& output) noexcept { reader_->read(frame, output); }

}  // namespace tapeline::feeds::coingecko
