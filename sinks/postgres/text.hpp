// Text as PostgreSQL takes it: one byte that is no UTF-8 would refuse a whole batch, again and again.
//
// Input     whatever a source sent; a detail that was cut to fit may end inside a character.
// Output    the same text, with '?' for each byte that cannot be stored: NUL and what is no valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace tapeline::sinks::postgres {

/// Whether `text` can be stored as it is.
[[nodiscard]] bool is_storable_text(std::string_view text) noexcept;
[[nodiscard]] std::string storable_text(std::string_view text);

}  // namespace tapeline::sinks::postgres
