// What an HTTP response says before its body is parsed: by its status, and by the first bytes of the body.
//
// A status never says that there is data: sources refuse with 200. It only settles what no body can change.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/model/event.hpp"
#include "core/model/frame.hpp"

namespace tapeline::feeds {

/// `text` is static, or stands in the frame: one line, printable, and never a secret.
struct Refusal {
  Reason reason = Reason::none;
  std::string_view text;

  explicit operator bool() const noexcept { return reason != Reason::none; }
};

/// Without white space at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// The first byte that is no white space opens an object or an array.
[[nodiscard]] bool looks_like_json(std::string_view body) noexcept;

/// Statuses that mean the same whatever the body: 429, 401 and 403, 5xx, redirects. No refusal for the others.
[[nodiscard]] Refusal refusal_by_status(std::uint16_t http_status) noexcept;

/// A body that is not in the promised format: the plain "Too Many Requests" of a rate limiter, an HTML page, bare text.
[[nodiscard]] Refusal refusal_by_foreign_body(const Frame& frame) noexcept;

/// A JSON body that holds neither data nor words that we know: decided by a status of 4xx, no refusal without one.
[[nodiscard]] Refusal refusal_by_client_error(std::uint16_t http_status) noexcept;

}  // namespace tapeline::feeds
