#include "app/lane.hpp"

#include <stdexcept>

#include "app/lane_sources.hpp"
#include "app/version.hpp"
#include "feeds/registry.hpp"

namespace tapeline::app {
namespace {

/// After a crash, alerts younger than this are published once more: their ids make a second delivery change nothing.
constexpr Nanos recover_alerts_ns = 3'600 * nanos_per_second;

JournalConfig journal_of(const Config& config, const LaneOptions& options) {
  JournalConfig journal = config.journal;
  journal.directory = journal_directory(config, options);
  return journal;
}

}  // namespace

std::string journal_directory(const Config& config, const LaneOptions& options) {
  const std::string& root = config.journal.directory;
  return (root.empty() ? options.var_directory + "/journal" : root) + "/" + options.name;
}

}  // namespace tapeline::app
