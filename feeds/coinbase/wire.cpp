#include "feeds/coinbase/wire.hpp"

#include <algorithm>

#include "feeds/wire_backfill.hpp"
#include "feeds/wire_fields.hpp"
#include "feeds/wire_http.hpp"
#include "feeds/wire_json.hpp"

namespace tapeline::feeds::coinbase {
namespace {

/// The fields of a message, or of one trade of an answer, as written.
struct Message {
  std::string_view type;
  std::string_view symbol;  // product_id
  std::string_view trade_id;
  std::string_view last_trade_id;
  std::string_view side;
  std::string_view size;
  std::string_view price;
  std::string_view time;
  std::string_view bid;  // best_bid
  std::string_view ask;
  std::string_view words;   // message
  std::string_view reason;  // of an error
};

Side taker_of(std::string_view maker) noexcept {
  if (maker == "sell") return Side::buy;
  if (maker == "buy") return Side::sell;
  return Side::unknown;
}

/// "LOOM-USDC is delisted", "ETH-USD is not a valid product": the name in front. Of a channel they say the same.
std::string_view product_in(std::string_view reason) noexcept {
  for (const std::string_view complaint : {" is not a valid product", " is delisted"}) {
    if (reason.ends_with(complaint)) return reason.substr(0, reason.size() - complaint.size());
  }
  return {};
}

bool is_rate_limit(std::string_view words) noexcept { return words.find("ate limit") != std::string_view::npos; }

}  // namespace

class Parser::Reader {
 public:
  void read(const Frame& frame, WireOutput& output) noexcept {
    text_.clear();
    frame.channel == trades ? read_answer(frame, output) : read_stream(frame, output);
  }

 private:
  void read_stream(const Frame& frame, WireOutput& output) noexcept {
    json::ondemand::document document;
    json::ondemand::object object;
    Message message;
    const bool is_whole = !json::open(parser_, frame.payload, document) && !document.get_object().get(object) &&
                          !read_fields(object, message, output) && json::at_end(document);
    if (!is_whole) {
      output.notices.clear();
      output.events.push_back(
          reject_of({}, frame.receive_ns, Reason::unparsable, "the message is no whole JSON object"));
    } else if (message.type == "match" || message.type == "last_match") {
      output.events.push_back(trade(message, message.symbol));
    } else if (message.type == "ticker") {
      output.events.push_back(quote(message, frame.receive_ns));
    } else if (message.type == "error") {
      const Reason reason = is_rate_limit(message.reason) || is_rate_limit(message.words) ? Reason::refused_rate_limit
                                                                                          : Reason::refused_permanent;
      output.events.push_back(
          refusal_event(product_in(message.reason), frame.receive_ns, reason,
                        text_.join(text_.excerpt(message.words), ": ", text_.excerpt(message.reason))));
    } else if (!message.type.empty()) {
      if (message.type == "heartbeat") {
        const CheckedDecimal id = volume_of(message.last_trade_id);
        if (id.reason == Reason::none && id.value.exponent == 0) {
          output.notices.push_back(
              {WireNotice::Kind::newest_trade, message.symbol, static_cast<std::uint64_t>(id.value.mantissa)});
        }
      }
      output.ignored = message.type;
    } else {
      output.events.push_back(reject_of({}, frame.receive_ns, Reason::unparsable, "a message without a type"));
    }
  }

  json::error_code read_fields(json::ondemand::object object, Message& message, WireOutput& output) noexcept {
    const auto visit = [&](std::string_view key, json::ondemand::value& value) {
      if (key == "type") return json::text(value, message.type);
      if (key == "product_id") return json::text(value, message.symbol);
      if (key == "side") return json::text(value, message.side);
      if (key == "size") return json::text(value, message.size);
      if (key == "price") return json::text(value, message.price);
      if (key == "time") return json::text(value, message.time);
      if (key == "best_bid") return json::text(value, message.bid);
      if (key == "best_ask") return json::text(value, message.ask);
      if (key == "message") return json::text(value, message.words);
      if (key == "reason") return json::text(value, message.reason);
      if (key == "trade_id") message.trade_id = json::token(value);
      if (key == "last_trade_id") message.last_trade_id = json::token(value);
      if (key == "channels") return read_channels(value, output);
      return simdjson::SUCCESS;
    };
    return json::for_each_field(object, visit);
  }

  /// "subscriptions": all that is subscribed to after a request. Only the channel that carries trades counts.
  static json::error_code read_channels(json::ondemand::value& channels, WireOutput& output) noexcept {
    if (!json::token(channels).starts_with('[')) return simdjson::SUCCESS;
    return json::for_each_element(channels, [&](json::ondemand::value& channel) {
      if (!json::token(channel).starts_with('{')) return simdjson::SUCCESS;
      const std::size_t first = output.notices.size();
      bool has_trades = false;
      const auto error = json::for_each_field(channel, [&](std::string_view key, json::ondemand::value& value) {
        if (key == "name") {
          std::string_view name;
          if (const auto failure = json::text(value, name)) return failure;
          has_trades = name == "matches";
        }
        if (key != "product_ids" || !json::token(value).starts_with('[')) return simdjson::SUCCESS;
        return json::for_each_element(value, [&](json::ondemand::value& product) {
          std::string_view symbol;
          if (const auto failure = json::text(product, symbol)) return failure;
          output.notices.push_back({WireNotice::Kind::subscribed, symbol, 0});
          return simdjson::SUCCESS;
        });
      });
      if (!has_trades) output.notices.resize(first, {WireNotice::Kind::subscribed, {}, 0});
      return error;
    });
  }

