// Where journals lie: one folder a lane, below <var>/journal or journal.directory.
#pragma once

#include <string>
#include <vector>

#include "app/config/config.hpp"

namespace tapeline::app {

/// The folder of all lanes' journals.
[[nodiscard]] std::string journal_root(const Config& config, const std::string& var_directory);

/// Lanes that have a journal there, by name.
[[nodiscard]] std::vector<std::string> lanes_with_journal(const std::string& root);

struct JournalLocation {
  std::string lane;  // name of the folder
  std::string directory;
};

/// What a user calls a journal: a lane, or a directory. Throws std::runtime_error that tells the lanes there are.
[[nodiscard]] JournalLocation locate_journal(const std::string& root, const std::string& lane_or_directory);

}  // namespace tapeline::app
