// The command lines of `tapeline sources` and `tapeline symbols`.
#pragma once

namespace CLI {
class App;
}

namespace tapeline::app {

/// Each adds its command, which sets `status`.
void add_sources(CLI::App& cli, int& status);
void add_symbols(CLI::App& cli, int& status);

}  // namespace tapeline::app
