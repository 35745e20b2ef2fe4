// What the words of an Alpha Vantage refusal mean: HTTP 200 and one key ("Information") for what passes and what does not.
#pragma once

#include <string_view>

#include "feeds/wire_http.hpp"

namespace tapeline::feeds::alpha_vantage {

/// Words that we do not know are a temporary refusal. The text is ours: the source's may echo the key.
[[nodiscard]] Refusal refusal_by_wording(std::string_view words) noexcept;

}  // namespace tapeline::feeds::alpha_vantage
