#include "app/service/health.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace tapeline::app {
namespace {

/// A frame that was lost is news for this long.
constexpr Nanos loss_is_news_ns = 60 * nanos_per_second;

}  // namespace

bool is_delivering(const feeds::SourceStatus& source) {
  const auto begins = [&](const char* word) { return source.state.starts_with(word); };
  return begins("streaming") || begins("polling") || begins("asking") || begins("read");
}

void HealthMonitor::observe(const LaneStats& stats, Nanos steady_ns) {
  HealthReport report{.is_alive = true, .is_ready = true, .reasons = {}};
  const auto not_ready = [&](std::string reason) {
    report.is_ready = false;
    report.reasons.push_back(std::move(reason));
  };
  stages_.resize(stats.stages.size());
  for (std::size_t i = 0; i < stats.stages.size(); ++i) {
    Progress& progress = stages_[i];
    if (progress.since_ns == 0 || progress.polls != stats.stages[i].polls) {
      progress = {stats.stages[i].polls, steady_ns};
    } else if (steady_ns - progress.since_ns > stall_ns) {
      report.is_alive = false;
      not_ready(fmt::format("stage {} has not gone round for {} s", stats.stages[i].name,
                            (steady_ns - progress.since_ns) / nanos_per_second));
    }
  }
  for (const feeds::SourceStatus& source : stats.sources) {
    if (!is_delivering(source)) report.reasons.push_back(fmt::format("source {}: {}", source.name, source.state));
  }
  const bool any_delivers = std::any_of(stats.sources.begin(), stats.sources.end(), is_delivering);
  if (!any_delivers && !stats.sources.empty()) not_ready("no source delivers");
  for (const SinkState& sink : stats.sinks) {
    if (!sink.is_healthy) not_ready(fmt::format("sink {}: {}", sink.name, sink.state));
  }
  if (!stats.journal_failure.empty())
    not_ready(fmt::format("the journal cannot be read on: {}", stats.journal_failure));
  if (stats.journal.is_near_full) {
    report.reasons.push_back(fmt::format("journal: {:.1f} of {:.1f} GB are taken{}",
                                         static_cast<double>(stats.journal.disk_bytes) / 1e9,
                                         static_cast<double>(stats.journal.limit_bytes) / 1e9,
                                         stats.journal.is_full ? ": no room for another segment" : ""));
  }
  if (stats.frames_refused > frames_lost_) {
    frames_lost_ = stats.frames_refused;
    frames_lost_at_ns_ = steady_ns;
  }
  if (frames_lost_ > 0 && steady_ns - frames_lost_at_ns_ < loss_is_news_ns) {
    not_ready(fmt::format("the journal refuses frames: {} lost", frames_lost_));
  }
  const std::lock_guard lock(mutex_);
  report_ = std::move(report);
}

HealthReport HealthMonitor::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace tapeline::app
