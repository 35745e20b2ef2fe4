// [schedule] and [schedule.jobs.NAME]: what is done when.
#pragma once

#include "app/config/section.hpp"
#include "app/schedule/config.hpp"

namespace tapeline::app {

/// `section` is [schedule]. A table below jobs adds a job, or changes the default one of its name.
void bind_schedule(Section& section, ScheduleConfig& schedule, Reading& reading);

}  // namespace tapeline::app
