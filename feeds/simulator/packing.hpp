// Compression by zlib: gzip for replies, permessage-deflate (RFC 7692) for messages.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tapeline::feeds::simulator {

[[nodiscard]] std::string gzipped(const std::string& bytes);

/// What a server answers to the Sec-WebSocket-Extensions of a client; empty: nothing of it can be had. Each message is
/// compressed by itself: no context is taken over.
[[nodiscard]] std::string accepted_deflate(std::string_view offered);
[[nodiscard]] std::string deflated(std::string_view message);
/// Nothing where it is not deflated, or longer than `bytes_max`.
[[nodiscard]] std::optional<std::string> inflated(std::string_view packed, std::size_t bytes_max);

}  // namespace tapeline::feeds::simulator
