// A job as it is run: its steps, each with its times.
//
// Threads   Immutable once made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/schedule/config.hpp"
#include "app/schedule/cron.hpp"

namespace tapeline::app {

enum class Action : std::uint8_t { fetch, database_update, overnight_changes, signals, significant_moves, quality };
[[nodiscard]] std::string_view to_string(Action action) noexcept;
[[nodiscard]] std::optional<Action> parse_action(std::string_view text) noexcept;
[[nodiscard]] std::vector<std::string> action_names();

struct Step {
  Action action;
  Cron cron;
};

struct Job {
  std::string name;
  std::shared_ptr<const TradingCalendar> zone;
  SessionDays days;
  Missed missed;
  Nanos catch_up_ns;
  std::vector<Step> steps;

  /// Throws std::invalid_argument for a step, a zone, a calendar or a day that is none, with a cure.
  explicit Job(const JobConfig& config);

  /// The session an instant belongs to: its day, or the last session before it.
  [[nodiscard]] std::chrono::sys_days session_at(Nanos time_ns) const;
  /// When the session before `session` closed.
  [[nodiscard]] Nanos previous_close(std::chrono::sys_days session) const;
  /// The time of `step` on that day: the last one not after `now_ns`, else the first; nullopt: none on that day.
  [[nodiscard]] std::optional<Nanos> time_on(const Step& step, std::chrono::sys_days day, Nanos now_ns) const;
};

}  // namespace tapeline::app
