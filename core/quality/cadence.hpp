// How often an instrument is heard of, learned; and whether it has fallen silent.
//
//   cadence += (gap - cadence) * gap / (memory + gap)
// The mean gap between two arrivals, each weighted by its length: what somebody sees who looks at any moment. A burst of
// a thousand trades in one second teaches it a second, not a thousand gaps; `memory` is the time listened so far, at most
// 15 minutes. A gap counts as no longer than the limit at which it is a silence, so that a night does not teach nights,
// while a symbol that has truly become slower is learned after a few silences.
//
// Input     journaled times only: arrivals, and clock frames. When neither came for a minute nobody listened (we were
//           not running): that time is neither a gap nor a silence.
// Output    silent() is true once per silence, from the eighth gap on.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.hpp"

namespace tapeline {

class Cadence {
 public:
  /// When silence begins: `factor` times the cadence, at least `limit_ns_min`.
  struct Limits {
    double factor;  // 0: never
    Nanos limit_ns_min;
  };

  void arrive(Nanos now_ns, Limits limits) noexcept {
    listen(now_ns);
    const Nanos gap_ns = now_ns - arrived_ns_;
    if (gaps_ != none && gap_ns > 0) learn(static_cast<double>(gap_ns), limits);
    if (gaps_ < gaps_needed) ++gaps_;
    arrived_ns_ = std::max(arrived_ns_, now_ns);
    is_silent_ = false;
  }

  /// For the journaled clock. Whether the instrument has fallen silent: true once, until it is heard of again.
  [[nodiscard]] bool silent(Nanos now_ns, Limits limits) noexcept {
    if (gaps_ == none) return false;
    listen(now_ns);
    if (limits.factor <= 0 || gaps_ < gaps_needed || is_silent_) return false;
    is_silent_ = static_cast<double>(now_ns - arrived_ns_) > limit_ns(limits);
    return is_silent_;
  }

  /// What has been learned; 0 before the second arrival.
  [[nodiscard]] Nanos cadence_ns() const noexcept { return static_cast<Nanos>(cadence_ns_); }
  /// Last heard of; later where nobody listened for a while.
  [[nodiscard]] Nanos arrived_ns() const noexcept { return arrived_ns_; }

  void archive(auto& archive) { archive(arrived_ns_, looked_ns_, cadence_ns_, memory_ns_, gaps_, is_silent_); }

  friend bool operator==(const Cadence&, const Cadence&) = default;

 private:
  static constexpr std::uint32_t none = 0;
  static constexpr std::uint32_t gaps_needed = 9;  // arrivals: eight gaps
  static constexpr double memory_ns_max = 900.0 * nanos_per_second;
  static constexpr Nanos absence_ns = 60 * nanos_per_second;

  [[nodiscard]] double limit_ns(Limits limits) const noexcept {
    return std::max(limits.factor * cadence_ns_, static_cast<double>(limits.limit_ns_min));
  }

  void listen(Nanos now_ns) noexcept {
    if (now_ns - looked_ns_ > absence_ns) arrived_ns_ = now_ns;
    looked_ns_ = std::max(looked_ns_, now_ns);
  }

  void learn(double gap_ns, Limits limits) noexcept {
    if (gaps_ >= gaps_needed && limits.factor > 0) gap_ns = std::min(gap_ns, limit_ns(limits));
    cadence_ns_ += (gap_ns - cadence_ns_) * (gap_ns / (memory_ns_ + gap_ns));
    memory_ns_ = std::min(memory_ns_ + gap_ns, memory_ns_max);
  }

  Nanos arrived_ns_ = 0;
  Nanos looked_ns_ = 0;  // the newest time that anything was journaled
  double cadence_ns_ = 0;
  double memory_ns_ = 0;
  std::uint32_t gaps_ = none;
  bool is_silent_ = false;
};

}  // namespace tapeline