  void read_answer(const Frame& frame, WireOutput& output) noexcept {
    const BackfillRange range = backfill_range_of(frame.context);
    const auto refuse = [&](const Refusal& refusal) {
      output.events.clear();
      output.events.push_back(refusal_event(range.symbol, frame.receive_ns, refusal.reason, refusal.text));
    };
    if (!looks_like_json(frame.payload)) {
      const Refusal by_status = refusal_by_status(frame.http_status);
      return refuse(by_status ? by_status : refusal_by_foreign_body(frame));
    }
    json::ondemand::document document;
    Message message;
    const bool is_list = trimmed(frame.payload).starts_with('[');
    const bool is_whole = !json::open(parser_, frame.payload, document) &&
                          !(is_list ? read_trades(document, range, output) : read_error(document, message, output)) &&
                          json::at_end(document);
    if (const Refusal by_status = refusal_by_status(frame.http_status)) return refuse(by_status);
    if (!message.words.empty()) {
      return refuse({is_rate_limit(message.words) ? Reason::refused_rate_limit : Reason::refused_permanent,
                     text_.excerpt(message.words)});
    }
    if (const Refusal by_client_error = refusal_by_client_error(frame.http_status)) return refuse(by_client_error);
    if (!is_whole || !is_list) {
      output.events.clear();
      output.events.push_back(
          reject_of(range.symbol, frame.receive_ns, Reason::unparsable, "the body is no whole list of trades"));
      return;
    }
    if (output.events.empty()) output.ignored = "no trades";
    std::reverse(output.events.begin(), output.events.end());
  }

  json::error_code read_error(json::ondemand::document& document, Message& message, WireOutput& output) noexcept {
    json::ondemand::object object;
    if (const auto error = document.get_object().get(object)) return error;
    return read_fields(object, message, output);
  }

  json::error_code read_trades(json::ondemand::document& document, const BackfillRange& range,
                               WireOutput& output) noexcept {
    json::ondemand::array list;
    if (const auto error = document.get_array().get(list)) return error;
    return json::for_each_element(list, [&](json::ondemand::value& element) {
      json::ondemand::object object;
      if (const auto error = element.get_object().get(object)) return error;
      Message message;
      if (const auto error = read_fields(object, message, output)) return error;
      WireEvent event = trade(message, range.symbol);
      event.flags = event_backfilled;
      if (event.kind != EventKind::tick || range.contains(event.trade_id)) output.events.push_back(event);
      return simdjson::SUCCESS;
    });
  }

  WireEvent trade(const Message& message, std::string_view symbol) noexcept {
    if (symbol.empty()) return reject_of({}, 0, Reason::missing_field, "product_id is missing");
    const auto event_ns = parse_utc(message.time);
    if (!event_ns) return reject(symbol, 0, "time", message.time, Reason::bad_timestamp);
    const CheckedDecimal price = price_of(message.price);
    if (price.reason != Reason::none) return reject(symbol, *event_ns, "price", message.price, price.reason);
    const CheckedDecimal size = volume_of(message.size);
    if (size.reason != Reason::none) return reject(symbol, *event_ns, "size", message.size, size.reason);
    // No id is below 0, and none is needed beyond 18 digits: the decimal of an id is the id.
    const CheckedDecimal id = volume_of(message.trade_id);
    if (id.reason != Reason::none || id.value.exponent != 0) {
      return reject(symbol, *event_ns, "trade_id", message.trade_id, Reason::not_a_number);
    }
    return {.kind = EventKind::tick,
            .side = taker_of(message.side),
            .symbol = symbol,
            .event_ns = *event_ns,
            .price = price.value,
            .size = size.value,
            .trade_id = static_cast<std::uint64_t>(id.value.mantissa)};
  }

  WireEvent quote(const Message& message, Nanos receive_ns) noexcept {
    if (message.symbol.empty()) return reject_of({}, 0, Reason::missing_field, "product_id is missing");
    return quote_of(message.symbol, parse_utc(message.time).value_or(receive_ns),
                    {{"best_bid", message.bid}, {"best_ask", message.ask}}, text_);
  }

  WireEvent reject(std::string_view symbol, Nanos event_ns, std::string_view field, std::string_view lexeme,
                   Reason reason) noexcept {
    if (is_absent(lexeme)) reason = Reason::missing_field;
    return reject_of(symbol, event_ns, reason, complaint(text_, field, reason, lexeme));
  }

  json::ondemand::parser parser_;
  WireText text_;
};

Parser::Parser() : reader_(std::make_unique<Reader>()) {}
Parser::~Parser() = default;

void Parser::parse(const Frame& frame, WireOutput& output) noexcept { reader_->read(frame, output); }

}  // namespace tapeline::feeds::coinbase
