// Bytes of Binance trade messages to symbol, id, time, side, price and size: what one message costs.
//
// A regression here is work that crept into the reading of every message.
//
// Checked   before timing every contender's fields are compared with those of plain simdjson, message by message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/model/frame.hpp"

namespace tapeline::bench::binance {

/// What every contender gives: numbers as doubles, since most of them know nothing better.
struct Trade {
  std::string_view symbol;
  std::uint64_t id;
  std::int64_t time_ms;
  double price;
  double size;
  bool is_maker;

  friend bool operator==(const Trade&, const Trade&) = default;
};

/// 20,000 messages of a real recording where TAPELINE_BENCH_RECORDING names one, generated ones otherwise.
[[nodiscard]] const std::vector<Frame>& messages();

/// Runs `read(frame) -> Trade` over all messages; what it reads is compared with `expected` first.
[[nodiscard]] const std::vector<Trade>& expected();

template <class Read>
void measure(benchmark::State& state, Read read) {
  for (std::size_t i = 0; i < messages().size(); ++i) {
    if (!(read(messages()[i]) == expected()[i])) return state.SkipWithError("a field was read wrong");
  }
  for (auto _ : state) {
    for (const Frame& frame : messages()) benchmark::DoNotOptimize(read(frame));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(messages().size()));
}

}  // namespace tapeline::bench::binance
