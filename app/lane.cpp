#include "app/lane.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "app/config/private_servers.hpp"
#include "app/journal_location.hpp"
#include "app/stage_options.hpp"
#include "app/version.hpp"
#include "core/runtime/scheduling.hpp"
#include "core/snapshot/snapshot_store.hpp"
#include "core/stages/pipeline_state.hpp"
#include "sinks/postgres/migrate.hpp"
#include "sinks/postgres/server_away.hpp"

namespace tapeline::app {
namespace {

/// After a crash, alerts younger than this are published once more: their ids make a second delivery change nothing.
constexpr Nanos recover_alerts_ns = 3'600 * nanos_per_second;
constexpr JournalPosition beyond_every_position = ~JournalPosition{0};
constexpr Nanos database_retry_ns = nanos_per_second;

JournalConfig journal_of(const Config& config, const LaneOptions& options) {
  JournalConfig journal = config.journal;
  journal.directory = journal_directory(config, options);
  if (options.is_recording) {
    // Made again from the recording whenever it is wanted: there is nothing to keep.
    journal.compression = JournalCompression::none;
    journal.fsync = JournalFsync::none;
  }
  return journal;
}

/// From 1 us to 10 s in steps of 1, 2 and 5, as power-of-two-and-a-bit buckets come closest to them.
constexpr std::array<std::uint64_t, 22> latency_edges_ns{
    1'000,       2'000,       5'000,         10'000,        20'000,        50'000,        100'000,    200'000,
    500'000,     1'000'000,   2'000'000,     5'000'000,     10'000'000,    20'000'000,    50'000'000, 100'000'000,
    200'000'000, 500'000'000, 1'000'000'000, 2'000'000'000, 5'000'000'000, 10'000'000'000};

LatencyView view_of(std::string path, const LatencyHistogram& histogram) {
  LatencyView view{.path = std::move(path),
                   .count = histogram.count(),
                   .sum_ns = histogram.sum_ns(),
                   .p50_ns = histogram.quantile_ns(0.5),
                   .p99_ns = histogram.quantile_ns(0.99),
                   .p999_ns = histogram.quantile_ns(0.999),
                   .max_ns = histogram.max_ns(),
                   .at_most = {}};
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
      runtime_(config.runtime),
      catalog_(make_row_catalog(config.indicators, config.rules, options.configuration_hash)),
      journal_(std::make_unique<JournalWriter>(journal_of(config, options))),
      recovered_position_(journal_->end_position()) {
  const Links links = declare_links(topology_, config.runtime);
  if (journal_->bytes_truncated() > 0) {
    operations_.tell(Severity::warning, "journal",
                     "cut " + std::to_string(journal_->bytes_truncated()) +
                         " bytes of a torn record at its end, from position " +
                         std::to_string(journal_->truncated_position()) + " on");
  }
  const feeds::Poller::Options poller_options{
      .clock_interval_ns = options.is_recording ? 0 : Nanos{config.runtime.clock_interval_ms} * nanos_per_millisecond};
  poller_ = std::make_unique<feeds::Poller>(poller_options, *journal_, links.marks, operations_);
  add_sources(*poller_);
  if (!options.is_recording) poller_->resume_sources();
  keep_journal(config.snapshots.enabled && !options.is_recording);
  // A first start rather ends with the cure: who tries a configuration out wants to see its mistakes.
  const bool has_run_before = recovered_position_ > journal_->first_position();
  try {
    assemble(config, options, links, journal_of(config, options), *poller_);
  } catch (const sinks::postgres::ServerAway& away) {
    if (!options.waits_for_database || !has_run_before) throw;
    waiting_ = std::make_unique<Waiting>(Waiting{config, options, links});
    wait_for_database(away.what());
  }
}

Lane::Lane(const Config& config, const LaneOptions& options, const JournalExtent& journal)
    : name_(options.name),
      runtime_(config.runtime),
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
  restore(config, options, links, journal);

  Stage& writer = postgres_ ? static_cast<Stage&>(*postgres_) : *null_writer_;
  declare_stages(topology_, links, {input, *parser_, *kernels_, writer, *cache_}, config.runtime, cpus_);
  plan_ = topology_.plan(cpus_, config.runtime);
  runner_ = std::make_unique<Runner>(topology_, plan_);
  if (journal_ && !options.is_recording && config.snapshots.enabled) follow_with_snapshots(config, journal);
  is_assembled_.store(true, std::memory_order_release);  // (A)
}

void Lane::wait_for_database(std::string reason) {
  waiting_->retry_at_ns = steady_now_ns() + database_retry_ns;
  const std::lock_guard lock(waiting_mutex_);
  if (reason == waiting_reason_) return;
  waiting_reason_ = std::move(reason);
  operations_.tell(Severity::warning, "writer",
                   waiting_reason_ + "; the journal holds what comes, rows follow once PostgreSQL answers");
}

void Lane::advance() {
  if (!waiting_ || !intake_ || steady_now_ns() < waiting_->retry_at_ns) return;
  try {
    assemble(waiting_->config, waiting_->options, waiting_->links, journal_of(waiting_->config, waiting_->options),
             *poller_);
  } catch (const sinks::postgres::ServerAway& away) {
    return wait_for_database(away.what());
  }
  intake_.reset();
  waiting_.reset();
  operations_.tell(Severity::info, "writer", "PostgreSQL is there: rows follow from the journal");
  start_threads();
}

void Lane::restore(const Config& config, const LaneOptions& options, const Links& links, const JournalConfig& journal) {
  // A recording's stamps are not ours: nothing of it counts as live, and all of its alerts are told.
  const JournalPosition live_position = options.is_recording ? beyond_every_position : recovered_position_;
  const KernelOutput::Options output{.stored_position = stored_position_,
                                     .live_position = live_position,
                                     .recover_alerts_ns = options.is_recording ? 0 : wall_now_ns() - recover_alerts_ns,
                                     .alert_bell = &cache_->alert_bell()};
  const TellRecovery tell = [this](Severity severity, std::string text) {
    operations_.tell(severity, "recovery", std::move(text));
  };
  const bool comes_back = journal_ && !options.is_recording;
  for (;;) {
    if (comes_back) {
      recovery_ = plan_recovery(config, catalog_, journal,
                                {.journal_begin = journal_->first_position(),
                                 .journal_end = recovered_position_,
                                 .checkpoint = postgres_ ? stored_position_ : recovered_position_},
                                tell);
    }
    Parser::Options parser = parser_options(config, journal, recovery_.start_position);
    parser.live_position = live_position;
    if (journal_) parser.share = &journal_->share();
    parser_ = std::make_unique<Parser>(std::move(parser), links.marks, links.events, operations_);
    kernels_ =
        std::make_unique<Kernels>(kernels_options(config, catalog_, output), links.events, links.rows, links.updates);
    if (!recovery_.snapshot || restore_pipeline(recovery_.snapshot, *parser_, *kernels_)) return;
    discard_snapshot(recovery_, journal, tell);
    // What it has announced is void; nobody has seen it yet.
    links.rows.release(links.rows.peek().size());
    links.updates.release(links.updates.peek().size());
  }
}

void Lane::follow_with_snapshots(const Config& config, const JournalConfig& journal) {
  snapshots_ = std::make_unique<SnapshotThread>(
      config,
      SnapshotThread::Options{.journal = journal,
                              .recovery = std::exchange(recovery_, {}),
                              .free_cpus = cpus_beside_path(plan_, cpus_, config.runtime),
                              .settled = [this] { return settled_position(); }},
      operations_);
}

JournalPosition Lane::settled_position() {
  const JournalPosition computed = kernels_->position();
  return settled_.update({.computed = computed,
                          .stored = postgres_ ? postgres_->checkpoint() : computed,
                          .alerts_told = kernels_->alerts_told(),
                          .alerts_settled = cache_->alerts_settled()});
}

Lane::~Lane() = default;

void Lane::keep_journal(bool has_snapshots) {
  segment_supply_ = std::make_unique<SegmentSupply>(*journal_);
  const auto stored = [this]() -> JournalPosition {
    if (!is_assembled()) return 0;
    return postgres_ ? postgres_->status().checkpoint : parser_->counts().position.value();
  };
  std::function<JournalPosition()> restart;
  if (has_snapshots) {
    // Until there is a snapshot, only the whole journal gives the state back.
    restart = [journal = journal_->config().directory] { return oldest_needed_position(journal).value_or(0); };
  }
  journal_keeper_ = std::make_unique<JournalKeeper>(*journal_, operations_,
                                                    JournalKeeper::Needs{.stored = stored, .restart = restart});
}

void Lane::open_postgres(const Config& config, const LaneOptions& options, const Links& links) {
  using sinks::postgres::WhileStarting;
  const Secret dsn = resolve_postgres(config.postgres, options.var_directory);
  const auto while_starting = waiting_ ? WhileStarting::give_up : WhileStarting::wait;
  for (const std::string& applied : sinks::postgres::migrate(dsn, config.postgres.call_timeout_ms, while_starting)) {
    operations_.tell(Severity::info, "writer", "applied migration " + applied);
  }
  auto writer = std::make_unique<sinks::postgres::Writer>(
      sinks::postgres::Writer::Options{config.postgres, dsn, options.name, catalog_, version, source_name}, links.rows,
      operations_);
  stored_position_ = writer->open();
  writer->measure_from(options.is_recording ? std::numeric_limits<Nanos>::max() : wall_now_ns());
  postgres_ = std::move(writer);
}

void Lane::open_sinks(const Config& config, const LaneOptions& options, const Links& links) {
  const bool wanted = options.sinks == SinkChoice::configured;
  if (wanted && config.postgres.enabled) {
    open_postgres(config, options, links);
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
  cache_ = std::make_unique<Cache>(
      links.updates, std::move(cache_sinks),
      Cache::Options{.flush_interval_ns = Nanos{config.redis.flush_interval_ms} * nanos_per_millisecond,
                     .alerts_waiting_max = config.redis.alerts_waiting_max,
                     .told_again_within_ns = recover_alerts_ns,
                     .measure_from_ns = options.is_recording ? std::numeric_limits<Nanos>::max() : wall_now_ns()});
}

/// What the next frames are called must be new to the database: at positions that it has, they would pass for stored.
void Lane::require_journal_of_database() {
  if (stored_position_ != 0 && stored_position_ < journal_->first_position()) {
    operations_.tell(Severity::critical, "journal",
                     "lane " + name_ + " is stored up to position " + std::to_string(stored_position_) +
                         ", and its journal begins at " + std::to_string(journal_->first_position()) +
                         ": what lay between was deleted and is lost");
  }
  if (stored_position_ <= recovered_position_) return;
  throw std::runtime_error("the database is ahead of the journal: lane " + name_ + " is stored up to position " +
                           std::to_string(stored_position_) + ", and its journal ends at " +
                           std::to_string(recovered_position_) +
                           "; put the journal back if it was moved or lost its end, or go on under a new --lane");
}

void Lane::start() {
  started_ns_.store(steady_now_ns(), std::memory_order_relaxed);
  if (waiting_) {
    intake_.emplace(*poller_);
    return;
  }
  start_threads();
}

void Lane::start_threads() {
  if (runtime_.lock_memory) {
    if (std::string refusal = lock_memory(); !refusal.empty())
      operations_.tell(Severity::warning, "runtime", std::move(refusal));
  }
  if (runtime_.awake_cpus && !awake_cpus_.emplace().refusal().empty())
    operations_.tell(Severity::warning, "runtime", awake_cpus_->refusal());
  for (std::string& refusal : runner_->start()) operations_.tell(Severity::warning, "runtime", std::move(refusal));
  if (snapshots_) snapshots_->start();
}

void Lane::request_stop() noexcept {
  if (waiting_) {
    if (!intake_) return;
    intake_.reset();
    static_cast<void>(poller_->drained());  // the sources end, and the journal says so
    return;
  }
  // A writer that is over takes nothing more: there is nobody to drain to.
  const bool is_over = fenced() || rolled_back() || !sync_failure().empty();
  runner_->request_stop(is_over ? 0 : Nanos{runtime_.drain_timeout_s} * nanos_per_second);
}

bool Lane::join() {
  const bool has_drained = !waiting_ && runner_->join();
  if (const std::uint64_t left = is_assembled() ? cache_->alerts_waiting() : 0; left > 0) {
    operations_.tell(
        Severity::critical, "redis",
        std::to_string(left) +
            " alerts were not delivered to Redis: a start tells those of the hour before it again; fact_alert "
            "has all of them");
  }
  if (snapshots_) snapshots_->stop();
  if (journal_keeper_) journal_keeper_->stop();  // now: what its last sync meets is told yet
  return has_drained;
}

bool Lane::fenced() const { return postgres_ && postgres_->status().is_fenced; }
bool Lane::rolled_back() const { return postgres_ && postgres_->status().is_rolled_back; }
std::string Lane::sync_failure() const { return journal_ ? journal_->sync_failure() : std::string(); }
std::string Lane::journal_failure() const { return is_assembled() ? parser_->failure() : std::string(); }

std::string Lane::describe() const {
  return waiting_ ? "the poller alone, until PostgreSQL answers\n" : cpus_.describe() + topology_.describe(plan_);
}

std::vector<SinkState> Lane::sink_states() const {
  std::vector<SinkState> states;
  if (!is_assembled()) {
    const std::lock_guard lock(waiting_mutex_);
    if (!waiting_reason_.empty()) states.push_back({"postgres", "waited for: " + waiting_reason_, false});
    return states;
  }
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
  stats.elapsed_s = static_cast<double>(steady_now_ns() - started_ns_.load(std::memory_order_relaxed)) / 1e9;
  stats.frames = poller_ ? poller_->counts().frames.value() : parser_->counts().frames.value();
  stats.bytes = poller_ ? poller_->counts().bytes.value() : parser_->counts().bytes.value();
  stats.frames_refused = poller_ ? poller_->counts().refused.value() : 0;
  stats.journal_position = journal_ ? journal_->end_position() : journal_end_;
  stats.journal_recovered = recovered_position_;
  if (journal_keeper_) stats.journal = journal_keeper_->usage();
  stats.sinks = sink_states();
  if (poller_) stats.sources = poller_->statuses();
  if (!is_assembled()) return stats;
  stats.journal_failure = journal_failure();
  stats.journal_skipped = parser_->counts().corrupt.value();
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
  const LatencyHistogram& computed = counts.received_to_computed;
  stats.latency_count = computed.count();
  stats.latency_p50_ns = computed.quantile_ns(0.5);
  stats.latency_p99_ns = computed.quantile_ns(0.99);
  stats.latency_p999_ns = computed.quantile_ns(0.999);
  stats.latency_max_ns = computed.max_ns();
  if (postgres_) {
    const auto status = postgres_->status();
    stats.rows_committed = status.rows_committed;
    stats.rows_quarantined = status.rows_quarantined;
    stats.batches = status.batches;
    stats.checkpoint = status.checkpoint;
    stats.commit_retries = status.retries;
    stats.commit_p50_ns = postgres_->received_to_committed().quantile_ns(0.5);
    stats.commit_p99_ns = postgres_->received_to_committed().quantile_ns(0.99);
  }
  stats.alerts_waiting = cache_->alerts_waiting();
  if (redis_) stats.alerts_given_up = redis_->status().alerts_given_up;
  if (snapshots_) stats.snapshots = snapshots_->stats();
  // In the order of a frame's life.
  stats.latencies.push_back(view_of("received_to_parsed", parser_->counts().received_to_parsed));
  stats.latencies.push_back(view_of("received_to_computed", computed));
  stats.latencies.push_back(view_of("received_to_alerted", cache_->received_to_alerted()));
  if (postgres_) stats.latencies.push_back(view_of("received_to_committed", postgres_->received_to_committed()));
  for (std::size_t i = 0; i < topology_.stages().size(); ++i) {
    stats.stages.push_back({std::string(topology_.stages()[i].stage->name()), runner_->polls(i).value(),
                            runner_->busy_polls(i).value(), runner_->items(i).value()});
  }
  for (const Topology::Link& link : topology_.links())
    stats.links.push_back({link.name, link.depth(link.ring), link.options.capacity});
  return stats;
}

}  // namespace tapeline::app
