// The wire parser of one source, which the program's name says (fuzz_wire_kraken): "CHANNEL STATUS CONTEXT\n", then the
// payload.
//
// Laws      A frame says the same however often it is read; what it says of the market is the same whatever stands in
//           memory behind it, if it is whole (a broken one may seem to go on there: in a journal there are zeros). Prices
//           are positive, exponents within their limits, every text is readable.
#include <memory>
#include <sstream>
#include <vector>

#include <simdjson.h>

#include "core/base/decimal.hpp"
#include "feeds/registry.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using tapeline::EventKind;
using tapeline::Frame;
using tapeline::WireEvent;
using tapeline::WireOutput;
using tapeline::fuzz::require;

std::unique_ptr<tapeline::WireParser> parser;

bool is_of_market(const WireEvent& event) {
  return event.kind != EventKind::reject && event.kind != EventKind::refusal;
}

/// A JSON body is judged by simdjson's other parser, which reads all of it; of any other format only the parser knows.
bool is_whole(const Frame& frame) {
  static simdjson::dom::parser parser_of_all;
  const std::size_t first = frame.payload.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (frame.payload[first] != '{' && frame.payload[first] != '[')) return true;
  return parser_of_all.parse(frame.payload.data(), frame.payload.size(), true).error() == simdjson::SUCCESS;
}

enum class Of { all, market };
std::string text_of(const WireOutput& output, Of of) {
  std::ostringstream text;
  const auto put = [&](const tapeline::Decimal& value) {
    text << value.mantissa << 'e' << static_cast<int>(value.exponent) << ' ';
  };
  for (const WireEvent& event : output.events) {
    if (of == Of::market && !is_of_market(event)) continue;
    text << static_cast<int>(event.kind) << ' ' << static_cast<int>(event.side) << ' ' << static_cast<int>(event.reason)
         << ' ' << static_cast<int>(event.flags) << ' ' << event.symbol << ' ' << event.event_ns << ' '
         << event.trade_id << ' ' << event.interval_s << ' ' << event.text << ' ';
    for (const auto& value : {event.price, event.size, event.open, event.high, event.low}) put(value);
    text << '\n';
  }
  if (of == Of::all) text << output.ignored;
  return text.str();
}

void check(const WireEvent& event) {
  const bool is_market = event.kind == EventKind::tick || event.kind == EventKind::source_bar;
  if (event.kind == EventKind::quote) {
    require(!event.symbol.empty(), "a quote is of an instrument");
    return;
  }
  require(is_market || event.kind == EventKind::reject || event.kind == EventKind::refusal, "no other kind of event");
  if (!is_market) {
    require(event.reason != tapeline::Reason::none, "a reject has a reason");
    return;
  }
  require(event.price.mantissa > 0, "a price is positive");
  require(event.size.mantissa >= 0, "a size is not negative");
  for (const auto& value : {event.price, event.size, event.open, event.high, event.low}) {
    require(value.exponent <= 0 && value.exponent >= tapeline::decimal_exponent_min,
            "an exponent is within its limits");
    require(value.mantissa <= tapeline::decimal_mantissa_max, "a mantissa is within its limits");
  }
  require(!event.symbol.empty(), "a market event is of an instrument");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** argv) {
  const std::string program = (*argv)[0];
  const std::size_t at = program.rfind("wire_");
  require(at != std::string::npos, "the program is called ..._wire_SOURCE");
  parser = tapeline::feeds::named_source(program.substr(at + 5)).make_parser();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tapeline::fuzz::Input input(data, size);
  const std::string request(input.line());
  unsigned channel = 0;
  unsigned status = 0;
  int read = 0;
  if (std::sscanf(request.c_str(), "%u %u %n", &channel, &status, &read) < 2) return 0;
  const std::string context = request.substr(std::min(static_cast<std::size_t>(read), request.size()));
  std::string all;
  std::string market;
  for (const char after : {'\0', '}', '"', '\0'}) {
    const std::unique_ptr<char[]> bytes(new char[input.rest().size() + tapeline::frame_padding_bytes]);
    std::copy(input.rest().begin(), input.rest().end(), bytes.get());
    std::fill_n(bytes.get() + input.rest().size(), tapeline::frame_padding_bytes, after);
    const Frame frame{.receive_ns = 1'900'000'000'000'000'000,
                      .channel = static_cast<tapeline::Channel>(channel),
                      .http_status = static_cast<std::uint16_t>(status),
                      .context = context,
                      .payload = {bytes.get(), input.rest().size()}};
    WireOutput output;
    parser->parse(frame, output);
    for (const WireEvent& event : output.events) check(event);
    const std::string text = text_of(output, Of::market);
    if (all.empty()) {
      market = text;
      all = text_of(output, Of::all) + '.';
    }
    require(text == market || !is_whole(frame), "what stands behind a whole frame changes nothing");
    if (after == '\0') require(text_of(output, Of::all) + '.' == all, "a frame says the same however often it is read");
  }
  return 0;
}
