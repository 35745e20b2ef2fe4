// `tapeline journal show | list | verify`: what a lane's journal holds, down to the very bytes. Only reads; the lane may
// be running.
#pragma once

#include <string>

#include "core/model/frame.hpp"

namespace tapeline::app {

struct JournalShowOptions {
  std::string config_file;
  std::string lane;              // or a directory; empty: the configuration's lane
  JournalPosition position = 0;  // of a frame, or inside one
  bool raw = false;              // exactly the payload's bytes, nothing else
};

/// Exit status: 0, 1 there is no such frame, or it is damaged.
[[nodiscard]] int run_journal_show(const JournalShowOptions& options);

[[nodiscard]] int run_journal_list(const std::string& config_file);

struct JournalVerifyOptions {
  std::string config_file;
  std::string lane;  // or a directory; empty: every lane
};

/// Exit status: 0, 1 some record cannot be read.
[[nodiscard]] int run_journal_verify(const JournalVerifyOptions& options);

}  // namespace tapeline::app
