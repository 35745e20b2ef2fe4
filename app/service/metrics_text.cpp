#include "app/service/metrics_text.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include "app/service/health.hpp"
#include "app/stage_options.hpp"
#include "app/version.hpp"

namespace tapeline::app {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// Writes families one after another: their help and type once, then their samples.
class Families {
 public:
  Families& counter(std::string_view name, std::string_view help) { return family(name, help, "counter"); }
  Families& gauge(std::string_view name, std::string_view help) { return family(name, help, "gauge"); }
  Families& histogram(std::string_view name, std::string_view help) { return family(name, help, "histogram"); }

  Families& sample(const Labels& labels, std::uint64_t value) {
    line(name_, labels, std::to_string(value));
    return *this;
  }
  Families& sample(const Labels& labels, double value) {
    line(name_, labels, fmt::format("{}", value));
    return *this;
  }
  void buckets(const Labels& labels, const LatencyView& view) {
    const auto seconds = [](std::uint64_t ns) { return fmt::format("{}", static_cast<double>(ns) / 1e9); };
    for (const auto& [edge_ns, count] : view.at_most) {
      Labels with_edge = labels;
      with_edge.emplace_back("le", seconds(edge_ns));
      line(name_ + "_bucket", with_edge, std::to_string(count));
    }
    Labels infinite = labels;
    infinite.emplace_back("le", "+Inf");
    line(name_ + "_bucket", infinite, std::to_string(view.count));
    line(name_ + "_sum", labels, seconds(view.sum_ns));
    line(name_ + "_count", labels, std::to_string(view.count));
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  Families& family(std::string_view name, std::string_view help, std::string_view type) {
    name_ = fmt::format("tapeline_{}", name);
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
    return *this;
  }

  static std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
      if (c == '\\' || c == '"') text += '\\';
      if (c == '\n') {
        text += "\\n";
      } else {
        text += c;
      }
    }
    return text;
  }

  void line(std::string_view name, const Labels& labels, std::string_view value) {
    text_ += name;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      text_ += fmt::format("{}{}=\"{}\"", i == 0 ? "{" : ",", labels[i].first, escaped(labels[i].second));
    }
    text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
  }

  std::string name_;
  std::string text_;
};

void add_flow(Families& out, const LaneStats& stats) {
  out.counter("frames_total", "Messages received and journaled.").sample({}, stats.frames);
  out.counter("frame_bytes_total", "Bytes of the messages received.").sample({}, stats.bytes);
  out.counter("frames_lost_total", "Messages that the journal refused.").sample({}, stats.frames_refused);
  out.counter("journal_skipped_total", "Damaged stretches of the journal that were passed over.")
      .sample({}, stats.journal_skipped);
  out.counter("frames_ignored_total", "Messages that carry no data, by kind.");
  for (const auto& [kind, count] : stats.ignored) out.sample({{"kind", kind}}, count);
  out.counter("ticks_total", "Ticks accepted.").sample({}, stats.ticks);
  out.counter("bars_total", "Bars closed, by origin.");
  out.sample({{"origin", "ticks"}}, stats.bars - std::min(stats.bars, stats.source_bars));
  out.sample({{"origin", "source"}}, stats.source_bars);
  out.counter("signals_total", "Changes of a signal.").sample({}, stats.signals);
  out.counter("alerts_total", "Alerts fired.").sample({}, stats.alerts);
  out.counter("late_ticks_total", "Ticks that came after their bar had closed.").sample({}, stats.late);
  out.counter("sequence_gaps_total", "Holes in trade ids.").sample({}, stats.gaps);
  out.counter("quality_events_total", "Rejects, flags and refusals, by kind and reason.");
  for (const QualityCount& quality : stats.quality) {
    out.sample({{"kind", to_string(quality.kind)}, {"reason", to_string(quality.reason)}}, quality.count);
  }
  out.gauge("instruments", "Instruments seen.").sample({}, stats.instruments);
}

void add_stages(Families& out, const LaneStats& stats) {
  out.counter("stage_items_total", "What a stage has worked off.");
  for (const StageWork& stage : stats.stages) out.sample({{"stage", stage.name}}, stage.items);
  out.counter("stage_polls_total", "How often a stage was asked to work.");
  for (const StageWork& stage : stats.stages) out.sample({{"stage", stage.name}}, stage.polls);
  out.counter("stage_busy_polls_total", "How often it had something to do; over all polls: its busy fraction.");
  for (const StageWork& stage : stats.stages) out.sample({{"stage", stage.name}}, stage.busy_polls);
  out.gauge("ring_depth", "Records that wait in a ring.");
  for (const LinkDepth& link : stats.links) out.sample({{"ring", link.name}}, std::uint64_t{link.depth});
  out.gauge("ring_capacity", "Records that fit into a ring.");
  for (const LinkDepth& link : stats.links) out.sample({{"ring", link.name}}, std::uint64_t{link.capacity});
  out.histogram("latency_seconds", "From a frame's arrival to what came of it.");
  for (const LatencyView& view : stats.latencies) out.buckets({{"path", view.path}}, view);
}

