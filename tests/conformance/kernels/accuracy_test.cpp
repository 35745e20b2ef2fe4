// Every streaming value is within 1e-9 relative of the definition in higher precision, after any number of updates.
#include <string>

#include <gtest/gtest.h>

#include "tests/conformance/kernels/members.hpp"
#include "tests/conformance/kernels/oracle.hpp"

namespace tapeline::conformance {
namespace {

constexpr long double relative_max = 1e-9L;

void expect_close(double actual, long double expected, const std::string& what) {
  EXPECT_LE(std::abs(static_cast<long double>(actual) - expected), std::abs(expected) * relative_max)
      << what << " is " << actual << " instead of " << static_cast<double>(expected);
}

struct Shape {
  std::string name;
  Series closes;
  std::size_t check_every = 1;
};

void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

std::vector<Shape> shapes() {
  constexpr std::int64_t expensive = 9'700'000'000'000;     // 97000 at exponent -8
  constexpr std::int64_t widest = 970'000'000'000'000'000;  // the same at -13: too wide for the fast path
  const Series walk = random_walk(300, 46'377'00, 2'000);
  Series struck = walk;
  struck[150] *= 1'000;
  return {{"walk", walk},
          {"one_outlier", struck},
          {"up", line(300, 10'000, 7)},
          {"down", line(300, 10'000, -7)},
          {"flat", line(300, 4'637'700, 0)},
          {"flat_after_a_move", then(random_walk(100, 10'000, 100), line(20'000, 9'876, 0)), 13},
          {"penny", random_walk(300, 240, 1)},
          {"steady_up", line(100'000, expensive, 16'500), 97},  // price sigma 1e-8, return sigma 2e-17
          {"steady_down", line(100'000, expensive, -16'500), 97},
          {"leaps", then(then(walk, quiet(30, 4'000'000'000'000'000'000, 1'000'000'000'000)), random_walk(60, 5, 2))},
          {"quiet_1e-4", quiet(1'000'000, expensive, 1'680'000'000), 997},
          {"quiet_1e-8", quiet(1'000'000, expensive, 168'000), 997},
          {"quiet_1e-8_wide", quiet(100'000, widest, 16'800'000'000), 97}};
}

class KernelAccuracy : public testing::TestWithParam<Shape> {
 protected:
  /// `check(i, history)` after every close that is to be checked.
  template <class K, class Check>
  static void run(K kernel, Check check) {
    const Shape& shape = GetParam();
    for (std::size_t i = 0; i < shape.closes.size(); ++i) {
      kernel.update(shape.closes[i]);
      const bool checked = i % shape.check_every == 0 || i + 50 > shape.closes.size();
      if (checked && kernel.ready()) {
        SCOPED_TRACE(i);
        check(kernel, Closes(shape.closes).first(i + 1));
      }
      if (HasFailure()) return;  // one is enough
    }
  }
};

TEST_P(KernelAccuracy, Sma) {
  run(Sma(20), [](const Sma& sma, Closes history) { expect_close(*sma.value(), mean(history.last(20)), "sma"); });
}

TEST_P(KernelAccuracy, Bollinger) {
  for (const std::uint32_t length : {20U, 200U}) {
    run(Bollinger(length, 2.0), [length](const Bollinger& bollinger, Closes history) {
      const BollingerBands bands = *bollinger.value();
      const long double middle = mean(history.last(length));
      const long double sigma = population_sigma(history.last(length));
      EXPECT_GE(bands.sigma, 0);
      expect_close(bands.mid, middle, "mid");
      expect_close(bands.sigma, sigma, "sigma");
      EXPECT_NEAR(bands.upper, static_cast<double>(middle + 2 * sigma), bands.upper * 1e-15);
      EXPECT_NEAR(bands.lower, static_cast<double>(middle - 2 * sigma), bands.upper * 1e-15);
      expect_close(bands.bandwidth, 4 * sigma / middle, "bandwidth");
      ASSERT_EQ(bands.percent_b().has_value(), sigma > 0);
      if (sigma > 0) {
        const long double above =
            static_cast<long double>(Int128{history.back()} * length - exact_sum(history.last(length)));
        EXPECT_NEAR(*bands.percent_b(), static_cast<double>(0.5L + above / length / (4 * sigma)), 1e-14);
      }
    });
  }
}

TEST_P(KernelAccuracy, Volatility) {
  for (const std::uint32_t length : {20U, 200U}) {
    run(Volatility(length), [length](const Volatility& volatility, Closes history) {
      EXPECT_GE(*volatility.value(), 0);
      expect_close(*volatility.value(), sample_volatility(history.last(length + 1)), "volatility");
    });
  }
}

TEST_P(KernelAccuracy, Change) {
  run(Change(), [](const Change& change, Closes history) {
    const auto before = static_cast<long double>(history[history.size() - 2]);
    const auto difference = static_cast<long double>(Int128{history.back()} - history[history.size() - 2]);
    expect_close(change.value()->absolute, difference, "absolute");
    expect_close(change.value()->percent, 100 * difference / before, "percent");
  });
}

TEST_P(KernelAccuracy, Rsi) {
  Rsi rsi(14);
  WilderIndex oracle(14);
  std::size_t index = 0;
  for (const std::int64_t close : GetParam().closes) {
    rsi.update(close);
    oracle.update(close);
    if (rsi.ready()) {
      SCOPED_TRACE(index);
      ASSERT_EQ(rsi.value().has_value(), oracle.value().has_value());
      ASSERT_EQ(rsi.flat(), !oracle.value().has_value());
      if (oracle.value()) expect_close(*rsi.value(), *oracle.value(), "rsi");
      if (HasFailure()) return;
    }
    ++index;
  }
}

TEST_P(KernelAccuracy, Ema) {
  for (const std::uint32_t length : {1U, 20U, 200U}) {
    ExponentialMean oracle(length);
    Ema ema(length);
    std::size_t index = 0;
    for (const std::int64_t close : GetParam().closes) {
      ema.update(close);
      oracle.update(static_cast<Quad>(close));
      SCOPED_TRACE(index++);
      ASSERT_EQ(ema.ready(), oracle.ready());
      if (ema.ready()) expect_close(*ema.value(), static_cast<long double>(oracle.value()), "ema");
      if (HasFailure()) return;
    }
  }
}

// A line near 0 is the difference of two moves: it is held against them, not against itself, and never against prices.
TEST_P(KernelAccuracy, Macd) {
  Macd macd({});
  ExponentialMean fast(12);
  ExponentialMean slow(26);
  ExponentialMean signal(9);
  Quad moves = 0;  // the largest of late, as it fades
  std::size_t index = 0;
  for (const std::int64_t close : GetParam().closes) {
    macd.update(close);
    fast.update(static_cast<Quad>(close));
    slow.update(static_cast<Quad>(close));
    SCOPED_TRACE(index++);
    ASSERT_EQ(macd.ready(), slow.ready());
    if (!macd.ready()) continue;
    const Quad line = fast.value() - slow.value();
    signal.update(line);
    const Quad above_fast = fast.value() - static_cast<Quad>(close);
    const Quad above_slow = slow.value() - static_cast<Quad>(close);
    moves = std::max(
        {moves * 25 / 27, above_fast < 0 ? -above_fast : above_fast, above_slow < 0 ? -above_slow : above_slow});
    const auto expect_move = [&](double actual, Quad expected, const char* what) {
      const Quad error = static_cast<Quad>(actual) - expected;
      EXPECT_LE(static_cast<double>(error < 0 ? -error : error), static_cast<double>(moves) * 1e-9 + 1e-12) << what;
    };
    expect_move(macd.value()->line, line, "line");
    ASSERT_EQ(macd.value()->signal.has_value(), signal.ready());
    if (signal.ready()) {
      expect_move(*macd.value()->signal, signal.value(), "signal");
      expect_move(*macd.value()->histogram, line - signal.value(), "histogram");
    }
    if (HasFailure()) return;
  }
}

TEST_P(KernelAccuracy, SampleBollinger) {
  run(SampleBollinger(20), [](const SampleBollinger& bollinger, Closes history) {
    const long double sample = population_sigma(history.last(20)) * std::sqrt(20.0L / 19);
    expect_close(bollinger.value()->sigma, sample, "sigma");
    expect_close(bollinger.value()->bandwidth, 4 * sample / mean(history.last(20)), "bandwidth");
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, KernelAccuracy, testing::ValuesIn(shapes()), [](const auto& shape) {
  std::string name = shape.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace tapeline::conformance
