#include "sinks/postgres/writer.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <stdexcept>

#include "core/base/crash_point.hpp"
#include "sinks/postgres/migrate.hpp"
#include "sinks/postgres/text.hpp"
#include "sinks/postgres/tick_partition.hpp"

namespace tapeline::sinks::postgres {
namespace {

/// Reading a checkpoint waits this long for whoever holds it, before the holder is ended.
constexpr const char* session_settings =
    "set lock_timeout = '2s'; set client_min_messages = warning; set application_name = 'tapeline'";
constexpr const char* lock_not_available = "55P03";
constexpr const char* unique_violation = "23505";
constexpr int opening_tries = 5;  // to read a checkpoint that another session holds, each of twice the lock_timeout
constexpr std::size_t rows_per_poll = 4'096;

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Writer::Writer(Options options, SpscRing<Row>& rows, Operations& operations)
    : options_(std::move(options)),
      rows_(rows),
      operations_(operations),
      connection_(options_.dsn, options_.config.call_timeout_ms),
      batch_(options_.catalog) {}

JournalPosition Writer::open() {
  if (!connection_.open()) {
    throw std::runtime_error("cannot connect to PostgreSQL: " + connection_.error() +
                             "; start it (./dev up starts the private one) or mend postgres.dsn");
  }
  if (!prepare_session()) throw std::runtime_error("PostgreSQL: " + connection_.error());
  const auto applied = connection_.query("select version from schema_migrations");
  if (!applied)
    throw std::runtime_error("PostgreSQL: " + connection_.error() + "; `tapeline migrate` makes the tables");
  for (const Migration& migration : migrations()) {
    if (std::find(applied->begin(), applied->end(), Connection::Rows::value_type{std::string(migration.version)}) ==
        applied->end()) {
      throw std::runtime_error("PostgreSQL: the tables lack " + std::string(migration.version) +
                               "; `tapeline migrate` brings them up to date");
    }
  }
  // ON CONFLICT alone would spend a lane_id at every start: after 32,767 of them there would be none left.
  const auto made = connection_.query(
      "insert into lane_checkpoint (lane, configuration_hash) select $1, $2 "
      "where not exists (select from lane_checkpoint where lane = $1) on conflict (lane) do nothing",
      {options_.lane, options_.catalog->configuration_hash});
  if (!made) {
    throw std::runtime_error("PostgreSQL: " + connection_.error() +
                             "; the role must be allowed to write, or give `tapeline migrate` one that is");
  }
  const auto lane = connection_.query("select lane_id from lane_checkpoint where lane = $1", {options_.lane});
  if (!lane || lane->size() != 1)
    throw std::runtime_error("PostgreSQL: cannot read lane_checkpoint: " + connection_.error());
  lane_id_ = static_cast<std::int16_t>(number((*lane)[0][0]));
  // A predecessor that was killed may still be inside its commit: what it leaves is where we begin.
  auto position = settled_checkpoint();
  for (int tries = 1; !position && connection_.sql_state() == lock_not_available && tries < opening_tries; ++tries)
    position = settled_checkpoint();
  if (!position) {
    throw std::runtime_error("PostgreSQL: cannot read the checkpoint of lane " + options_.lane + ": " +
                             connection_.error() + "; end the session that holds it (pg_locks says which)");
  }
  checkpoint_ = *position;
  is_connected_ = true;
  set_state("writing", true, false);
  return checkpoint_;
}

WriterStatus Writer::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

void Writer::set_state(std::string state, bool is_healthy, bool is_fenced) {
  const std::lock_guard lock(status_mutex_);
  status_.state = std::move(state);
  status_.is_healthy = is_healthy;
  status_.is_fenced = is_fenced;
  status_.checkpoint = checkpoint_;
}

std::size_t Writer::poll() noexcept {
  if (is_fenced_) return 0;
  const std::size_t taken = batch_is_cut_ ? 0 : take_rows();
  if (!batch_is_cut_ && !batch_is_due()) return taken;
  batch_is_cut_ = true;
  if (steady_now_ns() < retry_at_ns_) return taken;
  return taken + (commit() ? 1 : 0);
}

bool Writer::drained() noexcept {
  if (is_fenced_) return false;
  if (rows_.peek().empty() && batch_.empty()) return true;
  if (!batch_.empty() && frame_has_ended_) {
    batch_is_cut_ = true;
    if (steady_now_ns() >= retry_at_ns_) static_cast<void>(commit());
  }
  return rows_.peek().empty() && batch_.empty();
}

std::size_t Writer::take_rows() {
  std::size_t taken = 0;
  for (const Row& row : rows_.peek().first(std::min(rows_.peek().size(), rows_per_poll))) {
    if (batch_.rows() >= options_.config.batch_rows_max && frame_has_ended_) {
      batch_is_cut_ = true;
      break;
    }
    if (row.kind == RowKind::instrument && !register_instrument(row)) break;
    if (row.end_position > checkpoint_ && row.kind != RowKind::instrument) {
      if (batch_.empty()) batch_begun_ns_ = steady_now_ns();
      const bool has_instrument = row.instrument < instruments_.size();
      batch_.add(row, has_instrument ? &instruments_[row.instrument] : nullptr, lane_id_);
    }
    frame_has_ended_ = row.ends_frame;
    ++taken;
  }
  rows_.release(taken);
  return taken;
}

bool Writer::batch_is_due() const noexcept {
  if (batch_.empty() || !frame_has_ended_) return false;
  return steady_now_ns() - batch_begun_ns_ >= Nanos{options_.config.batch_delay_ms_max} * nanos_per_millisecond;
}

bool Writer::register_instrument(const Row& row) {
  if (steady_now_ns() < retry_at_ns_) return false;
  if (!is_connected_ && !recover()) return false;
  const std::string source_id = std::to_string(static_cast<int>(row.source));
  const std::string native = storable_text(row.as_instrument.native_symbol);
  const std::string symbol = storable_text(row.as_instrument.symbol);
  const bool has_source = connection_
                              .query("insert into dim_source values ($1, $2) on conflict do nothing",
                                     {source_id, options_.source_name(row.source)})
                              .has_value();
  std::optional<Connection::Rows> rows;
  if (has_source) {
    // A name that the configuration has changed since is taken over; the id stays.
    rows = connection_.query(
        "with known as (select instrument_id from dim_instrument where source_id = $1 and native_symbol = $2), "
        "made as (insert into dim_instrument (symbol, source_id, native_symbol) select $3, $1, $2 "
        "where not exists (select from known) on conflict (source_id, native_symbol) do nothing returning "
        "instrument_id), "
        "renamed as (update dim_instrument set symbol = $3 where source_id = $1 and native_symbol = $2 and symbol <> "
        "$3) "
        "select instrument_id from known union all select instrument_id from made",
        {source_id, native, symbol});
  }
  if (!rows || rows->empty()) {
    trouble(rows ? "an instrument was registered by another session at the same moment" : connection_.error());
    return false;
  }
  if (instruments_.size() <= row.instrument) instruments_.resize(row.instrument + 1);
  instruments_[row.instrument] = {static_cast<std::int32_t>(number((*rows)[0][0])),
                                  static_cast<std::int16_t>(row.source), symbol};
  return true;
}

bool Writer::commit() {
  if (!is_connected_ && !recover()) return false;
  if (batch_.empty()) return true;  // recover() has found it committed
  pass_crash_point(CrashPoint::batch_built);
  bool is_stored = send(Keys::are_new);
  if (!is_stored && connection_.sql_state() == unique_violation) {
    is_stored = connection_.execute("rollback") && send(Keys::may_be_there);
  }
  if (is_stored) {
    committed();
  } else if (!is_fenced_) {
    trouble(connection_.error());
  }
  return is_stored;
}

bool Writer::send(Keys keys) {
  if (!make_partitions() || !connection_.execute("begin")) return false;
  for (Batch::Table& table : batch_.tables()) {
    if (table.rows.rows() > 0 && !copy_rows(table, keys)) return false;
  }
  pass_crash_point(CrashPoint::copy_end);
  return move_checkpoint();
}

bool Writer::copy_rows(Batch::Table& table, Keys keys) {
  if (keys == Keys::are_new || !table.has_key()) return connection_.copy(table.copy_sql(), table.rows.finish());
  return connection_.execute(table.stage_sql()) && connection_.copy(table.copy_to_stage_sql(), table.rows.finish()) &&
         connection_.execute(table.merge_sql());
}

bool Writer::make_partitions() {
  for (const std::int64_t day : batch_.tick_days()) {
    if (partitions_.contains(day)) continue;
    if (!make_tick_partition(connection_, day)) return false;
    partitions_.insert(day);
  }
  return true;
}

bool Writer::move_checkpoint() {
  const std::string lane = std::to_string(lane_id_);
  const std::string from = std::to_string(checkpoint_);
  const std::string to = std::to_string(batch_.end_position());
  if (batch_.rows() > 0 && !connection_.query("insert into audit_batch (lane_id, from_position, to_position, "
                                              "row_count, program_version, configuration_hash) "
                                              "values ($1, $2, $3, $4, $5, $6)",
                                              {lane, from, to, std::to_string(batch_.rows()), options_.program_version,
                                               options_.catalog->configuration_hash})) {
    return false;
  }
  const auto moved = connection_.query(
      "update lane_checkpoint set position = $3, configuration_hash = $4 where lane_id = $1 and position = $2 "
      "returning position",
      {lane, from, to, options_.catalog->configuration_hash});
  if (!moved) return false;
  if (moved->size() != 1) {
    static_cast<void>(connection_.execute("rollback"));
    fence("the checkpoint of lane " + options_.lane + " was moved by another writer");
    return false;
  }
  return connection_.commit();
}

bool Writer::prepare_session() {
  return connection_.execute(session_settings) &&
         (options_.config.synchronous_commit || connection_.execute("set synchronous_commit = off"));
}

bool Writer::recover() {
  connection_.close();
  partitions_.clear();  // whatever is wrong may be that one is gone
  if (!connection_.open() || !prepare_session()) {
    trouble(connection_.error());
    return false;
  }
  const auto settled = settled_checkpoint();
  if (!settled) {
    trouble(connection_.error().empty() ? "the row of lane " + options_.lane + " is gone from lane_checkpoint"
                                        : connection_.error());
    return false;
  }
  const JournalPosition stored = *settled;
  if (!batch_.empty() && stored == batch_.end_position()) {
    is_connected_ = true;
    operations_.tell(Severity::info, "writer", "the batch in doubt had been committed");
    committed();
    return true;
  }
  if (stored != checkpoint_) {
    fence(
        "the checkpoint of lane " + options_.lane + " is at " + std::to_string(stored) + ", not at " +
        std::to_string(checkpoint_) +
        (stored < checkpoint_ ? ": the server has lost what it had acknowledged; the next start writes it again" : ""));
    return false;
  }
  is_connected_ = true;
  operations_.tell(Severity::info, "writer", "PostgreSQL is back");
  set_state("writing", true, false);
  return true;
}

std::optional<JournalPosition> Writer::settled_checkpoint() {
  // FOR UPDATE waits for a transaction of ours that may still be inside its commit.
  const std::string sql = "select position from lane_checkpoint where lane_id = $1 for update";
  auto rows = connection_.query(sql, {std::to_string(lane_id_)});
  if (!rows && connection_.sql_state() == lock_not_available) {
    end_session_that_holds_checkpoint();
    rows = connection_.query(sql, {std::to_string(lane_id_)});
  }
  if (!rows || rows->empty()) return std::nullopt;
  return static_cast<JournalPosition>(number((*rows)[0][0]));
}

void Writer::end_session_that_holds_checkpoint() {
  // A writer that died or hangs has left its session in the middle of a transaction. Whoever changed or locked the row
  // stands in its xmax; being of our own role, the session is ours to end.
  static_cast<void>(
      connection_.query("select pg_terminate_backend(a.pid) from lane_checkpoint c "
                        "join pg_locks l on l.locktype = 'transactionid' and l.granted and l.transactionid = c.xmax "
                        "join pg_stat_activity a on a.pid = l.pid and a.usename = current_user where c.lane_id = $1",
                        {std::to_string(lane_id_)}));
}

void Writer::committed() {
  pass_crash_point(CrashPoint::commit_acknowledged);
  const Nanos now_ns = wall_now_ns();
  for (const Nanos received_ns : batch_.received()) {
    if (received_ns >= measure_from_ns_) received_to_committed_.record(now_ns - received_ns);
  }
  checkpoint_ = batch_.end_position();
  failures_ = 0;
  {
    const std::lock_guard lock(status_mutex_);
    status_.state = "writing";
    status_.is_healthy = true;
    status_.rows_committed += batch_.rows();
    status_.batches += batch_.rows() > 0 ? 1U : 0U;
    status_.checkpoint = checkpoint_;
  }
  batch_.clear();
  batch_is_cut_ = false;
}

void Writer::trouble(const std::string& what) {
  connection_.close();
  is_connected_ = false;
  // Full jitter, the first retry at once: many writers must not come back in step.
  static thread_local std::minstd_rand random(std::random_device{}());
  const int cap_ms = std::min(options_.config.reconnect_delay_ms_max, 50 << std::min(failures_, 12));
  const int delay_ms = failures_ == 0 ? 0 : static_cast<int>(random() % static_cast<unsigned>(cap_ms + 1));
  retry_at_ns_ = steady_now_ns() + Nanos{delay_ms} * nanos_per_millisecond;
  if (failures_++ == 0)
    operations_.tell(Severity::warning, "writer", "PostgreSQL: " + what + "; rows wait, the journal holds what comes");
  set_state("reconnecting: " + what, false, false);
  const std::lock_guard lock(status_mutex_);
  ++status_.retries;
}

void Writer::fence(const std::string& what) {
  is_fenced_ = true;
  connection_.close();
  operations_.tell(Severity::critical, "writer", what + "; this process stops writing");
  set_state("fenced", false, true);
}

}  // namespace tapeline::sinks::postgres
