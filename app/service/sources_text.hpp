// The sources of a lane as a table and as JSON.
#pragma once

#include <span>
#include <string>

#include "core/base/time.hpp"
#include "feeds/source.hpp"

namespace tapeline::app {

/// Columns: source, state, frames, lag (since the last frame), quota, next poll; below each what it complains of.
[[nodiscard]] std::string sources_text(std::span<const feeds::SourceStatus> sources, Nanos wall_ns);
/// One object.
[[nodiscard]] std::string source_json(const feeds::SourceStatus& source);

}  // namespace tapeline::app
