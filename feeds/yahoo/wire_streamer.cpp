#include "feeds/yahoo/wire_streamer.hpp"

#include <array>

#include <openssl/evp.h>
#include <pricing.pb.h>

#include "feeds/wire_json.hpp"
#include "feeds/yahoo/wire_price.hpp"

namespace tapeline::feeds::yahoo {
namespace {

constexpr std::string_view pricing_type = "pricing";
constexpr std::size_t message_bytes_max = 64 * 1024;

}  // namespace

bool unpack_pricing(std::string_view base64, PricingData& pricing) {
  if (base64.empty() || base64.size() % 4 != 0 || base64.size() > message_bytes_max) return false;
  const std::size_t padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
  std::array<unsigned char, message_bytes_max / 4 * 3> bytes;  // on the stack: nothing is allocated for a message
  const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(base64.data()),
                                   static_cast<int>(base64.size()));
  if (size < 0 || static_cast<std::size_t>(size) < padding) return false;
  return pricing.ParseFromArray(bytes.data(), size - static_cast<int>(padding));
}

class StreamerReader::State {
 public:
  void read(const Frame& frame, WireText& text, WireOutput& output) noexcept {
    const std::string_view body = trimmed(frame.payload);
    std::string_view type = pricing_type;
    std::string_view message = body;
    if (looks_like_json(body) && !walk(frame.payload, type, message)) {
      return reject(frame, Reason::unparsable, "the message is no whole JSON with a type", output);
    }
    if (type != pricing_type) {
      output.ignored = text.join(text.excerpt(type));
      return;
    }
    pricing_.Clear();
    if (!unpack_pricing(message, pricing_)) {
      return reject(frame, Reason::unparsable, "the message is no base64 of a price", output);
    }
    output.events.push_back(tick(frame, text));
  }

 private:
  bool walk(std::string_view payload, std::string_view& type, std::string_view& message) noexcept {
    json::ondemand::document document;
    json::ondemand::object root;
    if (json::open(parser_, payload, document) || document.get_object().get(root)) return false;
    type = message = {};
    const auto visit = [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      if (key == "type") return json::text(value, type);
      if (key == "message") return json::text(value, message);
      return simdjson::SUCCESS;
    };
    return !json::for_each_field(root, visit) && json::at_end(document) && !type.empty();
  }

  static void reject(const Frame& frame, Reason reason, std::string_view why, WireOutput& output) noexcept {
    output.events.push_back(reject_of({}, frame.receive_ns, reason, why));
  }

  WireEvent tick(const Frame& frame, WireText& text) noexcept {
    const std::string_view symbol = text.join(text.excerpt(pricing_.id()));
    if (symbol.empty()) return reject_of({}, frame.receive_ns, Reason::missing_field, "id is missing");
    if (!pricing_.has_time()) return reject_of(symbol, frame.receive_ns, Reason::missing_field, "time is missing");
    if (!pricing_.has_price()) return reject_of(symbol, frame.receive_ns, Reason::missing_field, "price is missing");
    const std::string_view time = text.join(std::to_string(pricing_.time()));
    const auto event_ns = epoch_of(time, nanos_per_millisecond);
    if (!event_ns) {
      return reject_of(symbol, frame.receive_ns, Reason::bad_timestamp,
                       complaint(text, "time", Reason::bad_timestamp, time));
    }
    const int hint = pricing_.has_price_hint() && pricing_.price_hint() >= 0 && pricing_.price_hint() < 100
                         ? static_cast<int>(pricing_.price_hint())
                         : no_price_hint;
    const std::string_view lexeme = decimal_text(pricing_.price(), hint, text);
    const CheckedDecimal price = price_of(lexeme);
    if (price.reason != Reason::none) {
      return reject_of(symbol, *event_ns, price.reason, complaint(text, "price", price.reason, lexeme));
    }
    return {.kind = EventKind::tick, .symbol = symbol, .event_ns = *event_ns, .price = price.value};
  }

  json::ondemand::parser parser_;
  PricingData pricing_;
};

StreamerReader::StreamerReader() : state_(std::make_unique<State>()) {}
StreamerReader::~StreamerReader() = default;

void StreamerReader::read(const Frame& frame, WireText& text, WireOutput& output) noexcept {
  state_->read(frame, text, output);
}

}  // namespace tapeline::feeds::yahoo
