// A reply with fixed bytes: how recorded payloads and refusals reach a real client over real HTTP.
#pragma once

#include <string>
#include <string_view>

#include "feeds/simulator/request.hpp"

namespace tapeline::feeds::simulator {

struct CannedResponse {
  Target target;  // matches a request of the same path that has at least these parameters
  HttpReply reply;

  [[nodiscard]] bool matches(const Target& request) const noexcept;
};

/// "PATH[?QUERY]=FILE[@STATUS[;retry-after=SECONDS]]", e.g. "/query?function=GLOBAL_QUOTE&symbol=IBM=body.json@200".
/// The body is read now. Both sides may contain '=': FILE begins behind the first one that leaves a readable file.
/// Throws std::invalid_argument with what is wrong.
[[nodiscard]] CannedResponse parse_canned_response(std::string_view text);

/// By the looks of a body and the name of its file.
[[nodiscard]] std::string content_type_of(std::string_view file_name, std::string_view body);

}  // namespace tapeline::feeds::simulator
