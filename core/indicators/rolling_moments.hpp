// Sum and spread of the last N integers, exact for ever: no drift, and an outlier is forgotten with its window.
//
//   sum     S1 = sum of x
//   spread  sqrt(N * S2 - S1 * S1) = N * population sigma, with S2 = sum of x * x
// Values near each other, as prices are, are kept as 32-bit distances from a base among them: N * S2 - S1 * S1 is that of
// the distances, whose sums fit 64 bits. Where a value is too far, the base moves; where no base suits the window,
// FullRangeMoments takes over, until one does. Both say the same to the last bit: one rounding of an exact integer, and
// a square root.
//
// Units     those of the values; any sign.
// Output    sum() exact; spread() never negative, never NaN, within 1e-15 relative.
// Warm-up   N values.
// Cost      O(1): a base is looked for once in N values at most, or where a value has come nearly as far as it may reach.
#pragma once

#include <algorithm>
#include <bit>
#include <limits>
#include <memory>

#include "core/indicators/full_range_moments.hpp"

namespace tapeline {

class RollingMoments {
 public:
  explicit RollingMoments(std::uint32_t length) : window_(length), far_(std::make_unique<Far>(length)) {}
  RollingMoments(const RollingMoments& other)
      : window_(other.window_),
        reach_(other.reach_),
        base_(other.base_),
        sum_(other.sum_),
        squares_(other.squares_),
        far_(std::make_unique<Far>(*other.far_)) {}
  RollingMoments(RollingMoments&& other) noexcept = default;  // what was moved from is only good for assigning to
  RollingMoments& operator=(const RollingMoments& other) {
    if (this != &other) *this = RollingMoments(other);
    return *this;
  }
  RollingMoments& operator=(RollingMoments&& other) noexcept = default;
  ~RollingMoments() = default;

  void update(std::int64_t value) noexcept {
    if (!is_near(value)) return update_far(value);
    push(distance(value));
  }

  [[nodiscard]] std::size_t length() const noexcept { return window_.length(); }
  [[nodiscard]] bool ready() const noexcept { return has_base() ? window_.full() : far_->moments.ready(); }
  /// Whether one more value makes, or keeps, it ready.
  [[nodiscard]] bool ready_after() const noexcept {
    return has_base() ? window_.full_after() : far_->moments.ready_after();
  }

  /// use(sum, spread, newest) with the sum and the newest value as integers of 64 bits where N of them fit, else of 128.
  /// Precondition: ready().
  template <class Use>
  [[nodiscard]] auto read(Use use) const noexcept {
    if (!has_base()) return use(far_->moments.sum(), far_->moments.spread(), Int128{far_->moments.newest()});
    return use(base_ * count() + sum_, root(sum_, squares_), base_ + window_.newest());
  }
  /// The same as update(value) would leave it. Precondition: ready_after().
  template <class Use>
  [[nodiscard]] auto read_after(std::int64_t value, Use use) const noexcept {
    if (!is_near(value)) {
      const FullRangeMoments& moments = full_range();
      return use(moments.sum_after(value), moments.spread_after(value), Int128{value});
    }
    const std::int64_t sum = sum_after(distance(value));
    return use(base_ * count() + sum, root(sum, squares_after(distance(value))), value);
  }

  [[nodiscard]] bool fits(std::int64_t factor) const noexcept { return full_range().fits(factor); }

  /// Multiplies every value by `factor`. Precondition: fits(factor).
  void rescale(std::int64_t factor) noexcept {
    full_range();
    far_->moments.rescale(factor);
    find_base();
  }

  void reset() noexcept {
    window_.reset();
    reach_ = 0;
    base_ = sum_ = 0;
    squares_ = 0;
    far_->moments.reset();
    far_->patience = 1;
  }

  void archive(auto& archive) {
    archive(window_, reach_, base_, sum_, squares_);
    archive.require(reach_ == 0 || reach_ == reach_of(length()));
    if (!has_base()) archive(far_->moments, far_->patience);
  }

