// Doubles as the exact decimals that the pipeline would have read: a series as blocks of mantissas at one exponent.
//
// Units     mantissa * 10^exponent; the exponent becomes finer when a price needs it, never coarser.
// Input     a double stands for its shortest decimal: what Python prints, and what a CSV of it holds.
// Failure   std::invalid_argument says which price, and why.
// Cost      a multiplication and a division a price that fits the exponent; a print and a parse where one does not.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "core/base/decimal_scale.hpp"
#include "core/indicators/kernel.hpp"

namespace tapeline::python {

[[noreturn]] void refuse(std::size_t index, double price, const char* why);

/// The decimal of a price above 0; `index` is for the message.
[[nodiscard]] Decimal price_of(std::size_t index, double price);

/// The exponent of a series, and mantissas at it.
class Scale {
 public:
  /// How many of `prices`, from the first, were written to `mantissas` as they are.
  [[nodiscard]] std::size_t read(std::span<const double> prices, std::int64_t* mantissas) const noexcept;

  /// Whether the series has to become finer for `price`, as it has for its first.
  [[nodiscard]] bool is_too_coarse_for(Decimal price) const noexcept { return !begun_ || price.exponent < exponent_; }
  /// Makes it so. `rescale(factor)` does the same to what has been read, or returns false.
  template <class Rescale>
  void refine(std::size_t index, Decimal price, Rescale rescale) {
    if (begun_) {
      const int shift = exponent_ - price.exponent;
      if (shift > 18 || !rescale(power_of_ten(shift))) refuse(index, to_double(price), misfit);
    }
    set_exponent(price.exponent);
  }
  /// The mantissa of a price that it is fine enough for.
  [[nodiscard]] std::int64_t mantissa(std::size_t index, Decimal price) const {
    const auto aligned = mantissa_at(price, exponent_);
    if (!aligned) refuse(index, to_double(price), misfit);
    return *aligned;
  }

  /// Mantissas that make a price of 1.
  [[nodiscard]] double unit() const noexcept { return unit_; }

 private:
  static constexpr const char* misfit =
      "and the prices before it have no common scale that fits 64 bits: round them to fewer decimal places";

  void set_exponent(int exponent) noexcept;

  double power_ = 0;  // 10^-exponent; 0, at which nothing is read, before the first price and where it is inexact
  double unit_ = 1;
  int exponent_ = 0;
  bool begun_ = false;
};

/// What is computed from so many closes stays in the first cache.
inline constexpr std::size_t closes_block_max = 2'048;

/// Reads `closes` block by block: `consume(first, mantissas, unit)`, where `first` is the index of the first one, and
/// `rescale(factor)` between blocks, as of Scale::refine().
template <class Rescale, class Consume>
void read_closes(std::span<const double> closes, Rescale rescale, Consume consume) {
  std::array<std::int64_t, closes_block_max> mantissas;
  Scale scale;
  std::size_t first = 0;
  std::size_t count = 0;  // closes from `first` that wait in `mantissas`
  const auto flush = [&] {
    if (count > 0) consume(first, std::span(mantissas).first(count), scale.unit());
    first += count;
    count = 0;
  };
  while (first + count < closes.size()) {
    const std::size_t wanted = std::min(closes_block_max - count, closes.size() - first - count);
    const std::size_t read = scale.read(closes.subspan(first + count, wanted), mantissas.data() + count);
    count += read;
    if (read < wanted) {
      const std::size_t index = first + count;
      const Decimal price = price_of(index, closes[index]);
      if (scale.is_too_coarse_for(price)) {
        flush();
        scale.refine(index, price, rescale);
      }
      mantissas[count++] = scale.mantissa(index, price);
    }
    if (count == closes_block_max) flush();
  }
  flush();
}

/// Feeds `closes` to `kernel`; `put(i, kernel, unit)` after each.
template <Kernel K, class Put>
void run(std::span<const double> closes, K kernel, Put put) {
  const auto rescale = [&kernel](std::int64_t factor) {
    if (!kernel.fits(factor)) return false;
    kernel.rescale(factor);
    return true;
  };
  read_closes(closes, rescale, [&](std::size_t i, std::span<const std::int64_t> mantissas, double unit) {
    for (const std::int64_t mantissa : mantissas) {
      kernel.update(mantissa);
      put(i++, std::as_const(kernel), unit);
    }
  });
}

}  // namespace tapeline::python
