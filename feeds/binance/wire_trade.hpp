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

[[nodiscard]] inline std::string_view unquoted(std::string_view token) noexcept {
  if (token.size() >= 2 && token.front() == '"') return token.substr(1, token.size() - 2);
  return token;
}

/// Makes of `event`, which is as constructed, a tick, or the reject of the first field that fails.
void read_tick(const TradeFields& fields, WireText& text, WireEvent& event) noexcept;

}  // namespace tapeline::feeds::binance
