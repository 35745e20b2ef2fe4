// How the journal commands write what they show.
#pragma once

#include <string>
#include <string_view>

#include "core/model/frame.hpp"

namespace tapeline::app {

/// "data", "clock", ...
[[nodiscard]] std::string kind_text(FrameKind kind);
/// All nine digits of the fraction, whatever they are: columns of times line up.
[[nodiscard]] std::string time_text(Nanos time_ns);

}  // namespace tapeline::app
