#include "feeds/binance/wire.hpp"

#include "feeds/binance/wire_trade_scan.hpp"
#include "feeds/wire_fields.hpp"
#include "feeds/wire_json.hpp"

namespace tapeline::feeds::binance {
namespace {

/// The fields of a message, as written. Of a combined message those of `data` join those around it: their names differ.
struct Message {
  std::string_view kind;      // e
  std::string_view symbol;    // s
  std::string_view price;     // p
  std::string_view quantity;  // q
  std::string_view trade_id;  // t
  std::string_view time;      // T
  std::string_view maker;     // m
  std::string_view code;
  std::string_view words;  // msg
  bool has_result = false;
  bool has_book_update_id = false;  // u, without e: a bookTicker
  bool has_snapshot_id = false;     // lastUpdateId
};

/// Digits between which milliseconds of our time end and microseconds begin.
constexpr std::size_t microsecond_digits = 16;

std::string_view unquoted(std::string_view token) noexcept {
  if (token.size() >= 2 && token.front() == '"') return token.substr(1, token.size() - 2);
  return token;
}

/// Where an object stands: only the outer one may hold another that is read, so that no message can nest us to death.
enum class Level { outer, inner };

json::error_code read_fields(json::ondemand::object object, Level level, Message& message) noexcept;

json::error_code read_inner(json::ondemand::value& value, Message& message) noexcept {
  json::ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  return read_fields(object, Level::inner, message);
}

json::error_code read_field(json::ondemand::raw_json_string key, json::ondemand::value& value, Level level,
                            Message& message) noexcept {
  const char* const name = key.raw();
  const std::string_view token = json::token(value);
  if (name[0] != '"' && name[1] == '"') {
    switch (name[0]) {
      case 'e': return json::text(value, message.kind);
      case 's': return json::text(value, message.symbol);
      case 'p': message.price = unquoted(token); break;
      case 'q': message.quantity = unquoted(token); break;
      case 't': message.trade_id = token; break;
      case 'T': message.time = token; break;
      case 'm': message.maker = token; break;
      case 'u': message.has_book_update_id = true; break;
      default: break;
    }
    return simdjson::SUCCESS;
  }
  if (key.unsafe_is_equal("data") || key.unsafe_is_equal("error")) {
    if (level == Level::outer && token.starts_with('{')) return read_inner(value, message);
  } else if (key.unsafe_is_equal("result")) {
    message.has_result = true;
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
  if (message.has_book_update_id && !message.symbol.empty()) return "bookTicker";
  return {};
}

}  // namespace

class Parser::Reader {
 public:
  void read(const Frame& frame, WireOutput& output) noexcept {
    text_.clear();
    Message message;
    if (!read_message(frame.payload, message)) {
      output.events.push_back(
          reject_of({}, frame.receive_ns, Reason::unparsable, "the message is no whole JSON object"));
    } else if (message.kind == "trade") {
      output.events.push_back(trade(message));
    } else if (!message.code.empty() && message.kind.empty()) {
      const std::string_view words =
          text_.join("error ", text_.excerpt(message.code), ": ", text_.excerpt(message.words));
      output.events.push_back(refusal_event({}, frame.receive_ns, Reason::refused_permanent, words));
    } else if (const std::string_view kind = kind_of(message); !kind.empty()) {
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

  WireEvent trade(const Message& message) noexcept {
    if (message.symbol.empty()) return reject_of({}, 0, Reason::missing_field, "s (symbol) is missing");
    const Nanos unit = message.time.size() >= microsecond_digits ? nanos_per_microsecond : nanos_per_millisecond;
    const auto event_ns = epoch_of(message.time, unit);
    if (!event_ns) return reject(message, 0, "T (trade time)", message.time, Reason::bad_timestamp);
    const CheckedDecimal price = price_of(message.price);
    if (price.reason != Reason::none) return reject(message, *event_ns, "p (price)", message.price, price.reason);
    const CheckedDecimal size = volume_of(message.quantity);
    if (size.reason != Reason::none) return reject(message, *event_ns, "q (quantity)", message.quantity, size.reason);
    // No id is below 0, and none is needed beyond 18 digits: the decimal of an id is the id.
    const CheckedDecimal id = volume_of(message.trade_id);
    if (id.reason != Reason::none || id.value.exponent != 0) {
      return reject(message, *event_ns, "t (trade id)", message.trade_id,
                    id.reason == Reason::missing_field ? id.reason : Reason::not_a_number);
    }
    WireEvent tick{.kind = EventKind::tick,
                   .symbol = message.symbol,
                   .event_ns = *event_ns,
                   .price = price.value,
                   .size = size.value,
                   .trade_id = static_cast<std::uint64_t>(id.value.mantissa)};
    if (message.maker == "true") tick.side = Side::sell;  // the buyer's order was in the book: the taker sold
    if (message.maker == "false") tick.side = Side::buy;
    return tick;
  }

  WireEvent reject(const Message& message, Nanos event_ns, std::string_view field, std::string_view lexeme,
                   Reason reason) noexcept {
    if (is_absent(lexeme)) reason = Reason::missing_field;
    return reject_of(message.symbol, event_ns, reason, complaint(text_, field, reason, lexeme));
  }

  json::ondemand::parser parser_;
  WireText text_;
};

Parser::Parser() : reader_(std::make_unique<Reader>()) {}
Parser::~Parser() = default;

void Parser::parse(const Frame& frame, WireOutput& output) noexcept {
  if (const auto trade = scan_trade(frame.payload)) {
    output.events.push_back(*trade);
  } else {
    reader_->read(frame, output);
  }
}

void parse_as_json(Parser& parser, const Frame& frame, WireOutput& output) noexcept {
  parser.reader_->read(frame, output);
}

Reason refusal_of(const Frame& frame) {
  Parser parser;
  WireOutput output;
  parser.parse(frame, output);
  return refusal_in(output);
}

}  // namespace tapeline::feeds::binance
