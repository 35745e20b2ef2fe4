#include "app/schedule/job_store.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/json_text.hpp"
#include "core/base/time.hpp"

namespace tapeline::app {
namespace {

constexpr std::uint32_t usual_intervals_s[] = {60, 300, 900, 3'600, 86'400};  // of bars that sources deliver

/// A bar's newest price at or before a time, for every instrument of the lane: $1 lane, $3 intervals.
std::string newest_bar(std::string_view time, std::string_view not_before) {
  return fmt::format(
      "SELECT DISTINCT ON (i.instrument_id) i.instrument_id, i.source_id, i.symbol, b.close AS price,"
      " b.bar_start + make_interval(secs => b.interval_s) AS time"
      " FROM dim_instrument i CROSS JOIN unnest($3::int[]) AS w(interval_s)"
      " JOIN LATERAL (SELECT close, bar_start, interval_s FROM fact_bar f JOIN lane_checkpoint l USING (lane_id)"
      " WHERE l.lane = $1 AND f.instrument_id = i.instrument_id AND f.interval_s = w.interval_s"
      " AND f.bar_start <= {0} - make_interval(secs => w.interval_s) AND f.bar_start > {1}"
      " ORDER BY f.bar_start DESC LIMIT 1) b ON true"
      " ORDER BY i.instrument_id, time DESC, b.interval_s",
      time, not_before);
}

/// The server has answered, and will answer the same again: nothing to wait for.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string_view to_string(RunStatus status) noexcept {
  constexpr std::string_view names[] = {"done", "findings", "failed", "skipped"};
  return names[static_cast<std::size_t>(status)];
}

JobStore::JobStore(Options options)
    : connection_(std::move(options.dsn), options.call_timeout_ms), lane_(std::move(options.lane)) {
  std::set<std::uint32_t> all(options.intervals_s.begin(), options.intervals_s.end());
  all.insert(std::begin(usual_intervals_s), std::end(usual_intervals_s));
  intervals_ = fmt::format("{{{}}}", fmt::join(all, ","));
}

void JobStore::ensure_open() {
  if (connection_.is_open()) return;
  if (!connection_.open() || !connection_.execute("SET client_min_messages = warning; SET TimeZone = 'UTC'")) {
    const std::string error = connection_.error();
    connection_.close();
    throw std::runtime_error("PostgreSQL: " + error);
  }
}

JobStore::Rows JobStore::ask(const std::string& sql, const std::vector<std::string>& parameters) {
  auto rows = connection_.query(sql, parameters);
  if (rows) return std::move(*rows);
  const std::string error = "PostgreSQL: " + connection_.error();
  const bool is_answer = !connection_.sql_state().empty();
  connection_.close();  // ends the transaction too
  if (is_answer) throw Refused(error);
  throw std::runtime_error(error);
}

Nanos JobStore::decided_until(const Job& job, Nanos now_ns) {
  ensure_open();
  ask("INSERT INTO job_schedule (lane, job, decided_until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      {lane_, job.name, format_utc(now_ns)});
  const auto rows =
      ask("SELECT (extract(epoch FROM decided_until) * 1000000)::bigint FROM job_schedule "
          "WHERE lane = $1 AND job = $2",
          {lane_, job.name});
  return number(rows.front().front()) * nanos_per_microsecond;
}

std::optional<RunStatus> JobStore::status_of(const Run& run) {
  ensure_open();
  const auto rows = ask("SELECT status FROM job_run WHERE lane = $1 AND job = $2 AND step = $3 AND scheduled_for = $4",
                        {lane_, run.job->name, std::string(to_string(run.step->action)), format_utc(run.scheduled_ns)});
  if (rows.empty()) return std::nullopt;
  for (const RunStatus status : {RunStatus::done, RunStatus::findings, RunStatus::failed}) {
    if (rows.front().front() == to_string(status)) return status;
  }
  return RunStatus::skipped;
}

Outcome JobStore::perform(const Run& run, const Outcome& done, Nanos started_ns, Nanos ended_ns,
                          double significant_move_pct, Decided decided) {
  ensure_open();
  ask("BEGIN", {});
  Outcome outcome = done;
  if (outcome.status == RunStatus::done && outcome.detail.empty()) {
    const Nanos before_ns = steady_now_ns();
    try {
      outcome = compute(run, ended_ns, significant_move_pct);
    } catch (const Refused& refused) {
      outcome = {.status = RunStatus::failed, .detail = refused.what()};
      ensure_open();
      ask("BEGIN", {});
    }
    ended_ns += steady_now_ns() - before_ns;
  }
  // A run that came to nothing may be done again; one that is done stays as it is, whoever did it.
  const auto kept = ask(
      "INSERT INTO job_run AS r (lane, job, step, scheduled_for, session_date, status, started_at, ended_at, detail)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (lane, job, step, scheduled_for) DO UPDATE"
      " SET status = excluded.status, attempts = r.attempts + 1, started_at = excluded.started_at,"
      " ended_at = excluded.ended_at, detail = excluded.detail WHERE r.status <> 'done' RETURNING 1",
      {lane_, run.job->name, std::string(to_string(run.step->action)), format_utc(run.scheduled_ns),
       format_date(run.session), std::string(to_string(outcome.status)), format_utc(started_ns), format_utc(ended_ns),
       outcome.detail});
  if (kept.empty()) {
    ask("ROLLBACK", {});
    ask("BEGIN", {});
    outcome = {.status = RunStatus::done, .detail = "was done already"};
  }
  if (decided == Decided::moves) {
    ask("UPDATE job_schedule SET decided_until = greatest(decided_until, $3) WHERE lane = $1 AND job = $2",
        {lane_, run.job->name, format_utc(run.scheduled_ns)});
  }
  ask("COMMIT", {});
  return outcome;
}

Outcome JobStore::compute(const Run& run, Nanos now_ns, double significant_move_pct) {
  switch (run.step->action) {
    case Action::overnight_changes: return overnight_changes(run, now_ns);
    case Action::signals: return signals(run, now_ns);
    case Action::significant_moves: return significant_moves(run, significant_move_pct);
    case Action::quality: return quality(now_ns);
    case Action::fetch:
    case Action::database_update: break;  // done by the lane, before
  }
  return {.status = RunStatus::failed, .detail = "nobody did it"};
}

Outcome JobStore::overnight_changes(const Run& run, Nanos now_ns) {
  const std::string before = newest_bar("$4::timestamptz", "$4::timestamptz - interval '10 days'");
  const std::string newest = newest_bar("$5::timestamptz", "$4::timestamptz");
  // Ticks that no bar has taken up yet: those of the last quarter of an hour.
  const auto rows = ask(
      "WITH previous AS (" + before + "), bars AS (" + newest +
          "), ticks AS (SELECT DISTINCT ON (t.instrument_id) t.instrument_id,"
          " scaled_decimal(t.price_mantissa, t.price_exponent) AS price, t.event_time AS time FROM tick t"
          " JOIN lane_checkpoint l USING (lane_id) WHERE l.lane = $1 AND t.event_time > $5::timestamptz - interval '15 "
          "min'"
          " AND t.event_time > $4::timestamptz AND t.event_time <= $5::timestamptz"
          " ORDER BY t.instrument_id, t.event_time DESC, t.journal_position DESC),"
          " present AS (SELECT DISTINCT ON (instrument_id) instrument_id, price, time FROM (SELECT instrument_id, "
          "price, time"
          " FROM bars UNION ALL SELECT instrument_id, price, time FROM ticks) p ORDER BY instrument_id, time DESC),"
          " kept AS (INSERT INTO overnight_change AS o (lane, session_date, instrument_id, source_id, previous_close,"
          " previous_time, price, price_time, change_pct) SELECT $1, $2::date, b.instrument_id, b.source_id, b.price,"
          " b.time, p.price, p.time, ((p.price - b.price) / b.price * 100)::float8 FROM previous b JOIN present p"
          " USING (instrument_id) WHERE b.price > 0 ON CONFLICT (lane, session_date, instrument_id) DO UPDATE SET"
          " previous_close = excluded.previous_close, previous_time = excluded.previous_time, price = excluded.price,"
          " price_time = excluded.price_time, change_pct = excluded.change_pct RETURNING 1)"
          " SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM previous)",
      {lane_, format_date(run.session), intervals_, format_utc(run.job->previous_close(run.session)),
       format_utc(now_ns)});
  const std::string& changed = rows.front()[0];
  const std::int64_t without = number(rows.front()[1]) - number(changed);
  return {.detail = fmt::format("{} changes since {}; {} instruments have no newer price", changed,
                                format_utc(run.job->previous_close(run.session)), without)};
}

Outcome JobStore::signals(const Run& run, Nanos now_ns) {
  const auto rows = ask(
      "WITH kept AS (INSERT INTO session_signal AS o (lane, session_date, instrument_id, source_id, interval_s, "
      "bar_end,"
      " close, rsi, signal, trend) SELECT $1, $2::date, i.instrument_id, i.source_id, w.interval_s,"
      " b.bar_start + make_interval(secs => w.interval_s), b.close, b.rsi, b.signal, b.trend FROM dim_instrument i"
      " CROSS JOIN unnest($3::int[]) AS w(interval_s) JOIN LATERAL (SELECT f.* FROM fact_bar f JOIN lane_checkpoint l"
      " USING (lane_id) WHERE l.lane = $1 AND f.instrument_id = i.instrument_id AND f.interval_s = w.interval_s"
      " AND NOT f.is_partial AND f.bar_start <= $4::timestamptz - make_interval(secs => w.interval_s)"
      " ORDER BY f.bar_start DESC, f.is_source_bar LIMIT 1) b ON true ON CONFLICT (lane, session_date, instrument_id,"
      " interval_s) DO UPDATE SET bar_end = excluded.bar_end, close = excluded.close, rsi = excluded.rsi,"
      " signal = excluded.signal, trend = excluded.trend RETURNING signal)"
      " SELECT count(*), count(*) FILTER (WHERE signal = 'BUY'), count(*) FILTER (WHERE signal = 'SELL') FROM kept",
      {lane_, format_date(run.session), intervals_, format_utc(now_ns)});
  return {.detail = fmt::format("{} signals: {} BUY, {} SELL", rows.front()[0], rows.front()[1], rows.front()[2])};
}

Outcome JobStore::significant_moves(const Run& run, double threshold_pct) {
  const auto rows = ask(
      "INSERT INTO job_alert (alert_id, lane, rule, session_date, instrument_id, source_id, symbol, change_pct, "
      "message)"
      " SELECT format('%s/%s/%s/%s/%s', $1::text, $3::text, $2::date, s.name, i.native_symbol), $1, $3, $2::date, "
      "o.instrument_id,"
      " o.source_id, i.symbol, o.change_pct, format('%s %s%s %% since the close before: %s after %s', i.symbol,"
      " CASE WHEN o.change_pct > 0 THEN '+' ELSE '' END, round(o.change_pct::numeric, 2), o.price, o.previous_close)"
      " FROM overnight_change o JOIN dim_instrument i USING (instrument_id) JOIN dim_source s ON s.source_id = "
      "o.source_id"
      " WHERE o.lane = $1 AND o.session_date = $2::date AND abs(o.change_pct) >= $4::float8"
      " ON CONFLICT DO NOTHING RETURNING 1",
      {lane_, format_date(run.session), "significant_move", fmt::format("{}", threshold_pct)});
  return {.detail = fmt::format("{} moved by {} % or more", rows.size(), threshold_pct)};
}

Outcome JobStore::quality(Nanos now_ns) {
  // Holes that stayed open, rows that did not arrive, and what was refused within the last hour.
  const auto rows = ask(
      "SELECT coalesce(sum(greatest(missing - filled, 0)), 0), coalesce(sum(rejected), 0), coalesce(sum(received), 0),"
      " (SELECT count(*) FROM quality_event q JOIN lane_checkpoint l USING (lane_id) WHERE l.lane = $1"
      " AND q.received_time > $2::timestamptz - interval '1 hour')"
      " FROM completeness c JOIN lane_checkpoint l USING (lane_id) WHERE l.lane = $1"
      " AND c.minute > $2::timestamptz - interval '1 hour' AND c.minute <= $2::timestamptz",
      {lane_, format_utc(now_ns)});
  const std::string& missing = rows.front()[0];
  const std::string& rejected = rows.front()[1];
  const std::string& received = rows.front()[2];
  const bool is_well = number(missing) == 0 && number(rejected) == 0 && number(received) > 0;
  return {.status = is_well ? RunStatus::done : RunStatus::findings,
          .detail = fmt::format("last hour: {} ticks received, {} rejected, {} trade ids missing, {} quality events",
                                received, rejected, missing, rows.front()[3])};
}

std::vector<PendingAlert> JobStore::pending_alerts() {
  ensure_open();
  const auto rows =
      ask("SELECT a.alert_id, a.symbol, a.rule, s.name, a.session_date, a.change_pct, a.message FROM job_alert a"
          " JOIN dim_source s USING (source_id) WHERE a.lane = $1 AND a.published_at IS NULL ORDER BY a.alert_id",
          {lane_});
  std::vector<PendingAlert> alerts;
  for (const auto& row : rows) {
    PendingAlert alert{.alert_id = row[0],
                       .symbol = row[1],
                       .fields = {{"alert_id", row[0]},
                                  {"rule", row[2]},
                                  {"symbol", row[1]},
                                  {"source", row[3]},
                                  {"session_date", row[4]},
                                  {"change_pct", row[5]},
                                  {"message", row[6]}},
                       .json = {}};
    for (const auto& [name, value] : alert.fields) {
      alert.json += fmt::format("{}\"{}\":{}", alert.json.empty() ? "{" : ",", name,
                                name == "change_pct" ? value : json_string(value));
    }
    alert.json += '}';
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

void JobStore::published(const std::string& alert_id) {
  ensure_open();
  ask("UPDATE job_alert SET published_at = clock_timestamp() WHERE alert_id = $1", {alert_id});
}

}  // namespace tapeline::app
