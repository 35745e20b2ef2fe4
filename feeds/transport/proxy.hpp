// What is said to an HTTP proxy, and what it says: the CONNECT request that asks for a tunnel, and its answer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "feeds/transport/url.hpp"

namespace tapeline::feeds {

/// The whole request, for a tunnel to the host and port of `target`.
[[nodiscard]] std::string connect_request(const Url& target, const std::string& user_agent);

inline constexpr std::size_t tunnel_answer_bytes_max = 16 * 1024;

/// Why the answer, read up to its empty line, opens no tunnel; empty: it does. Nothing may follow it: the client speaks first.
[[nodiscard]] std::string tunnel_refusal(std::string_view answer);

}  // namespace tapeline::feeds
