// Which name was probably meant: for the cure in an error.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tapeline {

/// The nearest of `names`: few letters apart, capitals aside, or one within the other. Empty when none is near.
[[nodiscard]] std::string nearest_name(std::string_view written, std::span<const std::string_view> names);

}  // namespace tapeline
