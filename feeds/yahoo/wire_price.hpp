// Prices that Yahoo keeps as float32: the noise that widening them to double adds is taken off again.
//
// Rule      Rounded to the digits that the source shows (priceHint) where that is the same float; else the shortest
//           decimal of the float, so that 75.0875015258789 of a share quoted in cents is 75.0875, not 75.09.
//           What is no widened float stays as it was written.
#pragma once

#include <string_view>

#include "feeds/wire_fields.hpp"

namespace tapeline::feeds::yahoo {

inline constexpr int no_price_hint = -1;

/// The lexeme itself, or one composed in `text`.
[[nodiscard]] std::string_view without_noise(std::string_view lexeme, int price_hint, WireText& text) noexcept;
[[nodiscard]] std::string_view decimal_text(float price, int price_hint, WireText& text) noexcept;

}  // namespace tapeline::feeds::yahoo
