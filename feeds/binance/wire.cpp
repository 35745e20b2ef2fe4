#include "feeds/binance/wire.hpp"

#include <utility>

#include "feeds/binance/wire_answer.hpp"
#include "feeds/binance/wire_trade.hpp"
#include "feeds/binance/wire_trade_scan.hpp"
#include "feeds/wire_fields.hpp"
#include "feeds/wire_json_walk.hpp"

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
  bool has_kline = false;  // k: it is read into a place of its own, which trades need not clear
  bool has_result = false;
  bool has_book_update_id = false;  // u, without e: a bookTicker
  bool has_snapshot_id = false;     // lastUpdateId
};

/// Where an object stands: only the outer one may hold another that is read, so that no message can nest us to death.
enum class Level { outer, inner };

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
      read_tick(message.trade, text_, output.add());
    } else if (message.kind == "aggTrade") {
      message.trade.id = message.ask;
      read_tick(message.trade, text_, output.add());
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
    const json::Place end = read_fields<Level::outer>(walk_.open(payload), message);
    return end != nullptr && walk_.at_end(end);
  }

  template <Level level>
  json::Place read_fields(json::Place place, Message& message) noexcept {
    return walk_.object(place, [&](const char* key, std::string_view token, json::Place value) {
      return key[1] == '"' ? read_letter(key[0], token, value, message) : read_name<level>(key, token, value, message);
    });
  }

  json::Place read_letter(char key, std::string_view token, json::Place value, Message& message) noexcept {
    switch (key) {
      case 'e':
        if (token == R"("trade")") [[likely]] {  // what nearly all are need not be searched for escapes
          message.kind = unquoted(token);
          return value;
        }
        return read_text(token, message.kind) ? value : nullptr;
      case 's': return read_text(token, message.trade.symbol) ? value : nullptr;
      case 'p': message.trade.price = unquoted(token); break;
      case 'q': message.trade.quantity = unquoted(token); break;
      case 't': message.trade.id = token; break;
      case 'T': message.trade.time = token; break;
      case 'm': message.trade.maker = token; break;
      case 'u': message.has_book_update_id = true; break;
      case 'b': message.bid = unquoted(token); break;
      case 'a': message.ask = unquoted(token); break;
      case 'E': message.sent = token; break;
      case 'k':
        if (token != "{") return value;
        message.has_kline = true;
        kline_ = {};
        return read_kline(value, kline_);
      default: break;
    }
    return value;
  }

  template <Level level>
  json::Place read_name(const char* key, std::string_view token, json::Place value, Message& message) noexcept {
    if (json::is_key(key, "stream")) return value;
    if (json::is_key(key, "data") || json::is_key(key, "error")) {
      if constexpr (level == Level::outer) {
        if (token == "{") return read_fields<Level::inner>(value, message);
      }
    } else if (json::is_key(key, "result")) {
      message.has_result = true;
    } else if (json::is_key(key, "id")) {
      message.request_id = token;
    } else if (json::is_key(key, "lastUpdateId")) {
      message.has_snapshot_id = true;
    } else if (json::is_key(key, "code")) {
      message.code = token;
    } else if (json::is_key(key, "msg")) {
      return read_text(token, message.words) ? value : nullptr;
    }
    return value;
  }

  json::Place read_kline(json::Place place, Kline& kline) noexcept {
    return walk_.object(place, [&](const char* key, std::string_view token, json::Place value) {
      if (key[1] != '"') return value;
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
      return value;
    });
  }

  /// The contents of a string, else the token.
  bool read_text(std::string_view token, std::string_view& out) noexcept {
    out = unquoted(token);
    return token.front() != '"' || json::is_plain_string(token) || read_escaped(token, out);
  }
  [[gnu::noinline]] bool read_escaped(std::string_view token, std::string_view& out) noexcept {
    if (!json::unescape(parser_, token, unescaped_)) return false;
    out = text_.join(unescaped_);
    return true;
  }

  static void note(const Message& message, std::string_view kind, WireOutput& output) noexcept {
    if (kind == "serverShutdown") output.notices.push_back({WireNotice::Kind::closing, {}, 0});
    const CheckedDecimal id = volume_of(message.request_id);
    if (kind != "subscribed" || id.reason != Reason::none || id.value.exponent != 0) return;
    output.notices.push_back({WireNotice::Kind::subscribed, {}, static_cast<std::uint64_t>(id.value.mantissa)});
  }

  void read_bar(const Message& message, WireOutput& output) noexcept {
    const Kline kline = message.has_kline ? kline_ : Kline{};
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
  json::Walk walk_;
  Kline kline_;  // of the message in work, if it has one
  std::string unescaped_;
  WireText text_;
  AnswerReader answers_;
};

Parser::Parser() : reader_(std::make_unique<Reader>()) {}
Parser::~Parser() = default;

void Parser::parse(const Frame& frame, WireOutput& output) noexcept {
  if (frame.channel == combined) {
    if (scan_trade(frame.payload, output.add())) return;
    output.events.pop_back();
  }
  reader_->read(frame, output);
}

void parse_as_json(Parser& parser, const Frame& frame, WireOutput& output) noexcept {
  parser.reader_->read(frame, output);
}

}  // namespace tapeline::feeds::binance
