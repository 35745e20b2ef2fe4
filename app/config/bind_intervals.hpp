// intervals_s of a rule or indicator: some of the lengths that [bars] has.
#pragma once

#include <cstdint>
#include <vector>

#include "app/config/section.hpp"
#include "core/bars/config.hpp"

namespace tapeline::app {

/// Empty: all of them. One that no bar has is a mistake: nothing would ever come of it. Bars that a source delivers
/// itself may have any length.
void bind_intervals_of(Section& section, const BarsConfig& bars, std::vector<std::uint32_t>& intervals_s);

}  // namespace tapeline::app
