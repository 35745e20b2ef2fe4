#include "feeds/binance/wire.hpp"

#include <utility>

#include "feeds/binance/wire_answer.hpp"
#include "feeds/binance/wire_trade.hpp"
#include "feeds/binance/wire_trade_scan.hpp"
#include "feeds/wire_fields.hpp"
#include "feeds/wire_json.hpp"

namespace tapeline::feeds::binance {
namespace {

/// The fields of `k`, as written.
struct Kline {
  std::string_view start;     // t
  std::string_view interval;  // i
  std::string_view is_over;   // x
  BarFields bar;              // o h l c v
};

/// The fields of a message, as written. Of a combined message those of `data` join those around it: their names differ.
struct Message {
  std::string_view kind;  // e
  TradeFields trade;
  std::string_view bid;   // b
  std::string_view ask;   // a, which is the id of an aggTrade
  std::string_view sent;  // E
  std::string_view code;
  std::string_view words;  // msg
  std::string_view request_id;
  Kline kline;
  bool has_result = false;
  bool has_book_update_id = false;  // u, without e: a bookTicker
  bool has_snapshot_id = false;     // lastUpdateId
};

/// Where an object stands: only the outer one may hold another that is read, so that no message can nest us to death.
enum class Level { outer, inner };

json::error_code read_fields(json::ondemand::object object, Level level, Message& message) noexcept;

json::error_code read_inner(json::ondemand::value& value, Message& message) noexcept {
  json::ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  return read_fields(object, Level::inner, message);
}

json::error_code read_kline(json::ondemand::value& value, Kline& kline) noexcept {
  return json::for_each_field(value, [&](std::string_view key, json::ondemand::value& field) {
    if (key.size() != 1) return simdjson::SUCCESS;
    const std::string_view token = json::token(field);
    switch (key[0]) {
      case 't': kline.start = token; break;
      case 'i': kline.interval = unquoted(token); break;
      case 'x': kline.is_over = token; break;
      case 'o': kline.bar.open = unquoted(token); break;
      case 'h': kline.bar.high = unquoted(token); break;
      case 'l': kline.bar.low = unquoted(token); break;
      case 'c': kline.bar.close = unquoted(token); break;
      case 'v': kline.bar.volume = unquoted(token); break;
      default: break;
    }
    return simdjson::SUCCESS;
  });
}

json::error_code read_field(json::ondemand::raw_json_string key, json::ondemand::value& value, Level level,
                            Message& message) noexcept {
  const char* const name = key.raw();
  const std::string_view token = json::token(value);
  if (name[0] != '"' && name[1] == '"') {
    switch (name[0]) {
      case 'e': return json::text(value, message.kind);
      case 's': return json::text(value, message.trade.symbol);
      case 'p': message.trade.price = unquoted(token); break;
      case 'q': message.trade.quantity = unquoted(token); break;
      case 't': message.trade.id = token; break;
      case 'T': message.trade.time = token; break;
      case 'm': message.trade.maker = token; break;
      case 'u': message.has_book_update_id = true; break;
      case 'b': message.bid = unquoted(token); break;
      case 'a': message.ask = unquoted(token); break;
      case 'E': message.sent = token; break;
      case 'k': return token.starts_with('{') ? read_kline(value, message.kline) : simdjson::SUCCESS;
      default: break;
    }
    return simdjson::SUCCESS;
  }
  if (key.unsafe_is_equal("data") || key.unsafe_is_equal("error")) {
    if (level == Level::outer && token.starts_with('{')) return read_inner(value, message);
  } else if (key.unsafe_is_equal("result")) {
    message.has_result = true;
  } else if (key.unsafe_is_equal("id")) {
    message.request_id = token;
  } else if (key.unsafe_is_equal("lastUpdateId")) {
    message.has_snapshot_id = true;
  } else if (key.unsafe_is_equal("code")) {
    message.code = token;
  } else if (key.unsafe_is_equal("msg")) {
    return json::text(value, message.words);
  }
  return simdjson::SUCCESS;
}

json::error_code read_fields(json::ondemand::object object, Level level, Message& message) noexcept {
  for (auto result : object) {
    json::ondemand::field field;
    if (const auto error = std::move(result).get(field)) return error;
    if (const auto error = read_field(field.key(), field.value(), level, message)) return error;
  }
  return simdjson::SUCCESS;
}

std::string_view kind_of(const Message& message) noexcept {
  if (!message.kind.empty()) return message.kind;
  if (message.has_snapshot_id) return "snapshot";
  if (message.has_result) return "subscribed";
  if (message.has_book_update_id && !message.trade.symbol.empty()) return "bookTicker";
  return {};
}

/// "1s", "5m", "1h", "3d", "1w"; 0 for a month, which has no length, and for what is no interval.
std::uint32_t interval_of(std::string_view text) noexcept {
  std::uint32_t count = 0;
  std::size_t at = 0;
  for (; at < text.size() && at < 3 && text[at] >= '0' && text[at] <= '9'; ++at) {
    count = count * 10 + static_cast<std::uint32_t>(text[at] - '0');
  }
  if (at + 1 != text.size()) return 0;
  switch (text[at]) {
    case 's': return count;
    case 'm': return count * 60;
    case 'h': return count * 3'600;
    case 'd': return count * 86'400;
    case 'w': return count * 7 * 86'400;
    default: return 0;
  }
}

}  // namespace

class Parser::Reader {
 public:
  void read(const Frame& frame, WireOutput& output) noexcept {
    if (frame.channel == historical_trades || frame.channel == aggregate_trades) return answers_.read(frame, output);
    text_.clear();
    Message message;
    if (!read_message(frame.payload, message)) {
      output.events.push_back(
          reject_of({}, frame.receive_ns, Reason::unparsable, "the message is no whole JSON object"));
    } else if (message.kind == "trade") {
      output.events.push_back(tick_of(message.trade, text_));
    } else if (message.kind == "aggTrade") {
      message.trade.id = message.ask;
      output.events.push_back(tick_of(message.trade, text_));
    } else if (message.kind == "kline") {
      read_bar(message, output);
    } else if (!message.code.empty() && message.kind.empty()) {
      const std::string_view words =
          text_.join("error ", text_.excerpt(message.code), ": ", text_.excerpt(message.words));
      output.events.push_back(refusal_event({}, frame.receive_ns, Reason::refused_permanent, words));
    } else if (const std::string_view kind = kind_of(message); kind == "bookTicker") {
      output.events.push_back(quote(message, frame.receive_ns));
    } else if (!kind.empty()) {
      note(message, kind, output);
      output.ignored = kind;
    } else {
      output.events.push_back(reject_of({}, frame.receive_ns, Reason::unparsable, "a message of no kind that we know"));
    }
  }

