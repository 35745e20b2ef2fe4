#include "analysis/native/closes.hpp"

#include <charconv>
#include <stdexcept>
#include <string>

namespace tapeline::python {

void refuse(std::size_t index, double price, const char* why) {
  std::array<char, 32> text{};
  const auto printed = std::to_chars(text.data(), text.data() + text.size(), price);
  throw std::invalid_argument("price " + std::to_string(index) + ": " + std::string(text.data(), printed.ptr) + ' ' +
                              why);
}

Decimal price_of(std::size_t index, double price) {
  const Result<Decimal, DecimalError> written = decimal_from_double(price);
  if (!written) {
    refuse(index, price,
           written.error() == DecimalError::not_a_number
               ? "is no price: drop it or fill it, for an indicator takes every bar to be there"
               : "does not fit 18 significant digits and 30 decimal places: round it");
  }
  if (written->mantissa <= 0) refuse(index, price, "is not above 0, as a price must be: drop it");
  return *written;
}

void Scale::set_exponent(int exponent) noexcept {
  begun_ = true;
  exponent_ = exponent;
  unit_ = mantissas_per_unit(exponent);
  power_ = exponent >= -18 ? unit_ : 0;
}

std::size_t Scale::read(std::span<const double> prices, std::int64_t* mantissas) const noexcept {
  // 15 digits and an exact power of ten name one double, and no double has two such names.
  constexpr double end = 1e15;
  constexpr double to_whole = 0x1.8p52;  // added, it leaves no room for a fraction: rounds to the nearest integer
  constexpr std::size_t stride = 64;     // without a branch inside: the compiler makes vectors of it
  std::size_t done = 0;
  while (done < prices.size()) {
    const std::size_t count = std::min(stride, prices.size() - done);
    const double* const from = prices.data() + done;
    std::int64_t* const to = mantissas + done;
    std::int64_t misfits = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double shifted = from[i] * power_ + to_whole;
      const double whole = shifted - to_whole;
      to[i] = std::bit_cast<std::int64_t>(shifted) - std::bit_cast<std::int64_t>(to_whole);
      // Bitwise, so that no NaN gets through and nothing branches.
      misfits += static_cast<std::int64_t>(!((whole / power_ == from[i]) & (whole >= 1) & (whole < end)));
    }
    if (misfits == 0) {
      done += count;
      continue;
    }
    const auto fits = [&](std::size_t i) {
      const double whole = static_cast<double>(to[i]);
      return whole / power_ == from[i] && whole >= 1 && whole < end;
    };
    for (std::size_t i = 0; i < count && fits(i); ++i) ++done;
    break;
  }
  return done;
}

}  // namespace tapeline::python
