// Where a source is, as the configuration says it.
//
// Output    The address to use: the host "tapeline-sim" stands for $TAPELINE_SIM, the simulator of this machine.
// Failure   What is wrong and how to mend it, as text; never repeats what may hold a password.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapeline::app {

enum class Protocol { http, websocket };

/// The names and numbers of this machine; a name that only begins with 127 may be anybody's.
[[nodiscard]] bool is_loopback(const std::string& host);

/// http(s) or ws(s). Plain only on loopback: keys travel in some of the requests.
[[nodiscard]] Result<std::string, std::string> resolve_address(std::string_view text, Protocol protocol);

}  // namespace tapeline::app
