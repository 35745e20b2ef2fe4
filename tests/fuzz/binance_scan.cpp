// The fast scan of Binance trades against simdjson on the same bytes: where the scan finds a tick, both find the same.
#include <memory>

#include "feeds/binance/wire.hpp"
#include "feeds/binance/wire_trade_scan.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tapeline::fuzz::require;
  static tapeline::feeds::binance::Parser parser;
  const std::unique_ptr<char[]> bytes(new char[size + tapeline::frame_padding_bytes]());
  std::copy(data, data + size, bytes.get());
  const std::string_view payload(bytes.get(), size);
  const auto scanned = tapeline::feeds::binance::scan_trade(payload);
  if (!scanned) return 0;
  tapeline::WireOutput output;
  parse_as_json(parser, {.receive_ns = 1, .channel = tapeline::feeds::binance::combined, .payload = payload}, output);
  require(output.events.size() == 1, "what is scanned as a trade is one trade");
  const tapeline::WireEvent& parsed = output.events.front();
  require(parsed.kind == scanned->kind && parsed.side == scanned->side && parsed.flags == scanned->flags,
          "the same kind");
  require(parsed.symbol == scanned->symbol && parsed.trade_id == scanned->trade_id, "the same symbol and id");
  require(parsed.price == scanned->price && parsed.size == scanned->size, "the same price and size");
  require(parsed.event_ns == scanned->event_ns, "the same time");
  return 0;
}
