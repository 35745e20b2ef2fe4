#include "app/commands/control.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "app/commands/signals.hpp"
#include "app/log.hpp"
#include "app/output_thread.hpp"
#include "app/service/health.hpp"
#include "app/service/supervisor.hpp"
#include "app/summary.hpp"
#include "app/view/terminal_view.hpp"
#include "core/runtime/idle.hpp"

namespace tapeline::app {
namespace {

constexpr Nanos tick_ns = 50 * nanos_per_millisecond;
constexpr Nanos redraw_ns = 250 * nanos_per_millisecond;
constexpr Nanos progress_ns = 5 * nanos_per_second;

std::string progress_text(const LaneStats& stats) {
  std::string sinks;
  for (const feeds::SourceStatus& source : stats.sources) {
    if (!is_delivering(source) && source.state != "connecting")
      sinks += fmt::format("  {} {}", source.name, source.state);
  }
  for (const SinkState& sink : stats.sinks) sinks += fmt::format("  {} {}", sink.name, sink.state);
  return fmt::format("{:.0f} s  frames {}  ticks {}  bars {}  alerts {}  rows committed {}  rejects {}{}",
                     stats.elapsed_s, stats.frames, stats.ticks, stats.bars, stats.alerts, stats.rows_committed,
                     stats.rejects, sinks);
}

void complain(const std::string& text) {
  standard_error().write("tapeline: " + text + '\n');
  standard_error().flush();
}

/// Shows what goes on: on the terminal view, else as log lines.
class Reporter {
 public:
  Reporter(Lane& lane, const ControlOptions& options) : lane_(lane), log_(options.log), display_(options.display) {
    if (display_ == Display::automatic && terminal_can_show_view()) {
      view_ = std::make_unique<TerminalView>();
    } else if (display_ != Display::none) {
      log_.write(Severity::info, "lane", "threads and links:\n" + lane_.describe());
    }
  }

  void step(Nanos now_ns) {
    OperationsEvent event;
    while (lane_.operations().take(event)) {
      if (view_) {
        view_->note(event);
      } else if (display_ != Display::none || event.severity != Severity::info) {
        log_.write(event.severity, event.stage, event.text);
      }
    }
    if (view_ && now_ns >= next_draw_ns_) {
      next_draw_ns_ = now_ns + redraw_ns;
      view_->draw(lane_.stats(), lane_.board());
    }
    if (!view_ && display_ != Display::none && now_ns >= next_progress_ns_) {
      if (next_progress_ns_ != 0) log_.write(Severity::info, "lane", progress_text(lane_.stats()));
      next_progress_ns_ = now_ns + progress_ns;
    }
  }

  /// Leaves the view, so that the summary stays on the user's own screen, behind all that was logged.
  void end() {
    view_.reset();
    standard_error().flush();
  }

 private:
  Lane& lane_;
  Log log_;
  Display display_;
  std::unique_ptr<TerminalView> view_;
  Nanos next_draw_ns_ = 0;
  Nanos next_progress_ns_ = 0;
};

}  // namespace

int control(Lane& lane, const ControlOptions& options) {
  const Signals signals(static_cast<bool>(options.wants_reload));
  bool is_reload = false;
  Reporter reporter(lane, options);
  Supervisor supervisor;
  lane.start();
  const Nanos started_ns = steady_now_ns();
  const auto round_is_done = [&] {
    const auto sources = lane.stats().sources;
    return !sources.empty() &&
           std::all_of(sources.begin(), sources.end(), [](const auto& source) { return source.rounds > 0; });
  };
  const auto is_over = [&](Nanos now_ns) {
    return signals.ask_for_end() || is_reload || lane.fenced() || lane.rolled_back() || !lane.sync_failure().empty() ||
           (options.until_exhausted && (lane.exhausted() || !lane.journal_failure().empty())) ||
           (options.until_round_done && round_is_done()) || (options.until && options.until()) ||
           (options.for_seconds && static_cast<double>(now_ns - started_ns) / 1e9 >= *options.for_seconds);
  };
  for (Nanos now_ns = steady_now_ns(); !is_over(now_ns); now_ns = steady_now_ns()) {
    reporter.step(now_ns);
    if (options.service != nullptr) {
      options.service->observe(now_ns);
      supervisor.tell(options.service->health(), now_ns);
    }
    lane.advance();
    if (signals.take_reload()) is_reload = options.wants_reload();
    sleep_for(options.until_exhausted ? tick_ns / 10 : tick_ns);
  }
  if (options.service != nullptr && !is_reload && !lane.rolled_back()) supervisor.tell_stopping();
  lane.request_stop();
  while (!lane.finished()) {
    if (lane.fenced() || lane.rolled_back() || !lane.sync_failure().empty()) lane.request_stop();
    reporter.step(steady_now_ns());
    sleep_for(tick_ns / 10);
  }
  const bool all_committed = lane.join();
  reporter.step(steady_now_ns());
  reporter.end();
  const LaneStats stats = lane.stats();
  const std::string sync_failure = lane.sync_failure();
  // What is not committed yet is in the journal, and follows.
  if (is_reload && sync_failure.empty() && !lane.fenced() && !signals.ask_for_end()) return ended_to_reload;
  if (lane.rolled_back() && sync_failure.empty() && options.wants_reload && !signals.ask_for_end())
    return ended_to_write_again;
  if (options.summary == Summary::json) standard_output().write(summary_json(stats) + '\n');
  if (options.summary == Summary::text) standard_output().write(summary_text(stats));
  standard_output().flush();
  bool is_complete = true;
  for (const auto& source : stats.sources) {
    if (!options.until_exhausted || source.last_error.empty()) continue;
    is_complete = false;
    complain(source.last_error + "; what came before is stored");
  }
  if (lane.fenced()) {
    complain(
        "the lane's checkpoint was moved by another hand: a second process on this lane, or a database that "
        "was put back; ended without writing. Give each process a lane of its own, then start again");
    return 3;
  }
  if (!sync_failure.empty()) {
    complain(sync_failure + "; what is there of it follows at the next start");
    return 1;
  }
  if (!stats.journal_failure.empty()) {
    complain("the journal cannot be read on: " + stats.journal_failure + "; what came before is stored");
    return 1;
  }
  if (!all_committed) {
    complain(std::string(lane.rolled_back() ? "the database has lost what it had acknowledged"
                                            : "not everything could be committed in time") +
             "; it is in the journal and follows at the next start");
    return 1;
  }
  return is_complete ? 0 : 1;
}

}  // namespace tapeline::app
