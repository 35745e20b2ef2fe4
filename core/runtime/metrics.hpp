// Counters and latency histograms that a hot thread writes and any other reads.
//
// Threads   One writer each; readers on any thread. Nothing else is ordered by them, hence relaxed throughout:
//           a reader sees each value whole, a little late.
// Cost      An increment is a load, an add and a store: no locked instruction.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tapeline {

class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Log-linear: 16 linear buckets in each power of two, so a quantile is at most 1/16 above the true value.
///
/// Units     Nanoseconds, 0 to 2^63. A negative duration (clocks that disagree) is counted apart, never clamped.
class LatencyHistogram {
 public:
  void record(std::int64_t duration_ns) noexcept {
    if (duration_ns < 0) {
      negative_.add();
      return;
    }
    buckets_[bucket_of(static_cast<std::uint64_t>(duration_ns))].add();
    count_.add();
    sum_ns_.add(static_cast<std::uint64_t>(duration_ns));
    if (static_cast<std::uint64_t>(duration_ns) > max_ns_.value()) max_ns_.set(static_cast<std::uint64_t>(duration_ns));
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_.value(); }
  [[nodiscard]] std::uint64_t negative_count() const noexcept { return negative_.value(); }
  [[nodiscard]] std::uint64_t max_ns() const noexcept { return max_ns_.value(); }
  [[nodiscard]] std::uint64_t sum_ns() const noexcept { return sum_ns_.value(); }

  /// How many were at most this long; those of the bucket that `limit_ns` lies in are not among them, unless it is the
  /// bucket's upper edge.
  [[nodiscard]] std::uint64_t count_at_most(std::uint64_t limit_ns) const noexcept {
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size() && upper_edge_ns(bucket) <= limit_ns; ++bucket) {
      seen += buckets_[bucket].value();
    }
    return seen;
  }

  /// Upper edge of the bucket that holds the `quantile` (0..1); 0 while empty.
  [[nodiscard]] std::uint64_t quantile_ns(double quantile) const noexcept {
    const std::uint64_t total = count();
    if (total == 0) return 0;
    const auto rank = static_cast<std::uint64_t>(quantile * static_cast<double>(total - 1)) + 1;
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
      seen += buckets_[bucket].value();
      if (seen >= rank) return std::min(upper_edge_ns(bucket), max_ns());
    }
    return max_ns();
  }

 private:
  static constexpr unsigned linear_bits = 4;
  static constexpr std::size_t bucket_count = (64 - linear_bits) << linear_bits;

  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < (1U << linear_bits)) return static_cast<std::size_t>(value);
    const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1 - linear_bits;
    return (static_cast<std::size_t>(exponent) << linear_bits) + static_cast<std::size_t>(value >> exponent);
  }
  [[nodiscard]] static std::uint64_t upper_edge_ns(std::size_t bucket) noexcept {
    if (bucket < (2U << linear_bits)) return bucket;
    const std::size_t exponent = (bucket >> linear_bits) - 1;
    const std::uint64_t mantissa = (bucket & ((1U << linear_bits) - 1)) + (1U << linear_bits);
    return ((mantissa + 1) << exponent) - 1;
  }

  std::array<Counter, bucket_count> buckets_{};
  Counter count_;
  Counter negative_;
  Counter max_ns_;
  Counter sum_ns_;
};

}  // namespace tapeline
