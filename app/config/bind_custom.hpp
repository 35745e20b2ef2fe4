// [indicators.custom.NAME]: indicators of one's own, beside the standard columns.
#pragma once

#include "app/config/section.hpp"
#include "core/bars/config.hpp"

namespace tapeline::app {

/// `section` is [indicators.custom]; every table in it adds an indicator, in order of the file.
void bind_custom_indicators(Section& section, const BarsConfig& bars, IndicatorsConfig& indicators, Reading& reading);

}  // namespace tapeline::app
