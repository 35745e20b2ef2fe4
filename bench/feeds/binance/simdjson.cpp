#include "bench/feeds/binance/simdjson_trade.hpp"

namespace tapeline::bench::binance {
namespace {

void plain(benchmark::State& state) {
  PlainSimdjson plain;
  measure(state, [&plain](const Frame& frame) { return plain.read(frame); });
}

BENCHMARK(plain)->Name("feeds/binance/trade/simdjson");

}  // namespace
}  // namespace tapeline::bench::binance
