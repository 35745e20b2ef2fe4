// How long a Retry-After asks us to wait: "119", or "Wed, 21 Oct 2026 07:28:00 GMT".
#pragma once

#include <string_view>

#include "core/base/time.hpp"

namespace tapeline::feeds {

/// What is waited for after an answer 429 that does not say how long.
inline constexpr Nanos rate_limit_pause_ns = 60 * nanos_per_second;

/// Whole seconds, rounded up; 0 for what is neither form, lies in the past or is absurd (a year and more).
[[nodiscard]] int retry_after_seconds(std::string_view value, Nanos wall_now_ns) noexcept;

}  // namespace tapeline::feeds
