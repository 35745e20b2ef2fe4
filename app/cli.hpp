// The command line: one binary, one sub-command for each thing that a user does.
#pragma once

namespace tapeline::app {

/// Exit status: 0 ok, 1 a failure at run time, 2 wrong usage or configuration, 3 fenced by another writer. Never
/// throws.
[[nodiscard]] int run_command_line(int argc, const char* const* argv) noexcept;

}  // namespace tapeline::app
