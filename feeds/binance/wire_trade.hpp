// One trade of Binance, whichever of its four forms it came in, from the text of its fields.
#pragma once

#include <optional>
#include <string_view>

#include "feeds/wire_fields.hpp"

namespace tapeline::feeds::binance {

struct TradeFields {
  std::string_view symbol;
  std::string_view price;
  std::string_view quantity;
  std::string_view id;
  std::string_view time;
  std::string_view maker;  // whether the buyer's order was in the book
};

/// Milliseconds, or microseconds where there are so many digits.
[[nodiscard]] std::optional<Nanos> time_of(std::string_view lexeme) noexcept;

[[nodiscard]] std::string_view unquoted(std::string_view token) noexcept;

/// A tick, or the reject of the first field that fails.
[[nodiscard]] WireEvent tick_of(const TradeFields& fields, WireText& text) noexcept;

}  // namespace tapeline::feeds::binance
