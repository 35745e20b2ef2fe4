// The kernels that must keep the laws, made and read in one way.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/indicators/bollinger.hpp"
#include "core/indicators/change.hpp"
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
          {bands.lower, true}, {bands.bandwidth, false}, {bands.percent_b.value_or(-1), false}};
}
inline std::vector<Number> numbers(const PriceChange& change) {
  return {{change.absolute, true}, {change.percent, false}};
}

template <class K>
struct Member;

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
