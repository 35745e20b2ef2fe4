// Change of the close against the close as of some time ago, such as 24 h (docs/definitions.md).
//   reference = close of the last bar that ended at or before end - horizon
// The reference is stale, and the change undefined, where that bar ended more than `stale_ns` before that: what the
// price was then is not known. A market that closes needs a stale_ns that spans its longest pause, so that Monday's
// change may refer to Friday.
//
// Output    the difference is exact, the percentage is rounded twice; nullopt where the reference is missing or stale.
// Warm-up   `horizon_ns` of bars.
// Cost      O(1) amortised; one place for each bar of the horizon. Where more bars come than there are places, the
//           oldest are forgotten, and are missing as a reference.
#pragma once

#include <vector>

#include "core/base/check.hpp"
#include "core/indicators/change.hpp"

namespace tapeline {

struct ChangeSinceOptions {
  Nanos horizon_ns = 86'400 * nanos_per_second;
  Nanos stale_ns = 3'600 * nanos_per_second;
  Nanos interval_ns = 60 * nanos_per_second;  // between the ends of two bars, at least

  friend bool operator==(const ChangeSinceOptions&, const ChangeSinceOptions&) = default;
};

class ChangeSince {
 public:
  using Output = PriceChange;

  explicit ChangeSince(const ChangeSinceOptions& options) : options_(options) {
    if (options.interval_ns <= 0 || options.horizon_ns <= 0 || options.stale_ns < 0 ||
        options.horizon_ns / options.interval_ns > indicator_length_max) {
      throw std::invalid_argument(
          "change horizon is impossible: choose one above 0 and of at most 100000 bars, and staleness of at least 0");
    }
    // the bars inside the horizon, the newest, and the reference before them
    marks_.resize(static_cast<std::size_t>(options.horizon_ns / options.interval_ns) + 2);
  }

  void update(const IndicatorBar& bar) noexcept {
    TL_DCHECK(bar.close > 0);
    if (count_ == marks_.size()) forget_oldest();
    at(count_++) = {bar.end_ns, bar.close};
    while (count_ > 1 && at(1).end_ns <= bar.end_ns - options_.horizon_ns) forget_oldest();
  }

  /// `absolute` in prices, where `unit` mantissas make one.
  [[nodiscard]] std::optional<PriceChange> value(double unit = 1.0) const noexcept {
    if (count_ == 0) return std::nullopt;
    const Mark& newest = at(count_ - 1);
    const Mark& reference = at(0);
    const Nanos since_ns = newest.end_ns - options_.horizon_ns;
    if (reference.end_ns > since_ns || reference.end_ns < since_ns - options_.stale_ns) return std::nullopt;
    return price_change(reference.close, newest.close, unit);
  }

  [[nodiscard]] bool fits(BarFactors factors) const noexcept {
    std::int64_t product = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      if (__builtin_mul_overflow(at(i).close, factors.price, &product)) return false;
    }
    return true;
  }
  void rescale(BarFactors factors) noexcept {
    for (std::size_t i = 0; i < count_; ++i) at(i).close *= factors.price;
  }
  void reset() noexcept { first_ = count_ = 0; }

  void archive(auto& archive) {
    archive(first_, count_);
    archive.require(first_ < marks_.size() && count_ <= marks_.size());
    if (first_ >= marks_.size() || count_ > marks_.size()) return;
    for (std::size_t i = 0; i < count_; ++i) archive(at(i).end_ns, at(i).close);
  }

  friend bool operator==(const ChangeSince& a, const ChangeSince& b) noexcept {
    if (a.options_ != b.options_ || a.count_ != b.count_) return false;
    for (std::size_t i = 0; i < a.count_; ++i) {
      if (a.at(i) != b.at(i)) return false;
    }
    return true;
  }

 private:
  struct Mark {
    Nanos end_ns = 0;
    std::int64_t close = 0;

    friend bool operator==(const Mark&, const Mark&) = default;
  };

  /// The i-th oldest mark.
  [[nodiscard]] std::size_t place(std::size_t i) const noexcept {
    const std::size_t index = first_ + i;
    return index < marks_.size() ? index : index - marks_.size();
  }
  [[nodiscard]] const Mark& at(std::size_t i) const noexcept { return marks_[place(i)]; }
  [[nodiscard]] Mark& at(std::size_t i) noexcept { return marks_[place(i)]; }

  void forget_oldest() noexcept {
    first_ = place(1);
    --count_;
  }

  ChangeSinceOptions options_;
  std::vector<Mark> marks_;  // a ring, in order of time
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};
static_assert(BarKernel<ChangeSince>);

}  // namespace tapeline
