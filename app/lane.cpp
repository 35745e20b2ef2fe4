#include "app/lane.hpp"

#include <array>
#include <stdexcept>

#include "app/config/private_servers.hpp"
#include "app/journal_location.hpp"
#include "app/stage_options.hpp"
#include "app/version.hpp"
#include "sinks/postgres/migrate.hpp"

namespace tapeline::app {
namespace {

/// After a crash, alerts younger than this are published once more: their ids make a second delivery change nothing.
constexpr Nanos recover_alerts_ns = 3'600 * nanos_per_second;
constexpr JournalPosition beyond_every_position = ~JournalPosition{0};

JournalConfig journal_of(const Config& config, const LaneOptions& options) {
  JournalConfig journal = config.journal;
  journal.directory = journal_directory(config, options);
  return journal;
}

/// From 1 us to 10 s in steps of 1, 2 and 5, as power-of-two-and-a-bit buckets come closest to them.
constexpr std::array<std::uint64_t, 22> latency_edges_ns{
    1'000,       2'000,       5'000,         10'000,        20'000,        50'000,        100'000,    200'000,
    500'000,     1'000'000,   2'000'000,     5'000'000,     10'000'000,    20'000'000,    50'000'000, 100'000'000,
    200'000'000, 500'000'000, 1'000'000'000, 2'000'000'000, 5'000'000'000, 10'000'000'000};

LatencyView view_of(std::string path, const LatencyHistogram& histogram) {
  LatencyView view{std::move(path), histogram.count(), histogram.sum_ns(), {}};
  for (const std::uint64_t edge : latency_edges_ns) view.at_most.emplace_back(edge, histogram.count_at_most(edge));
  return view;
}

/// Hands latest values and alerts to the board that displays read.
class BoardSink final : public CacheSink {
 public:
  BoardSink(Board& board, const RowCatalog& catalog) : board_(board), catalog_(catalog) {}

  [[nodiscard]] SinkReadiness readiness() noexcept override { return SinkReadiness::ready; }
  void on_instrument(InstrumentIndex instrument, SourceCode source, const InstrumentRow& names) noexcept override {
    board_.set_instrument(instrument, source, names);
  }
  [[nodiscard]] std::size_t latest(std::span<const CachedLatest> changed) noexcept override {
    for (const CachedLatest& entry : changed) board_.set_latest(entry.instrument, entry.latest);
    return changed.size();
  }
  [[nodiscard]] std::size_t alerts(std::span<const CachedAlert> fired) noexcept override {
    for (const CachedAlert& entry : fired) board_.add_alert(entry.instrument, entry.alert, catalog_);
    return fired.size();
  }

