#include "sinks/postgres/writer.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <stdexcept>

#include "core/base/crash_point.hpp"
#include "sinks/postgres/bad_row.hpp"
#include "sinks/postgres/migrate.hpp"
#include "sinks/postgres/server_away.hpp"
#include "sinks/postgres/sql_state.hpp"
#include "sinks/postgres/text.hpp"
#include "sinks/postgres/tick_partition.hpp"

namespace tapeline::sinks::postgres {
namespace {

constexpr Nanos retry_ahead_ns = 600 * nanos_per_second;
/// So long before midnight the partition of tomorrow waits for no quiet moment any more: under load there may be none.
constexpr Nanos hurry_ahead_ns = 3'600 * nanos_per_second;

/// A frame may close the bars of 100,000 instruments, all of one transaction. So many rows are sent at a time; fewer, while that
/// is more than the server manages within its deadlines.
constexpr std::size_t rows_per_part_max = 50'000;
constexpr std::size_t rows_per_part_min = 1'000;

constexpr int opening_tries = 5;  // to read a checkpoint that another session holds, each of twice the lock_timeout

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// A binary string as PostgreSQL reads it from text.
std::string bytea_text(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\x";
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

}  // namespace

Writer::Writer(Options options, SpscRing<Row>& rows, Operations& operations)
    : options_(std::move(options)),
      operations_(operations),
      connection_(options_.dsn, options_.config.call_timeout_ms),
      session_(options_.config.reconnect_delay_ms_max, std::random_device{}()),
      collector_(rows, options_.catalog,
                 {.rows_max = options_.config.batch_rows_max,
                  .delay_ns_max = Nanos{options_.config.batch_delay_ms_max} * nanos_per_millisecond,
                  .delay_quiet_ns_max = Nanos{options_.config.batch_delay_quiet_ms_max} * nanos_per_millisecond}),
      rows_per_part_(rows_per_part_max) {}

// ---------------------------------------------------------------- the beginning

JournalPosition Writer::open() {
  if (!connection_.open()) {
    cannot_open("cannot connect to PostgreSQL: " + connection_.error() +
                "; start it (./dev up starts the private one) or mend postgres.dsn");
  }
  if (!prepare_session()) cannot_open("PostgreSQL: " + connection_.error());
  require_tables();
  read_lane();
  // A predecessor that was killed may still be inside its commit: what it leaves is where we begin.
  for (int tries = 0; !session_.is_ready(); ++tries) {
    if (tries > 0 && (tries == opening_tries || connection_.sql_state() != sql_state::lock_not_available)) {
      cannot_open("PostgreSQL: cannot read the checkpoint of lane " + options_.lane + ": " + connection_.error() +
                  "; end the session that holds it (pg_locks says which)");
    }
    session_.adopt();
    for (Session::Event event{}; event != Session::Event::trouble && !session_.is_ready();) {
      const Request request = session_.next({}, steady_now_ns());
      event = session_.on(request, perform(request), {}, steady_now_ns());
    }
  }
  collector_.begin(session_.checkpoint(), lane_id_);
  read_instruments();
  set_state("writing", true);
  return session_.checkpoint();
}

void Writer::cannot_open(const std::string& why) const { throw_opening_failure(why, connection_.sql_state()); }

void Writer::require_tables() {
  const auto applied = connection_.query("select version from schema_migrations");
  if (!applied) cannot_open("PostgreSQL: " + connection_.error() + "; `tapeline migrate` makes the tables");
  for (const Migration& migration : migrations()) {
    if (std::find(applied->begin(), applied->end(), Connection::Rows::value_type{std::string(migration.version)}) ==
        applied->end()) {
      throw std::runtime_error("PostgreSQL: the tables lack " + std::string(migration.version) +
                               "; `tapeline migrate` brings them up to date");
    }
  }
}

void Writer::read_lane() {
  // ON CONFLICT alone would spend a lane_id at every start: after 32,767 of them there would be none left.
  const auto made = connection_.query(
      "insert into lane_checkpoint (lane, configuration_hash) select $1, $2 "
      "where not exists (select from lane_checkpoint where lane = $1) on conflict (lane) do nothing",
      {options_.lane, options_.catalog->configuration_hash});
  if (!made) {
    cannot_open("PostgreSQL: " + connection_.error() +
                "; the role must be allowed to write, or give `tapeline migrate` one that is");
  }
  const auto lane = connection_.query("select lane_id from lane_checkpoint where lane = $1", {options_.lane});
  if (!lane || lane->size() != 1) cannot_open("PostgreSQL: cannot read lane_checkpoint: " + connection_.error());
  lane_id_ = static_cast<std::int16_t>(number((*lane)[0][0]));
}

// ---------------------------------------------------------------- the stage

WriterStatus Writer::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

void Writer::set_state(std::string state, bool is_healthy) {
  const std::lock_guard lock(status_mutex_);
  status_.state = std::move(state);
  status_.is_healthy = is_healthy;
  status_.checkpoint = session_.checkpoint();
  stored_.set(session_.checkpoint());
}

Work Writer::work() noexcept {
  return {.instrument_waits = collector_.instrument_that_waits() != nullptr,
          .batch_waits = collector_.is_cut(),
          .batch_end = collector_.batch().end_position()};
}

std::size_t Writer::poll() noexcept {
  if (session_.is_over()) return 0;
  const std::size_t taken = collector_.take(steady_now_ns());
  const std::size_t done = taken + step();
  if (session_.is_ready())
    make_partition_ahead(done == 0 && collector_.empty() ? Moment::quiet : Moment::between_batches);
  return done;
}

void Writer::make_partition_ahead(Moment moment) {
  const Nanos now_ns = options_.wall_clock();
  const std::int64_t today = day_of(now_ns);
  if (moment == Moment::between_batches && day_of(now_ns + hurry_ahead_ns) == today) return;
  // Only where ticks are of today: old ones, replayed, do not need tomorrow.
  if (!partitions_.contains(today) || partitions_.contains(today + 1) || now_ns < next_try_ahead_ns_) return;
  if (make_tick_partition(connection_, today + 1)) {
    partitions_.insert(today + 1);
    return;
  }
  next_try_ahead_ns_ = now_ns + retry_ahead_ns;
  operations_.tell(Severity::warning, "writer",
                   "PostgreSQL: no partition for the ticks of tomorrow yet: " + connection_.error() +
                       "; it is tried again, and made with the first of them at the latest");
}

bool Writer::drained() noexcept {
  if (session_.is_over()) return false;
  if (collector_.empty()) return true;
  collector_.cut_rest();
  static_cast<void>(step());
  return collector_.empty();
}

std::size_t Writer::step() {
  std::size_t done = 0;
  for (;;) {
    const Request request = session_.next(work(), steady_now_ns());
    if (request.kind == Request::Kind::none) return done;
    const Reply reply = perform(request);
    const Session::Event event = session_.on(request, reply, work(), steady_now_ns());
    take_note(event);
    if (event == Session::Event::committed || request.kind == Request::Kind::register_instrument) ++done;
    if (reply.is_part) return done + 1;  // whoever watches this stage sees that it goes on
    if (event == Session::Event::committed || event == Session::Event::trouble) return done;
  }
}

void Writer::take_note(Session::Event event) {
  switch (event) {
    case Session::Event::none: return;
    case Session::Event::committed: return committed();
    case Session::Event::was_committed:
      operations_.tell(Severity::info, "writer", "the batch in doubt had been committed");
      return committed();
    case Session::Event::is_back:
      operations_.tell(Severity::info, "writer", "PostgreSQL is back");
      return set_state("writing", true);
    case Session::Event::trouble: {
      connection_.close();
      rows_per_part_ = std::max(rows_per_part_ / 2, rows_per_part_min);
      if (session_.is_news()) {
        operations_.tell(Severity::warning, "writer",
                         "PostgreSQL: " + session_.words() + "; rows wait, the journal holds what comes");
      }
      set_state((session_.is_refused() ? "refused: " : "reconnecting: ") + session_.words(), false);
      const std::lock_guard lock(status_mutex_);
      ++status_.retries;
      return;
    }
    case Session::Event::fenced:
    case Session::Event::rolled_back: break;
  }
  const bool is_fenced = event == Session::Event::fenced;
  connection_.close();
  operations_.tell(
      Severity::critical, "writer",
      "lane " + options_.lane + ": " + session_.words() +
          (is_fenced ? "; this process stops writing"
                     : ": the server has lost what it had acknowledged, as a standby does that had not got "
                       "it yet; it is written again from the journal"));
  set_state(is_fenced ? "fenced" : "rolled back", false);
  const std::lock_guard lock(status_mutex_);
  (is_fenced ? status_.is_fenced : status_.is_rolled_back) = true;
}

void Writer::committed() {
  pass_crash_point(CrashPoint::commit_acknowledged);
  Batch& batch = collector_.batch();
  const Nanos now_ns = wall_now_ns();
  for (const Nanos received_ns : batch.received()) {
    if (received_ns >= measure_from_ns_) received_to_committed_.record(now_ns - received_ns);
  }
  {
    const std::lock_guard lock(status_mutex_);
    status_.state = "writing";
    status_.is_healthy = true;
    status_.rows_committed += batch.rows();
    status_.rows_quarantined += batch.refused().size();
    status_.batches += batch.rows() > 0 ? 1U : 0U;
    status_.checkpoint = session_.checkpoint();
  }
  stored_.set(session_.checkpoint());
  if (!batch.refused().empty()) {
    const RefusedRow& first = batch.refused().front();
    operations_.tell(Severity::warning, "writer",
                     std::to_string(batch.refused().size()) +
                         " rows were refused and are in quarantined_row, such as " + first.table + ": " + first.reason);
  }
  unsettled_instruments_.clear();
  collector_.stored();
  rows_per_part_ = std::min(2 * rows_per_part_, rows_per_part_max);
}

// ---------------------------------------------------------------- requests

Reply Writer::reply_of(bool is_ok) const {
  if (is_ok) return {.is_ok = true};
  return {.error = connection_.error(), .sql_state = connection_.sql_state()};
}

Reply Writer::perform(const Request& request) {
  using Kind = Request::Kind;
  switch (request.kind) {
    case Kind::none: break;
    case Kind::connect: return reply_of(connect());
    case Kind::read_checkpoint: return read_checkpoint();
    case Kind::end_holder: end_session_that_holds_checkpoint(); return {.is_ok = true};
    case Kind::register_instrument: return register_instrument();
    case Kind::begin: pass_crash_point(CrashPoint::batch_built); return reply_of(begin());
    case Kind::copy: return copy(request.keys);
    case Kind::set_aside_row: return set_aside(request.keys);
    case Kind::merge:
    case Kind::roll_back: return reply_of(connection_.execute("rollback"));
    case Kind::move_checkpoint: return move_checkpoint(request);
    case Kind::commit: return reply_of(connection_.commit());
  }
  return {};
}

bool Writer::prepare_session() {
  // What the server gives up by itself, should we hang or be gone: later than our own deadline in each case, so that a
  // commit that we have given up may still end.
  const int timeout_ms = options_.config.call_timeout_ms;
  const std::string settings =
      "set lock_timeout = '2s'; set statement_timeout = " + std::to_string(3 * timeout_ms) +
      "; set idle_in_transaction_session_timeout = " + std::to_string(timeout_ms + timeout_ms / 2) +
      "; set client_min_messages = warning; set application_name = 'tapeline'";
  return connection_.execute(settings) &&
         (options_.config.synchronous_commit || connection_.execute("set synchronous_commit = off"));
}

bool Writer::connect() {
  partitions_.clear();  // whatever is wrong may be that one is gone
  known_.clear();       // whatever has happened to the server meanwhile
  return connection_.open() && prepare_session();
}

Reply Writer::read_checkpoint() {
  // FOR UPDATE waits for a transaction of ours that may still be inside its commit.
  const auto rows = connection_.query("select position from lane_checkpoint where lane_id = $1 for update",
                                      {std::to_string(lane_id_)});
  Reply reply = reply_of(rows.has_value());
  if (!rows || rows->empty()) return reply;
  const auto has_instruments = has_unsettled_instruments();
  if (!has_instruments) return reply_of(false);
  reply.position = static_cast<JournalPosition>(number((*rows)[0][0]));
  reply.lacks_instrument = !*has_instruments;
  return reply;
}

std::optional<bool> Writer::has_unsettled_instruments() {
  if (unsettled_instruments_.empty()) return true;
  std::string ids;
  for (const auto& [id, name] : unsettled_instruments_) ids += (ids.empty() ? '{' : ',') + std::to_string(id);
  const auto rows = connection_.query(
      "select instrument_id, source_id, native_symbol from dim_instrument where instrument_id = any ($1::integer[])",
      {ids + '}'});
  if (!rows) return std::nullopt;
  const auto is_there = [&](const Connection::Rows::value_type& row) {
    const std::pair<std::int16_t, std::string> name{static_cast<std::int16_t>(number(row[1])), row[2]};
    return unsettled_instruments_.at(static_cast<std::int32_t>(number(row[0]))) == name;
  };
  return rows->size() == unsettled_instruments_.size() && std::all_of(rows->begin(), rows->end(), is_there);
}

void Writer::registered(const std::string& native_symbol, InstrumentKey key) {
  unsettled_instruments_[key.instrument_id] = {key.source_id, native_symbol};
  collector_.registered(std::move(key));
}

void Writer::end_session_that_holds_checkpoint() {
  // Whoever changed or locked the row stands in its xmax; being of our own role, the session is ours to end.
  const auto ended = connection_.query(
      "select a.pid, coalesce(nullif(a.application_name, ''), 'a session without a name'), a.state, a.xact_start, "
      "pg_terminate_backend(a.pid) from lane_checkpoint c "
      "join pg_locks l on l.locktype = 'transactionid' and l.granted and l.transactionid = c.xmax "
      "join pg_stat_activity a on a.pid = l.pid and a.usename = current_user where c.lane_id = $1",
      {std::to_string(lane_id_)});
  if (!ended) return;
  for (const auto& session : *ended) {
    operations_.tell(Severity::warning, "writer",
                     "ended the session of process " + session[0] + " (" + session[1] + ", " + session[2] +
                         "), which has held the checkpoint of lane " + options_.lane + " since " + session[3]);
  }
}

void Writer::read_instruments() {
  known_.clear();
  const auto rows = connection_.query("select instrument_id, source_id, symbol, native_symbol from dim_instrument");
  if (!rows) return;  // then each is asked for when it is named
  for (const auto& row : *rows) {
    const auto source = static_cast<std::int16_t>(number(row[1]));
    known_[{source, row[3]}] = {static_cast<std::int32_t>(number(row[0])), source, row[2]};
  }
}

Reply Writer::register_instrument() {
  const Row row = *collector_.instrument_that_waits();
  const std::string source_id = std::to_string(static_cast<int>(row.source));
  const std::string native = storable_text(row.as_instrument.native_symbol);
  const std::string symbol = storable_text(row.as_instrument.symbol);
  if (auto known = known_.extract({static_cast<std::int16_t>(row.source), native});
      !known.empty() && known.mapped().symbol == symbol) {
    registered(native, std::move(known.mapped()));
    return {.is_ok = true};
  }
  const bool has_source = connection_
                              .query("insert into dim_source values ($1, $2) on conflict do nothing",
                                     {source_id, options_.source_name(row.source)})
                              .has_value();
  if (!has_source) return reply_of(false);
  // A name that the configuration has changed since is taken over; the id stays.
  const auto rows = connection_.query(
      "with known as (select instrument_id from dim_instrument where source_id = $1 and native_symbol = $2), "
      "made as (insert into dim_instrument (symbol, source_id, native_symbol) select $3, $1, $2 "
      "where not exists (select from known) on conflict (source_id, native_symbol) do nothing returning "
      "instrument_id), "
      "renamed as (update dim_instrument set symbol = $3 where source_id = $1 and native_symbol = $2 and symbol <> "
      "$3) "
      "select instrument_id from known union all select instrument_id from made",
      {source_id, native, symbol});
  if (!rows) return reply_of(false);
  if (rows->empty()) return {.error = "an instrument was registered by another session at the same moment"};
  registered(native, {static_cast<std::int32_t>(number((*rows)[0][0])), static_cast<std::int16_t>(row.source), symbol});
  return {.is_ok = true};
}

bool Writer::begin() {
  for (const std::int64_t day : collector_.batch().tick_days()) {
    if (partitions_.contains(day)) continue;
    if (!make_tick_partition(connection_, day)) return false;
    partitions_.insert(day);
  }
  in_copy_ = {};
  return connection_.execute("begin");
}

Reply Writer::copy(Request::Keys keys) {
  std::vector<Batch::Table>& tables = collector_.batch().tables();
  for (; in_copy_.table < tables.size(); in_copy_ = {in_copy_.table + 1, 0, 0}) {
    Batch::Table& table = tables[in_copy_.table];
    const std::size_t rows = table.rows.rows();
    if (in_copy_.last == rows) continue;
    in_copy_.first = in_copy_.last;
    in_copy_.last = std::min(in_copy_.first + rows_per_part_, rows);
    const bool is_whole = in_copy_.first == 0 && in_copy_.last == rows;
    const bool is_copied = is_whole && keys == Request::Keys::are_new
                               ? connection_.copy(table.copy_sql(), table.rows.finish())
                               : copy_rows(connection_, table, in_copy_.first, in_copy_.last, keys);
    if (!is_copied) return reply_of(false);
    if (!is_whole) return {.is_ok = true, .is_part = true};
  }
  if (!copy_refused()) return reply_of(false);
  pass_crash_point(CrashPoint::copy_end);
  return {.is_ok = true};
}

bool Writer::copy_refused() {
  return std::all_of(
      collector_.batch().refused().begin(), collector_.batch().refused().end(), [&](const RefusedRow& row) {
        const std::string instrument = row.origin.instrument_id == 0 ? "" : std::to_string(row.origin.instrument_id);
        return connection_
            .query(
                "with kept as (insert into quarantined_row (lane_id, journal_position, source_id, instrument_id, "
                "received_time, table_name, sql_state, reason, context, row_copy) values ($1, $2, $3, "
                "nullif($4, '')::integer, timestamptz 'epoch' + $5::bigint * interval '1 microsecond', $6, $7, $8, $9, "
                "$10) returning *) insert into quality_event (lane_id, journal_position, source_id, instrument_id, "
                "kind, reason, detail, received_time) select lane_id, journal_position, source_id, instrument_id, "
                "'reject', 'refused_by_database', left(table_name || ': ' || kept.reason, 127), received_time from "
                "kept",
                {std::to_string(lane_id_), std::to_string(row.origin.position), std::to_string(row.origin.source_id),
                 instrument, std::to_string(row.origin.received_ns / nanos_per_microsecond), row.table, row.sql_state,
                 row.reason, row.context, bytea_text(row.copy)})
            .has_value();
      });
}

Reply Writer::set_aside(Request::Keys keys) {
  std::vector<Batch::Table>& tables = collector_.batch().tables();
  if (in_copy_.table == tables.size()) return {.error = connection_.error(), .sql_state = connection_.sql_state()};
  Batch::Table& table = tables[in_copy_.table];
  RefusedRow refused{
      .sql_state = connection_.sql_state(), .reason = connection_.error(), .context = connection_.context()};
  if (!connection_.execute("rollback")) return reply_of(false);
  auto row = row_of_context(refused.context);
  if (row) *row += in_copy_.first;
  if (!row) row = find_bad_row(connection_, table, in_copy_.first, in_copy_.last, keys);
  if (!row || *row >= in_copy_.last) {
    return {.error = refused.reason + " (no single row of " + table.name + " is to blame)",
            .sql_state = refused.sql_state};
  }
  collector_.batch().set_aside(table, *row, std::move(refused));
  return {.is_ok = true};
}

Reply Writer::move_checkpoint(const Request& request) {
  const Batch& batch = collector_.batch();
  const std::string lane = std::to_string(lane_id_);
  const std::string from = std::to_string(request.from);
  const std::string to = std::to_string(request.to);
  const std::string& configuration = options_.catalog->configuration_hash;
  // The checkpoint may have passed frames without rows since the last audited batch: they belong to this one.
  if (batch.rows() > 0 &&
      !connection_.query(
          "insert into audit_batch (lane_id, from_position, to_position, "
          "row_count, program_version, configuration_hash) "
          "values ($1, coalesce((select to_position from audit_batch where lane_id = $1 order by batch_id "
          "desc limit 1), $2), $3, $4, $5, $6)",
          {lane, from, to, std::to_string(batch.rows()), options_.program_version, configuration})) {
    return reply_of(false);
  }
  const auto moved = connection_.query(
      "update lane_checkpoint set position = $3, configuration_hash = $4 where lane_id = $1 and position = $2 "
      "returning position",
      {lane, from, to, configuration});
  Reply reply = reply_of(moved.has_value());
  if (moved) reply.changed = moved->size();
  return reply;
}

}  // namespace tapeline::sinks::postgres
