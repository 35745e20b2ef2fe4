// What SIGINT, SIGTERM and SIGHUP ask of a command, from its first moment on: a signal during start-up is not lost.
//
// Threads   One, the command's; handlers only set flags.
#pragma once

namespace tapeline::app {

/// While one lives, the first SIGINT or SIGTERM asks for the end and the second ends the process at once: the journal has
/// everything that matters. Where one lives already, another one changes nothing.
class Signals {
 public:
  /// `may_reload`: SIGHUP asks for a reload, else for the end.
  explicit Signals(bool may_reload);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] bool ask_for_end() const noexcept;
  /// Once for each time that it was asked for.
  [[nodiscard]] bool take_reload() const noexcept;
};

}  // namespace tapeline::app
