#include "feeds/kraken/wire.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "feeds/wire_backfill.hpp"
#include "feeds/wire_fields.hpp"
#include "feeds/wire_http.hpp"
#include "feeds/wire_json.hpp"

namespace tapeline::feeds::kraken {
namespace {

/// One element of "data", as written.
struct Item {
  std::string_view symbol;
  std::string_view side;
  std::string_view price;
  std::string_view quantity;
  std::string_view trade_id;
  std::string_view time;
  std::string_view bid;
  std::string_view ask;
};

struct Message {
  std::string_view channel;
  std::string_view method;
  std::string_view symbol;  // of an error; of an acknowledgement it stands in "result"
  std::string_view error;
  std::string_view success;
  std::string_view acknowledged_channel;
  bool has_data = false;
};

Side side_of(std::string_view word) noexcept {
  if (word == "buy" || word == "b") return Side::buy;
  if (word == "sell" || word == "s") return Side::sell;
  return Side::unknown;
}

/// By Kraken's own words: "EAPI:Rate limit exceeded", "EQuery:Unknown asset pair", "EService:Unavailable".
Reason reason_of(std::string_view error) noexcept {
  for (const std::string_view words : {"ate limit", "msg rate", "Too many requests"}) {
    if (error.find(words) != std::string_view::npos) return Reason::refused_rate_limit;
  }
  if (error.find("EService") != std::string_view::npos || error.find("Internal error") != std::string_view::npos) {
    return Reason::refused_temporary;
  }
  return Reason::refused_permanent;
}

std::string_view unquoted(std::string_view token) noexcept {
  if (token.size() >= 2 && token.front() == '"') return token.substr(1, token.size() - 2);
  return token;
}

}  // namespace

class Parser::Reader {
 public:
  void read(const Frame& frame, WireOutput& output) noexcept {
    text_.clear();
    items_.clear();
    frame.channel == trades ? read_answer(frame, output) : read_stream(frame, output);
  }

 private:
  void read_stream(const Frame& frame, WireOutput& output) noexcept {
    json::ondemand::document document;
    json::ondemand::object object;
    Message message;
    const bool is_whole = !json::open(parser_, frame.payload, document) && !document.get_object().get(object) &&
                          !read_message(object, message) && json::at_end(document);
    if (!is_whole) {
      output.events.push_back(
          reject_of({}, frame.receive_ns, Reason::unparsable, "the message is no whole JSON object of WebSocket v2"));
    } else if (message.channel == "trade") {
      for (const Item& item : items_) output.events.push_back(trade(item));
      if (items_.empty()) output.ignored = "trade";
    } else if (message.channel == "ticker") {
      for (const Item& item : items_) output.events.push_back(quote(item, frame.receive_ns));
      if (items_.empty()) output.ignored = "ticker";
    } else if (!message.error.empty() && message.error == "Already subscribed") {
      acknowledge(message, output);
    } else if (!message.error.empty() || message.success == "false") {
      const std::string_view words = message.error.empty() ? message.method : message.error;
      output.events.push_back(
          refusal_event(message.symbol, frame.receive_ns, reason_of(message.error), text_.excerpt(words)));
    } else if (message.method == "subscribe" && message.acknowledged_channel == "trade") {
      acknowledge(message, output);
    } else if (!message.channel.empty() || !message.method.empty()) {
      output.ignored = message.channel.empty() ? message.method : message.channel;
    } else {
      output.events.push_back(reject_of({}, frame.receive_ns, Reason::unparsable, "a message of no kind that we know"));
    }
  }

  static void acknowledge(const Message& message, WireOutput& output) noexcept {
    output.notices.push_back({WireNotice::Kind::subscribed, message.symbol, 0});
    output.ignored = "subscribe";
  }

  json::error_code read_message(json::ondemand::object object, Message& message) noexcept {
    return json::for_each_field(object, [&](std::string_view key, json::ondemand::value& value) {
      const std::string_view token = json::token(value);
      if (key == "channel") return json::text(value, message.channel);
      if (key == "method") return json::text(value, message.method);
      if (key == "symbol") return json::text(value, message.symbol);
      if ((key == "error" || key == "Error") && token != "null") return json::text(value, message.error);
      if (key == "success") message.success = token;
      if (key == "result" && token.starts_with('{')) return read_result(value, message);
      if (key == "data" && token.starts_with('[')) return read_items(value);
      return simdjson::SUCCESS;
    });
  }

  static json::error_code read_result(json::ondemand::value& value, Message& message) noexcept {
    return json::for_each_field(value, [&](std::string_view key, json::ondemand::value& field) {
      if (key == "channel") return json::text(field, message.acknowledged_channel);
      if (key == "symbol") return json::text(field, message.symbol);
      return simdjson::SUCCESS;
    });
  }

  json::error_code read_items(json::ondemand::value& value) noexcept {
    return json::for_each_element(value, [&](json::ondemand::value& element) {
      if (!json::token(element).starts_with('{')) return simdjson::SUCCESS;
      Item& item = items_.emplace_back();
      return json::for_each_field(element, [&](std::string_view key, json::ondemand::value& field) {
        if (key == "symbol") return json::text(field, item.symbol);
        if (key == "side") return json::text(field, item.side);
        if (key == "timestamp") return json::text(field, item.time);
        if (key == "price") item.price = json::token(field);
        if (key == "qty") item.quantity = json::token(field);
        if (key == "trade_id") item.trade_id = json::token(field);
        if (key == "bid") item.bid = json::token(field);
        if (key == "ask") item.ask = json::token(field);
        return simdjson::SUCCESS;
      });
    });
  }