 private:
  bool read_message(std::string_view payload, Message& message) noexcept {
    json::ondemand::document document;
    json::ondemand::object object;
    if (json::open(parser_, payload, document) || document.get_object().get(object)) return false;
    return !read_fields(object, Level::outer, message) && json::at_end(document);
  }

  static void note(const Message& message, std::string_view kind, WireOutput& output) noexcept {
    if (kind == "serverShutdown") output.notices.push_back({WireNotice::Kind::closing, {}, 0});
    const CheckedDecimal id = volume_of(message.request_id);
    if (kind != "subscribed" || id.reason != Reason::none || id.value.exponent != 0) return;
    output.notices.push_back({WireNotice::Kind::subscribed, {}, static_cast<std::uint64_t>(id.value.mantissa)});
  }

  void read_bar(const Message& message, WireOutput& output) noexcept {
    const Kline& kline = message.kline;
    if (message.trade.symbol.empty()) {
      output.events.push_back(reject_of({}, 0, Reason::missing_field, "s (symbol) is missing"));
      return;
    }
    const std::uint32_t interval_s = interval_of(kline.interval);
    if (interval_s == 0) {
      output.ignored = "kline of another interval";
      return;
    }
    const auto start_ns = time_of(kline.start);
    if (!start_ns) {
      output.events.push_back(reject_of(message.trade.symbol, 0, Reason::bad_timestamp,
                                        complaint(text_, "k.t (start)", Reason::bad_timestamp, kline.start)));
      return;
    }
    WireEvent bar = bar_of(kline.bar, {message.trade.symbol, interval_s}, *start_ns, text_);
    bar.flags = kline.is_over == "true" ? event_final : event_provisional;
    output.events.push_back(bar);
  }

  /// Spot sends no time with it: then it is of the moment that it came.
  WireEvent quote(const Message& message, Nanos receive_ns) noexcept {
    const Nanos event_ns = time_of(message.sent).value_or(receive_ns);
    return quote_of(message.trade.symbol, event_ns, {{"b (bid)", message.bid}, {"a (ask)", message.ask}}, text_);
  }

  json::ondemand::parser parser_;
  WireText text_;
  AnswerReader answers_;
};

Parser::Parser() : reader_(std::make_unique<Reader>()) {}
Parser::~Parser() = default;

void Parser::parse(const Frame& frame, WireOutput& output) noexcept {
  if (frame.channel == combined) {
    if (scan_trade(frame.payload, output.events.emplace_back())) return;
    output.events.pop_back();
  }
  reader_->read(frame, output);
}

void parse_as_json(Parser& parser, const Frame& frame, WireOutput& output) noexcept {
  parser.reader_->read(frame, output);
}

}  // namespace tapeline::feeds::binance
