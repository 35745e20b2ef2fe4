// RSI and Bollinger bands of eight series side by side, one close of each a row: what Rsi and Bollinger say, to the last
// bit, at a quarter of the cost of eight streams. The middle of the bands is the SMA of their length.
//
// All of it is whole numbers of distances from a base near the closes of a block, exact in doubles. Where the closes of a
// series are too far apart for that, its block goes through FullRangeMoments.
//
// Threads   One at a time.
// Units     Closes are mantissas at the exponent of their series; bands come out in prices.
// Input     closes > 0.
// Output    NaN while warming up, and for the RSI of a market that has not moved.
// Failure   The constructor throws as those of Rsi and Bollinger do, or std::bad_alloc. After that nothing does.
// Cost      O(1) a close; O(length) where a base has to be found anew, for a block that went too far from the last one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/base/pack.hpp"
#include "core/indicators/full_range_moments.hpp"
#include "core/indicators/rsi.hpp"

namespace tapeline {

class Lanes {
 public:
  static constexpr std::size_t count = 8;

  /// A cache line each, so that no half of one lies across two.
  struct alignas(64) Row : std::array<std::int64_t, count> {};
  struct alignas(64) Values : std::array<double, count> {};

  /// Where the values of a block go, a row's every `stride` doubles.
  struct Outputs {
    double* rsi;
    double* mid;
    double* upper;
    double* lower;
    std::size_t stride;
  };

  Lanes(std::uint32_t rsi_length, std::uint32_t length, double width);

  /// The next closes of each series. `units`: mantissas that make a price.
  void consume(std::span<const Row> rows, const Values& units, Outputs out) noexcept;

  /// As if all closes of the series had been `factor` times larger; false, and nothing to be done with it, where they
  /// do not fit.
  [[nodiscard]] bool rescale(std::size_t lane, std::int64_t factor) noexcept;

 private:
  /// A pack of series as distances from a base each, and what their windows sum up to.
  struct Near {
    bool has_base = false;
    IntPack base{};
    IntPack beyond{};  // all distances, offset: only low bits where they are within the reach
    Pack sums{};
    Pack squares{};
    Pack before{};  // the last distance
  };

  /// Of a pack of series from `begin` on, as if none were too far apart; not 0 for each that is.
  [[nodiscard]] IntPack compute(std::size_t begin, std::span<const Row> rows, const Values& units,
                                Outputs out) noexcept;
  void find_base(Near& near, std::size_t begin, const Row& first) noexcept;
  void compute_full_range(std::size_t lane, std::span<const Row> rows, double unit, Outputs out) noexcept;
  [[nodiscard]] const Row* leaving_row(std::span<const Row> rows, std::size_t row) const noexcept;
  void remember(std::span<const Row> rows) noexcept;

  std::uint32_t rsi_length_;
  std::uint32_t length_;
  double width_;
  double keep_;
  std::uint64_t seen_ = 0;  // rows before the block
  std::array<RsiSums, count> sums_{};
  std::vector<Row> past_;  // what windows still to come reach back to, oldest first
  std::size_t held_ = 0;
  std::array<Near, count / pack_size> near_{};
  FullRangeMoments full_range_;
};

}  // namespace tapeline