  void read_answer(const Frame& frame, WireOutput& output) noexcept {
    const BackfillRange range = backfill_range_of(frame.context);
    const auto refuse = [&](const Refusal& refusal) {
      output.events.push_back(refusal_event(range.symbol, frame.receive_ns, refusal.reason, refusal.text));
    };
    const Refusal by_status = refusal_by_status(frame.http_status);
    if (!looks_like_json(frame.payload)) return refuse(by_status ? by_status : refusal_by_foreign_body(frame));
    json::ondemand::document document;
    json::ondemand::object object;
    std::string_view error;
    bool has_result = false;
    const bool is_whole = !json::open(parser_, frame.payload, document) && !document.get_object().get(object) &&
                          !read_body(object, error, has_result) && json::at_end(document);
    if (by_status) return refuse(by_status);
    if (!error.empty()) return refuse({reason_of(error), text_.excerpt(error)});
    if (const Refusal by_client_error = refusal_by_client_error(frame.http_status)) return refuse(by_client_error);
    if (!is_whole || !has_result) {
      output.events.push_back(
          reject_of(range.symbol, frame.receive_ns, Reason::unparsable, "the body is no whole list of trades"));
      return;
    }
    for (Item& item : items_) {
      item.symbol = range.symbol;
      WireEvent event = trade(item);
      event.flags = event_backfilled;
      if (event.kind != EventKind::tick || range.contains(event.trade_id)) output.events.push_back(event);
    }
    if (output.events.empty()) output.ignored = "no trades";
  }

  json::error_code read_body(json::ondemand::object object, std::string_view& error, bool& has_result) noexcept {
    return json::for_each_field(object, [&](std::string_view key, json::ondemand::value& value) {
      const std::string_view token = json::token(value);
      if (key == "error" && token.starts_with('[')) {
        return json::for_each_element(value, [&](json::ondemand::value& text) { return json::text(text, error); });
      }
      if (key != "result" || !token.starts_with('{')) return simdjson::SUCCESS;
      has_result = true;
      return json::for_each_field(value, [&](std::string_view, json::ondemand::value& list) {
        if (!json::token(list).starts_with('[')) return simdjson::SUCCESS;  // "last"
        return json::for_each_element(list, [&](json::ondemand::value& row) { return read_row(row); });
      });
    });
  }

  /// ["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952]: price, quantity, time, side, order, -, id.
  json::error_code read_row(json::ondemand::value& row) noexcept {
    std::array<std::string_view, 7> fields;
    std::size_t count = 0;
    const auto error = json::for_each_element(row, [&](json::ondemand::value& field) {
      if (count < fields.size()) fields[count] = unquoted(json::token(field));
      ++count;
      return simdjson::SUCCESS;
    });
    items_.push_back({{}, fields[3], fields[0], fields[1], fields[6], fields[2], {}, {}});
    return error;
  }

  /// RFC 3339 in a stream, seconds with a fraction in REST.
  static std::optional<Nanos> time_of(std::string_view text) noexcept {
    if (const auto stamp = parse_utc(text)) return stamp;
    const std::size_t point = text.find('.');
    const auto whole_ns = epoch_of(text.substr(0, point), nanos_per_second);
    if (!whole_ns || point == std::string_view::npos) return whole_ns;
    std::string_view fraction = text.substr(point + 1);
    Nanos nanos = 0;
    for (Nanos unit = nanos_per_second / 10; !fraction.empty(); unit /= 10, fraction.remove_prefix(1)) {
      if (fraction[0] < '0' || fraction[0] > '9') return std::nullopt;
      nanos += unit * (fraction[0] - '0');
    }
    return *whole_ns + nanos;
  }

  WireEvent trade(const Item& item) noexcept {
    if (item.symbol.empty()) return reject_of({}, 0, Reason::missing_field, "symbol is missing");
    const auto event_ns = time_of(item.time);
    if (!event_ns) return reject(item.symbol, 0, "timestamp", item.time, Reason::bad_timestamp);
    const CheckedDecimal price = price_of(item.price);
    if (price.reason != Reason::none) return reject(item.symbol, *event_ns, "price", item.price, price.reason);
    const CheckedDecimal size = volume_of(item.quantity);
    if (size.reason != Reason::none) return reject(item.symbol, *event_ns, "qty", item.quantity, size.reason);
    // No id is below 0, and none is needed beyond 18 digits: the decimal of an id is the id.
    const CheckedDecimal id = volume_of(item.trade_id);
    if (id.reason != Reason::none || id.value.exponent != 0) {
      return reject(item.symbol, *event_ns, "trade_id", item.trade_id, Reason::not_a_number);
    }
    return {.kind = EventKind::tick,
            .side = side_of(item.side),
            .symbol = item.symbol,
            .event_ns = *event_ns,
            .price = price.value,
            .size = size.value,
            .trade_id = static_cast<std::uint64_t>(id.value.mantissa)};
  }

  WireEvent quote(const Item& item, Nanos receive_ns) noexcept {
    if (item.symbol.empty()) return reject_of({}, 0, Reason::missing_field, "symbol is missing");
    return quote_of(item.symbol, time_of(item.time).value_or(receive_ns), {{"bid", item.bid}, {"ask", item.ask}},
                    text_);
  }

  WireEvent reject(std::string_view symbol, Nanos event_ns, std::string_view field, std::string_view lexeme,
                   Reason reason) noexcept {
    if (is_absent(lexeme)) reason = Reason::missing_field;
    return reject_of(symbol, event_ns, reason, complaint(text_, field, reason, lexeme));
  }

  json::ondemand::parser parser_;
  WireText text_;
  std::vector<Item> items_;
};

Parser::Parser() : reader_(std::make_unique<Reader>()) {}
Parser::~Parser() = default;

void Parser::parse(const Frame& frame, WireOutput& output) noexcept { reader_->read(frame, output); }

}  // namespace tapeline::feeds::kraken