 private:
  Board& board_;
  const RowCatalog& catalog_;
};

}  // namespace

std::string journal_directory(const Config& config, const LaneOptions& options) {
  return journal_root(config, options.var_directory) + "/" + options.name;
}

Lane::Lane(const Config& config, const LaneOptions& options, const AddSources& add_sources)
    : name_(options.name),
      drain_timeout_ns_(Nanos{config.runtime.drain_timeout_s} * nanos_per_second),
      catalog_(make_row_catalog(config.indicators, config.rules, options.configuration_hash)),
      journal_(std::make_unique<JournalWriter>(journal_of(config, options))),
      recovered_position_(journal_->end_position()) {
  const Links links = declare_links(topology_, config.runtime);
  if (journal_->bytes_truncated() > 0) {
    operations_.tell(Severity::warning, "journal",
                     "cut " + std::to_string(journal_->bytes_truncated()) + " bytes of a torn record at its end");
  }
  const feeds::Poller::Options poller_options{
      .clock_interval_ns = options.is_recording ? 0 : Nanos{config.runtime.clock_interval_ms} * nanos_per_millisecond};
  poller_ = std::make_unique<feeds::Poller>(poller_options, *journal_, links.marks, operations_);
  add_sources(*poller_);
  assemble(config, options, links, journal_of(config, options), *poller_);
}

Lane::Lane(const Config& config, const LaneOptions& options, const JournalExtent& journal)
    : name_(options.name),
      drain_timeout_ns_(Nanos{config.runtime.drain_timeout_s} * nanos_per_second),
      catalog_(make_row_catalog(config.indicators, config.rules, options.configuration_hash)),
      journal_end_(journal.end_position) {
  const Links links = declare_links(topology_, config.runtime);
  player_ = std::make_unique<JournalPlayer>(journal.end_position, links.marks);
  assemble(config, options, links, journal.config, *player_);
}

void Lane::assemble(const Config& config, const LaneOptions& options, const Links& links, const JournalConfig& journal,
                    Stage& input) {
  open_sinks(config, options, links);
  if (journal_ && !options.is_recording) require_journal_of_database();
  parser_ = std::make_unique<Parser>(parser_options(config, journal), links.marks, links.events, operations_);

  Kernels::Options kernels = kernels_options(config, catalog_);
  kernels.output.stored_position = stored_position_;
  // A recording's stamps are not ours: nothing of it counts as live, and all of its alerts are told.
  kernels.output.live_position = options.is_recording ? beyond_every_position : recovered_position_;
  kernels.output.recover_alerts_ns = options.is_recording ? 0 : wall_now_ns() - recover_alerts_ns;
  kernels_ = std::make_unique<Kernels>(std::move(kernels), links.events, links.rows, links.updates);

  Stage& writer = postgres_ ? static_cast<Stage&>(*postgres_) : *null_writer_;
  const std::vector<int> cpus = usable_cpus();
  declare_stages(topology_, links, {input, *parser_, *kernels_, writer, *cache_}, config.runtime, cpus.size());
  plan_ = topology_.plan(cpus, config.runtime);
  runner_ = std::make_unique<Runner>(topology_, plan_);
}

Lane::~Lane() = default;

void Lane::open_sinks(const Config& config, const LaneOptions& options, const Links& links) {
  const bool wanted = options.sinks == SinkChoice::configured;
  if (wanted && config.postgres.enabled) {
    const Secret dsn = resolve_postgres(config.postgres, options.var_directory);
    for (const std::string& applied : sinks::postgres::migrate(dsn, config.postgres.call_timeout_ms)) {
      operations_.tell(Severity::info, "writer", "applied migration " + applied);
    }
    postgres_ = std::make_unique<sinks::postgres::Writer>(
        sinks::postgres::Writer::Options{config.postgres, dsn, options.name, catalog_, version, source_name},
        links.rows, operations_);
    stored_position_ = postgres_->open();
    if (!options.is_recording) postgres_->measure_from(wall_now_ns());
    if (options.is_recording) postgres_->measure_from(std::numeric_limits<Nanos>::max());
  } else {
    null_writer_ = std::make_unique<NullWriter>(links.rows);
  }
  std::vector<CacheSink*> cache_sinks;
  board_sink_ = std::make_unique<BoardSink>(board_, *catalog_);
  cache_sinks.push_back(board_sink_.get());
  if (options.observer != nullptr) cache_sinks.push_back(options.observer);
  if (wanted && config.redis.enabled) {
    sinks::redis::Config redis = config.redis;
    redis.address = resolve_redis(config.redis, options.var_directory);
    redis_ = std::make_unique<sinks::redis::Publisher>(
        redis,
        sinks::redis::Publisher::Surroundings{catalog_, source_name, [this](Severity severity, std::string text) {
                                                operations_.tell(severity, "redis", std::move(text));
                                              }});
    cache_sinks.push_back(redis_.get());
  }
  cache_ = std::make_unique<Cache>(links.updates, std::move(cache_sinks),
                                   Cache::Options{Nanos{config.redis.flush_interval_ms} * nanos_per_millisecond});
}

/// What the next frames are called must be new to the database: at positions that it has, they would pass for stored.
void Lane::require_journal_of_database() const {
  if (stored_position_ <= recovered_position_) return;
  throw std::runtime_error("the database is ahead of the journal: lane " + name_ + " is stored up to position " +
                           std::to_string(stored_position_) + ", and its journal ends at " +
                           std::to_string(recovered_position_) +
                           "; put the journal back if it was moved or lost its end, or go on under a new --lane");
}

void Lane::start() {
  started_ns_ = steady_now_ns();
  runner_->start();
}

void Lane::request_stop() noexcept {
  // A fenced writer takes nothing more: there is nobody to drain to.
  runner_->request_stop(fenced() ? 0 : drain_timeout_ns_);
}

bool Lane::join() { return runner_->join(); }

bool Lane::fenced() const { return postgres_ && postgres_->status().is_fenced; }

std::vector<SinkState> Lane::sink_states() const {
  std::vector<SinkState> states;
  if (postgres_) {
    const auto status = postgres_->status();
    states.push_back({"postgres", status.state, status.is_healthy});
  }
  if (redis_) {
    const auto status = redis_->status();
    const bool is_connected = status.state == sinks::redis::State::connected;
    const std::string reason = is_connected || status.last_error.empty() ? "" : ": " + status.last_error;
    states.push_back({"redis", sinks::redis::to_string(status.state) + reason, is_connected});
  }
  return states;
}

LaneStats Lane::stats() const {
  LaneStats stats;
  stats.lane = name_;
  stats.elapsed_s = static_cast<double>(steady_now_ns() - started_ns_) / 1e9;
  stats.frames = poller_ ? poller_->counts().frames.value() : parser_->counts().frames.value();
  stats.bytes = poller_ ? poller_->counts().bytes.value() : parser_->counts().bytes.value();
  stats.frames_refused = poller_ ? poller_->counts().refused.value() : 0;
  const KernelsCounts& counts = kernels_->counts();
  stats.ticks = counts.ticks.value();
  stats.bars = counts.bars.value();
  stats.source_bars = counts.source_bars.value();
  stats.signals = counts.signals.value();
  stats.alerts = counts.alerts.value();
  stats.rejects = counts.rejects.value();
  stats.flags = counts.flags.value();
  stats.refusals = counts.refusals.value();
  stats.late = counts.late.value();
  stats.unchanged = counts.unchanged.value();
  stats.gaps = counts.gaps.value();
  stats.instruments = counts.instruments.value();
  for (const QualityKind kind : {QualityKind::reject, QualityKind::flag, QualityKind::refusal}) {
    for (std::size_t reason = 0; reason < reason_count; ++reason) {
      const std::uint64_t count = kernels_->quality_count(kind, static_cast<Reason>(reason));
      if (count > 0) stats.quality.push_back({kind, static_cast<Reason>(reason), count});
    }
  }
  stats.ignored = parser_->counts().ignored_by_kind();
  stats.journal_position = journal_ ? journal_->end_position() : journal_end_;
  stats.journal_recovered = recovered_position_;
  const LatencyHistogram& computed = counts.received_to_computed;
  stats.latency_count = computed.count();
  stats.latency_p50_ns = computed.quantile_ns(0.5);
  stats.latency_p99_ns = computed.quantile_ns(0.99);
  stats.latency_p999_ns = computed.quantile_ns(0.999);
  stats.latency_max_ns = computed.max_ns();
  if (postgres_) {
    const auto status = postgres_->status();
    stats.rows_committed = status.rows_committed;
    stats.batches = status.batches;
    stats.checkpoint = status.checkpoint;
    stats.commit_retries = status.retries;
    stats.latencies.push_back(view_of("received_to_committed", postgres_->received_to_committed()));
    stats.commit_p50_ns = postgres_->received_to_committed().quantile_ns(0.5);
    stats.commit_p99_ns = postgres_->received_to_committed().quantile_ns(0.99);
  }
  stats.latencies.push_back(view_of("received_to_computed", computed));
  for (std::size_t i = 0; i < topology_.stages().size(); ++i) {
    stats.stages.push_back({std::string(topology_.stages()[i].stage->name()), runner_->polls(i).value(),
                            runner_->busy_polls(i).value(), runner_->items(i).value()});
  }
  for (const Topology::Link& link : topology_.links())
    stats.links.push_back({link.name, link.depth(link.ring), link.options.capacity});
  stats.sinks = sink_states();
  if (poller_) stats.sources = poller_->statuses();
  return stats;
}

}  // namespace tapeline::app
