// From the configuration to sources, names, lateness and calendars: what a lane must know of its feeds.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "app/calendar/calendars.hpp"
#include "app/config/config.hpp"
#include "core/base/time.hpp"
#include "core/stages/instrument_directory.hpp"
#include "feeds/poller.hpp"

namespace tapeline::app {

/// Every enabled source, on the poller's own I/O; returns how many.
std::size_t add_configured_sources(const Config& config, feeds::Poller& poller);

/// The enabled sources that are asked over HTTP, or only the one that is named; returns how many.
std::size_t add_polled_sources(const Config& config, std::string_view only, feeds::Poller& poller);

/// Our names of native symbols, of all sources, enabled or not: a recording may be of any.
[[nodiscard]] std::vector<SymbolName> configured_names(const Config& config);

/// How long a source's bars stay open for stragglers; by SourceCode.
[[nodiscard]] std::array<Nanos, 256> configured_lateness(const Config& config);

/// Days and sessions of every instrument.
[[nodiscard]] Calendars configured_calendars(const Config& config);

}  // namespace tapeline::app
