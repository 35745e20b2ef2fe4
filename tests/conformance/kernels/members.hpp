// The kernels that must keep the laws, made and read in one way.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "core/indicators/bollinger.hpp"
#include "core/indicators/change.hpp"
#include "core/indicators/ema.hpp"
#include "core/indicators/macd.hpp"
#include "core/indicators/rsi.hpp"
#include "core/indicators/sma.hpp"
#include "core/indicators/volatility.hpp"

namespace tapeline::conformance {

/// One number of an output; a priced one grows with the closes, the others have no scale.
struct Number {
  double value;
  bool priced;
};

inline std::vector<Number> numbers(const BollingerBands& bands) {
  return {{bands.mid, true},   {bands.sigma, true},      {bands.upper, true},
          {bands.lower, true}, {bands.bandwidth, false}, {bands.percent_b().value_or(-1), false}};
}
inline std::vector<Number> numbers(const PriceChange& change) {
  return {{change.absolute, true}, {change.percent, false}};
}
inline std::vector<Number> numbers(const MacdLines& macd) {
  return {{macd.line, true}, {macd.signal.value_or(0), true}, {macd.histogram.value_or(0), true}};
}

template <class K>
struct Member;

/// `ratio` is how much larger the prices behind `actual` are.
template <class K>
void expect_near(const K& actual, const K& expected, double ratio, double relative) {
  const auto a = actual.value();
  const auto e = expected.value();
  ASSERT_EQ(a.has_value(), e.has_value());
  if (!a) return;
  const auto numbers_a = Member<K>::read(*a);
  const auto numbers_e = Member<K>::read(*e);
  for (std::size_t i = 0; i < numbers_a.size(); ++i) {
    const double wanted = numbers_e[i].value * (numbers_e[i].priced ? ratio : 1.0);
    EXPECT_NEAR(numbers_a[i].value, wanted, std::abs(wanted) * relative) << "number " << i;
  }
}

/// Bollinger's bands as the tools have them that divide by N - 1.
class SampleBollinger : public Bollinger {
 public:
  explicit SampleBollinger(std::uint32_t length) : Bollinger(length, 2.0, Sigma::sample) {}
};

template <>
struct Member<Sma> {
  static constexpr std::uint32_t length_min = Sma::length_min;
  static Sma make(std::uint32_t length) { return Sma(length); }
  static std::vector<Number> read(double value) { return {{value, true}}; }
};
template <>
struct Member<Rsi> {
  static constexpr std::uint32_t length_min = Rsi::length_min;
  static Rsi make(std::uint32_t length) { return Rsi(length); }
  static std::vector<Number> read(double value) { return {{value, false}}; }
};
template <>
struct Member<Bollinger> {
  static constexpr std::uint32_t length_min = Bollinger::length_min;
  static Bollinger make(std::uint32_t length) { return {length, 2.0}; }
  static std::vector<Number> read(const BollingerBands& bands) { return numbers(bands); }
};
template <>
struct Member<SampleBollinger> {
  static constexpr std::uint32_t length_min = 2;
  static SampleBollinger make(std::uint32_t length) { return SampleBollinger(length); }
  static std::vector<Number> read(const BollingerBands& bands) { return numbers(bands); }
};
template <>
struct Member<Ema> {
  static constexpr std::uint32_t length_min = Ema::length_min;
  static Ema make(std::uint32_t length) { return Ema(length); }
  static std::vector<Number> read(double value) { return {{value, true}}; }
};
template <>
struct Member<Macd> {
  static constexpr std::uint32_t length_min = 1;
  static Macd make(std::uint32_t length) {
    return Macd({.fast = length, .slow = length * 2 + 1, .signal = length + 1});
  }
  static std::vector<Number> read(const MacdLines& macd) { return numbers(macd); }
};
template <>
struct Member<Volatility> {
  static constexpr std::uint32_t length_min = Volatility::length_min;
  static Volatility make(std::uint32_t length) { return Volatility(length); }
  static std::vector<Number> read(double value) { return {{value, false}}; }
};
template <>
struct Member<Change> {
  static constexpr std::uint32_t length_min = 1;  // it has no length
  static Change make(std::uint32_t) { return {}; }
  static std::vector<Number> read(const PriceChange& change) { return numbers(change); }
};

}  // namespace tapeline::conformance
