// What every indicator kernel promises: closes (or whole bars) of one series in, one value out, at the same cost for
// every one.
//
// Threads   A kernel is a value: one thread at a time. To save its state is to copy it; to restore it, to copy it back.
// Units     A close is an integer mantissa at the series' one exponent, which no kernel knows. Prices come out in
//           mantissas, or in prices where value() is told how many mantissas make one (10^-exponent).
// Input     closes > 0 of closed bars.
// Output    nullopt while warming up and where the definition leaves the value open (docs/definitions.md).
// Failure   Constructors throw std::invalid_argument. After that nothing throws or allocates.
// Cost      O(1) an update, whatever the length; O(length) a rescale, of which a series sees at most thirty.
// Checked   tests/conformance/kernels
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>

#include "core/indicators/indicator_bar.hpp"

namespace tapeline {

// clang-format off
template <class K>
concept Kernel = std::copyable<K> && std::equality_comparable<K> &&
    requires(K kernel, const K view, std::int64_t close, std::int64_t factor) {
  typename K::Output;
  // The only way to move the state.
  { kernel.update(close) } noexcept -> std::same_as<void>;
  // peek(close) is value() as update(close) would leave it; the state stays.
  { view.value() } noexcept -> std::same_as<std::optional<typename K::Output>>;
  { view.peek(close) } noexcept -> std::same_as<std::optional<typename K::Output>>;
  // How many closes make it ready.
  { view.warmup() } noexcept -> std::same_as<std::size_t>;
  { view.ready() } noexcept -> std::same_as<bool>;
  // From now on as if all closes had been `factor` times larger; only where they fit 64 bits.
  { view.fits(factor) } noexcept -> std::same_as<bool>;
  { kernel.rescale(factor) } noexcept -> std::same_as<void>;
  // As constructed.
  { kernel.reset() } noexcept -> std::same_as<void>;
};

/// For indicators that need more of a bar than its close. All bars of a series share the two exponents.
template <class K>
concept BarKernel = std::copyable<K> && std::equality_comparable<K> &&
    requires(K kernel, const K view, const IndicatorBar& bar, BarFactors factors) {
  typename K::Output;
  { kernel.update(bar) } noexcept -> std::same_as<void>;
  { view.value() } noexcept -> std::same_as<std::optional<typename K::Output>>;
  // From now on as if all prices and volumes had been that much larger; only where they fit.
  { view.fits(factors) } noexcept -> std::same_as<bool>;
  { kernel.rescale(factors) } noexcept -> std::same_as<void>;
  { kernel.reset() } noexcept -> std::same_as<void>;
};
// clang-format on

/// What fades by the same share at every step ends in subnormal numbers, slow and wrong; far below anything that
/// matters it is 0.
[[nodiscard]] inline double faded(double value) noexcept { return std::abs(value) < 0x1p-900 ? 0.0 : value; }

/// Longest window: 800 kB of closes, a quarter of a year of minutes.
inline constexpr std::uint32_t indicator_length_max = 100'000;

/// `length`, or an exception that names the indicator and the lengths it takes.
[[nodiscard]] inline std::uint32_t checked_length(const char* indicator, std::uint32_t length,
                                                  std::uint32_t length_min) {
  if (length < length_min || length > indicator_length_max) {
    std::array<char, 128> text{};
    std::snprintf(text.data(), text.size(), "%s length %u is impossible: choose one from %u to %u", indicator, length,
                  length_min, indicator_length_max);
    throw std::invalid_argument(text.data());
  }
  return length;
}

}  // namespace tapeline