void add_sources(Families& out, const LaneStats& stats) {
  const auto each = [&](auto value) {
    for (const feeds::SourceStatus& source : stats.sources) out.sample({{"source", source.name}}, value(source));
  };
  out.gauge("source_up", "1 while a source delivers.");
  each([](const feeds::SourceStatus& source) { return std::uint64_t{is_delivering(source)}; });
  out.counter("source_frames_total", "Messages of a source.");
  each([](const feeds::SourceStatus& source) { return source.frames; });
  out.counter("source_bytes_total", "Bytes of a source.");
  each([](const feeds::SourceStatus& source) { return source.bytes; });
  out.counter("source_errors_total", "Failed connections and requests of a source.");
  each([](const feeds::SourceStatus& source) { return source.errors; });
  out.counter("source_reconnects_total", "Connections made anew.");
  each([](const feeds::SourceStatus& source) { return source.reconnects; });
  out.counter("source_gaps_total", "Holes in the trade ids of a stream, each on record in quality_event.");
  each([](const feeds::SourceStatus& source) { return source.gaps; });
  out.counter("source_backfilled_trades_total", "Trades that came by REST in place of those a stream missed.");
  each([](const feeds::SourceStatus& source) { return source.backfilled; });
  out.counter("source_repeated_messages_total", "Messages that came over two connections; journaled once.");
  each([](const feeds::SourceStatus& source) { return source.repeated; });
  out.gauge("source_troubled_symbols", "Symbols that a stream refuses, or that have gone silent; the first few.");
  each([](const feeds::SourceStatus& source) { return static_cast<double>(source.troubles.size()); });
  out.counter("source_rounds_total", "Rounds of a polled source.");
  each([](const feeds::SourceStatus& source) { return source.rounds; });
  out.gauge("source_quota_left",
            "Requests that a source's quota still allows in these 24 hours; 0 also where there is none.");
  each([](const feeds::SourceStatus& source) { return static_cast<double>(source.quota_left); });
  out.gauge("source_unknown_symbols", "Symbols that a source does not know.");
  each([](const feeds::SourceStatus& source) { return static_cast<double>(source.unknown_symbols.size()); });
  out.gauge("source_last_frame_timestamp_seconds", "When a source was last heard of; 0: not yet.");
  each([](const feeds::SourceStatus& source) { return static_cast<double>(source.last_frame_ns) / 1e9; });
}

void add_sinks(Families& out, const LaneStats& stats) {
  out.gauge("sink_up", "1 while a sink takes what it is given.");
  for (const SinkState& sink : stats.sinks) out.sample({{"sink", sink.name}}, std::uint64_t{sink.is_healthy});
  out.counter("rows_committed_total", "Rows that PostgreSQL has committed.").sample({}, stats.rows_committed);
  out.counter("rows_quarantined_total", "Rows that PostgreSQL refused; they are in quarantined_row.")
      .sample({}, stats.rows_quarantined);
  out.counter("batches_committed_total", "Transactions that PostgreSQL has committed.").sample({}, stats.batches);
  out.counter("commit_retries_total", "Batches that were sent again.").sample({}, stats.commit_retries);
  out.gauge("alerts_waiting", "Alerts that Redis has yet to get.").sample({}, stats.alerts_waiting);
  out.counter("alerts_given_up_total", "Alerts that Redis was away for too long to get; they are in fact_alert.")
      .sample({}, stats.alerts_given_up);
  const std::uint64_t stored = std::min(stats.checkpoint, stats.journal_position);
  out.gauge("commit_lag_bytes", "Journal that is not yet committed.")
      .sample({}, stats.checkpoint == 0 ? std::uint64_t{0} : stats.journal_position - stored);
  out.gauge("journal_position_bytes", "End of the journal.").sample({}, stats.journal_position);
}

void add_journal(Families& out, const JournalUsage& journal) {
  if (journal.limit_bytes == 0) return;  // a journal that is only read
  out.gauge("journal_disk_bytes", "What the journal takes on its disk.").sample({}, journal.disk_bytes);
  out.gauge("journal_limit_bytes", "What it may take: its budget, or what the disk has.")
      .sample({}, journal.limit_bytes);
  out.gauge("journal_headroom_bytes", "What is left of that.").sample({}, journal.headroom_bytes());
  out.gauge("journal_first_position_bytes", "Oldest position that is kept.").sample({}, journal.first_position);
  out.gauge("journal_oldest_timestamp_seconds", "When the oldest closed segment was written; 0: none is closed.")
      .sample({}, static_cast<double>(journal.oldest_written_ns) / 1e9);
  out.gauge("journal_segments", "Segments, by form.");
  out.sample({{"form", "plain"}}, std::uint64_t{journal.segments - journal.compressed_segments});
  out.sample({{"form", "zstd"}}, std::uint64_t{journal.compressed_segments});
  out.counter("journal_segments_deleted_total", "Segments deleted: over the limits, or needed and over the budget.");
  out.sample({{"reason", "retention"}}, journal.segments_trimmed);
  out.sample({{"reason", "budget"}}, journal.segments_dropped);
}

