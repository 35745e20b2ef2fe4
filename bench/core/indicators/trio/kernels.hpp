// Our three: the middle of the bands is the SMA, as it is for TA-Lib.
#pragma once

#include <cstdint>

#include "bench/core/indicators/trio/scenario.hpp"
#include "core/indicators/bollinger.hpp"
#include "core/indicators/rsi.hpp"

namespace tapeline::bench::trio {

struct Kernels {
  explicit Kernels(std::uint32_t rsi_closes = rsi_length, std::uint32_t sma_closes = sma_length)
      : rsi(rsi_closes), bands(sma_closes, width) {}

  Values update(std::int64_t close) {
    rsi.update(close);
    bands.update(close);
    const auto now = bands.value(cents);
    return {rsi.value().value_or(0), now ? now->mid : 0, now ? now->upper : 0, now ? now->lower : 0};
  }

  Rsi rsi;
  Bollinger bands;
};

}  // namespace tapeline::bench::trio