  /// The same values in the same order, whatever way they are kept.
  friend bool operator==(const RollingMoments& a, const RollingMoments& b) noexcept {
    return a.full_range() == b.full_range();
  }

 private:
  struct Far {
    explicit Far(std::uint32_t length) : moments(length) {}

    FullRangeMoments moments;
    std::uint32_t patience = 1;  // values to take before a base is looked for; the first is its own
  };

  /// With all distances within it, S2 is below 2^64, and a distance has 32 bits.
  [[nodiscard]] static std::uint32_t reach_of(std::size_t length) noexcept {
    return std::uint32_t{1} << std::min(30, (64 - static_cast<int>(std::bit_width(length))) / 2);
  }

  [[nodiscard]] bool has_base() const noexcept { return reach_ != 0; }
  [[nodiscard]] std::int64_t count() const noexcept { return static_cast<std::int64_t>(length()); }

  /// Wraps around where the two are very far from each other: never to something near, as no base is beyond 2^61.
  [[nodiscard]] std::int64_t distance(std::int64_t value) const noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base_));
  }
  /// Whether the base reaches there; false without one.
  [[nodiscard]] bool is_near(std::int64_t value) const noexcept {
    const std::uint64_t reach = reach_;
    return static_cast<std::uint64_t>(distance(value)) + reach < 2 * reach;
  }

  [[nodiscard]] std::int64_t sum_after(std::int64_t distance) const noexcept {
    return sum_ + (distance - window_.oldest());
  }
  [[nodiscard]] std::uint64_t squares_after(std::int64_t distance) const noexcept {
    const std::int64_t oldest = window_.oldest();
    return squares_ + static_cast<std::uint64_t>((distance - oldest) * (distance + oldest));
  }
  void push(std::int64_t distance) noexcept {
    squares_ = squares_after(distance);
    sum_ = sum_after(distance);
    window_.push(static_cast<std::int32_t>(distance));
  }
  [[nodiscard]] double root(std::int64_t sum, std::uint64_t squares) const noexcept {
    return std::sqrt(nearest_double(static_cast<UInt128>(Int128{squares} * count() - Int128{sum} * sum)));
  }

  /// The same window in full range; where there is a base, its place is free for that.
  FullRangeMoments& full_range() const noexcept {
    FullRangeMoments& moments = far_->moments;
    if (has_base()) {
      moments.reset();
      window_.for_each_pushed([&](std::int64_t distance) { moments.update(base_ + distance); });
    }
    return moments;
  }

  [[gnu::noinline]] void update_far(std::int64_t value) noexcept {
    const bool had_base = has_base();
    full_range().update(value);
    if (had_base || --far_->patience == 0) find_base();
  }

  /// For what is in far_: a base that reaches twice as far as it has to, else none.
  void find_base() noexcept {
    constexpr std::int64_t end = std::int64_t{1} << 61;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = std::numeric_limits<std::int64_t>::min();
    far_->moments.for_each([&](std::int64_t value) {
      least = std::min(least, value);
      most = std::max(most, value);
    });
    const std::int64_t limit = end / count();
    const std::int64_t reach = reach_of(length());
    const bool is_found = least <= most && least > -limit && most < limit && most - least <= reach;
    window_.reset();
    base_ = sum_ = 0;
    squares_ = 0;
    reach_ = is_found ? static_cast<std::uint32_t>(reach) : 0;
    far_->patience = least <= most ? static_cast<std::uint32_t>(length()) : 1;
    if (!is_found) return;
    base_ = least + (most - least) / 2;
    far_->moments.for_each([this](std::int64_t value) { push(value - base_); });
  }

  [[no_unique_address]] Window<std::int32_t> window_;  // distances from the base
  std::uint32_t reach_ = 0;                            // of the base; 0: there is none, and far_ has the values
  std::int64_t base_ = 0;
  std::int64_t sum_ = 0;
  std::uint64_t squares_ = 0;
  std::unique_ptr<Far> far_;
};
static_assert(sizeof(RollingMoments) == 136);

}  // namespace tapeline
