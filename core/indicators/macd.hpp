// Moving average convergence/divergence (docs/definitions.md).
//   line = EMA(fast) - EMA(slow);   signal = EMA(signal) of the line;   histogram = line - signal
// Start: both averages of the closes are those of ema.hpp, each seeded with its own first closes, so that the line is
// what their columns differ by; the signal is seeded with the mean of the first lines. TA-Lib (TA_INT_MACD) delays the
// seed of the fast average to the close that completes the slow one: its first values differ from ours, and the
// difference fades as (1 - 2 / (fast + 1))^k.
//
// Output    as exact as the moves of the closes: the averages' deviations are subtracted, never the averages. signal
//           and histogram come `signal` - 1 closes after the line.
// Warm-up   `slow` closes for the line.
// Cost      O(1), no window.
#pragma once

#include "core/indicators/ema.hpp"

namespace tapeline {

struct MacdLengths {
  std::uint32_t fast = 12;
  std::uint32_t slow = 26;
  std::uint32_t signal = 9;
};

struct MacdLines {
  double line = 0;
  std::optional<double> signal;
  std::optional<double> histogram;

  friend bool operator==(const MacdLines&, const MacdLines&) = default;
};

class Macd {
 public:
  using Output = MacdLines;

  explicit Macd(const MacdLengths& lengths)
      : fast_(checked_length("macd fast", lengths.fast, Ema::length_min)),
        slow_(checked_length("macd slow", lengths.slow, Ema::length_min)),
        signal_(checked_length("macd signal", lengths.signal, Ema::length_min)) {
    if (lengths.fast >= lengths.slow) {
      throw std::invalid_argument("macd fast is impossible: choose a length below that of slow, usually 12 and 26");
    }
  }

  void update(std::int64_t close) noexcept {
    fast_.update(close);
    slow_.update(close);
    if (slow_.ready()) signal_ = signal_.after(fast_.deviation() - slow_.deviation());
  }

  /// In prices, where `unit` mantissas make one.
  [[nodiscard]] std::optional<MacdLines> value(double unit = 1.0) const noexcept {
    if (!ready()) return std::nullopt;
    return lines(fast_.deviation() - slow_.deviation(), signal_, unit);
  }
  [[nodiscard]] std::optional<MacdLines> peek(std::int64_t close, double unit = 1.0) const noexcept {
    if (!slow_.peek(close)) return std::nullopt;
    const double line = fast_.deviation_after(close) - slow_.deviation_after(close);
    return lines(line, signal_.after(line), unit);
  }

  [[nodiscard]] std::size_t warmup() const noexcept { return slow_.warmup(); }
  [[nodiscard]] bool ready() const noexcept { return slow_.ready(); }
  /// Of the slow average. Precondition: ready().
  [[nodiscard]] std::uint64_t bars_since_seed() const noexcept { return slow_.bars_since_seed(); }

  [[nodiscard]] bool fits(std::int64_t factor) const noexcept { return fast_.fits(factor) && slow_.fits(factor); }
  void rescale(std::int64_t factor) noexcept {
    fast_.rescale(factor);
    slow_.rescale(factor);
    signal_.average *= static_cast<double>(factor);
  }
  void reset() noexcept {
    fast_.reset();
    slow_.reset();
    signal_ = Signal(signal_.length);
  }

  void archive(auto& archive) { archive(fast_, slow_, signal_.average, signal_.seen); }

  friend bool operator==(const Macd&, const Macd&) = default;

 private:
  /// The average of the lines, which are doubles and around 0.
  struct Signal {
    double average = 0;  // until the seed is complete: the sum of what has been seen
    std::uint32_t length;
    std::uint32_t seen = 0;  // lines, up to `length`

    explicit Signal(std::uint32_t lines) : length(lines) {}

    [[nodiscard]] bool ready() const noexcept { return seen == length; }

    [[nodiscard]] Signal after(double line) const noexcept {
      Signal next = *this;
      const double count = length;
      if (ready()) {
        next.average = faded((average * (count - 1) + 2 * line) / (count + 1));
        return next;
      }
      ++next.seen;
      next.average = next.ready() ? (average + line) / count : average + line;
      return next;
    }

    friend bool operator==(const Signal&, const Signal&) = default;
  };

  [[nodiscard]] static MacdLines lines(double line, const Signal& signal, double unit) noexcept {
    if (!signal.ready()) return {line / unit, std::nullopt, std::nullopt};
    return {line / unit, signal.average / unit, (line - signal.average) / unit};
  }

  Ema fast_;
  Ema slow_;
  Signal signal_;
};
static_assert(Kernel<Macd>);

}  // namespace tapeline