/// How late the newest of what a source sent was: from its stamp to its arrival here.
void add_lag(Families& out, std::span<const BoardLine> symbols) {
  std::map<std::string, const Latest*> newest;
  for (const BoardLine& line : symbols) {
    if (!line.has_value) continue;
    const Latest*& of_source = newest[source_name(line.source)];
    if (of_source == nullptr || line.latest.receive_ns > of_source->receive_ns) of_source = &line.latest;
  }
  out.gauge("source_lag_seconds", "From the stamp of a source's newest event to its arrival.");
  for (const auto& [source, latest] : newest) {
    out.sample({{"source", source}}, static_cast<double>(latest->receive_ns - latest->event_ns) / 1e9);
  }
}

void add_snapshots(Families& out, const LaneStats& stats) {
  const SnapshotStats& snapshots = stats.snapshots;
  if (!snapshots.is_enabled) return;
  out.counter("snapshots_total", "Snapshots of the state taken.").sample({}, snapshots.taken);
  out.counter("snapshot_failures_total", "Snapshots that could not be written.").sample({}, snapshots.failed);
  out.gauge("snapshot_timestamp_seconds", "When the last snapshot was taken; 0: there is none.")
      .sample({}, static_cast<double>(snapshots.taken_ns) / 1e9);
  out.gauge("snapshot_size_bytes", "Size of the last snapshot.").sample({}, snapshots.bytes);
  out.gauge("snapshot_duration_seconds", "How long the last snapshot took; 0: an earlier process took it.")
      .sample({}, static_cast<double>(snapshots.duration_ns) / 1e9);
  out.gauge("snapshot_position_bytes", "Position of the last snapshot in the journal.").sample({}, snapshots.position);
  out.gauge("replay_bytes", "Journal that a restart would replay.")
      .sample({}, stats.journal_position - std::min(stats.journal_position, snapshots.position));
}

void add_symbols(Families& out, std::span<const BoardLine> symbols) {
  out.gauge("symbol_last_event_timestamp_seconds", "Event time of an instrument's newest tick.");
  std::size_t shown = 0;
  for (const BoardLine& line : symbols) {
    if (!line.has_value || shown++ == metric_symbols_max) continue;
    out.sample({{"symbol", line.symbol}, {"source", source_name(line.source)}},
               static_cast<double>(line.latest.event_ns) / 1e9);
  }
}

void add_process(Families& out, const MetricsInput& input) {
  out.gauge("journal_disk_free_bytes", "Room on the journal's disk.").sample({}, input.journal_disk_free_bytes);
  out.gauge("build_info", "1; what runs, in its labels.")
      .sample({{"version", version}, {"lane", input.stats.lane}, {"configuration_hash", input.configuration_hash}},
              std::uint64_t{1});
  out.gauge("process_start_time_seconds", "When the process began.").sample({}, input.process.start_time_s);
  out.counter("process_cpu_seconds_total", "CPU time used.").sample({}, input.process.cpu_s);
  out.gauge("process_resident_memory_bytes", "Memory in use.").sample({}, input.process.resident_bytes);
  out.gauge("process_open_fds", "Open file descriptors.").sample({}, input.process.open_fds);
}

}  // namespace

ProcessStats read_process_stats() {
  ProcessStats stats;
  std::string text;
  std::getline(std::ifstream("/proc/self/stat"), text);
  // The name in brackets may hold anything; the numbers follow it.
  std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
  const std::vector<std::string> values{std::istream_iterator<std::string>(fields), {}};
  const auto number = [&](std::size_t field) {  // as proc(5) counts them; the first here is number 3
    return values.size() > field - 3 ? std::stod(values[field - 3]) : 0.0;
  };
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  stats.cpu_s = (number(14) + number(15)) / ticks_per_second;
  stats.resident_bytes = static_cast<std::uint64_t>(number(24)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  // The kernel counts from the boot; sandboxes hide /proc/stat, which has its time.
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const double age_s = static_cast<double>(since_boot.tv_sec) + static_cast<double>(since_boot.tv_nsec) / 1e9 -
                       number(22) / ticks_per_second;
  stats.start_time_s = static_cast<double>(wall_now_ns()) / 1e9 - age_s;
  if (DIR* const directory = opendir("/proc/self/fd")) {
    while (readdir(directory) != nullptr) ++stats.open_fds;
    closedir(directory);
    stats.open_fds -= std::min<std::uint64_t>(stats.open_fds, 3);  // ".", "..", and the directory itself
  }
  return stats;
}

std::string metrics_text(const MetricsInput& input) {
  Families out;
  add_flow(out, input.stats);
  add_stages(out, input.stats);
  add_sources(out, input.stats);
  add_sinks(out, input.stats);
  add_journal(out, input.stats.journal);
  add_lag(out, input.symbols);
  add_snapshots(out, input.stats);
  add_symbols(out, input.symbols);
  add_process(out, input);
  return out.take();
}

}  // namespace tapeline::app
