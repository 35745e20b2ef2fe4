#include "app/journal_location.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

#include "core/journal/segment.hpp"

namespace tapeline::app {

std::string journal_root(const Config& config, const std::string& var_directory) {
  return config.journal.directory.empty() ? var_directory + "/journal" : config.journal.directory;
}

std::vector<std::string> lanes_with_journal(const std::string& root) {
  std::vector<std::string> lanes;
  std::error_code not_there;
  for (const auto& entry : std::filesystem::directory_iterator(root, not_there)) {
    if (!list_segments(entry.path().string()).empty()) lanes.push_back(entry.path().filename().string());
  }
  std::sort(lanes.begin(), lanes.end());
  return lanes;
}

JournalLocation locate_journal(const std::string& root, const std::string& lane_or_directory) {
  if (is_lane_name(lane_or_directory)) {
    const std::string directory = root + "/" + lane_or_directory;
    if (!list_segments(directory).empty()) return {lane_or_directory, directory};
  }
  if (!list_segments(lane_or_directory).empty()) {
    const auto directory = std::filesystem::weakly_canonical(lane_or_directory);
    return {directory.filename().string(), directory.string()};
  }
  const std::vector<std::string> lanes = lanes_with_journal(root);
  throw std::runtime_error(fmt::format("no journal of \"{}\": {} {}", lane_or_directory, root,
                                       lanes.empty() ? "holds none; `tapeline run` makes one"
                                                     : fmt::format("holds those of: {}", fmt::join(lanes, ", "))));
}

}  // namespace tapeline::app
