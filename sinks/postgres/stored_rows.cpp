#include "sinks/postgres/stored_rows.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <stdexcept>

namespace tapeline::sinks::postgres {
namespace {

// "t:" marks a stamp.
const std::vector<std::string> alert_columns = {"alert_id",   "rule",       "rule_version",    "severity",
                                                "source_id",  "symbol",     "interval_s",      "t:bar_start",
                                                "t:bar_end",  "signal",     "trend",           "close",
                                                "rsi",        "sma",        "bb_upper",        "bb_lower",
                                                "change_pct", "volatility", "t:received_time", "journal_position",
                                                "rule_text",  "evidence",   "message"};

const std::vector<std::string> bar_columns = {"source_id",
                                              "interval_s",
                                              "t:bar_start",
                                              "open",
                                              "high",
                                              "low",
                                              "close",
                                              "volume",
                                              "trades",
                                              "sma",
                                              "rsi",
                                              "bb_mid",
                                              "bb_sigma",
                                              "bb_upper",
                                              "bb_lower",
                                              "percent_b",
                                              "bandwidth",
                                              "volatility",
                                              "volatility_annual",
                                              "periods_per_year",
                                              "change",
                                              "change_pct",
                                              "bars_seen",
                                              "signal",
                                              "signal_reason",
                                              "trend",
                                              "is_partial",
                                              "is_filled",
                                              "is_source_bar",
                                              "is_backfilled",
                                              "journal_position"};

std::string name_of(const std::string& column) { return column.starts_with("t:") ? column.substr(2) : column; }

std::string expression_of(const std::string& column) {
  const std::string name = "r." + name_of(column);
  return column.starts_with("t:") ? "(extract(epoch from " + name + ") * 1000000)::bigint" : name;
}

std::int64_t microseconds(Nanos time_ns) {
  const Nanos remainder = time_ns % nanos_per_microsecond;
  return (time_ns - (remainder < 0 ? remainder + nanos_per_microsecond : remainder)) / nanos_per_microsecond;
}

}  // namespace

std::int64_t StoredRow::integer(const std::string& column) const {
  const std::string& text = at(column);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Nanos StoredRow::time(const std::string& column) const {
  Nanos time_ns = 0;
  const bool is_beyond = __builtin_mul_overflow(integer(column), nanos_per_microsecond, &time_ns);
  return is_beyond ? std::numeric_limits<Nanos>::max() : time_ns;
}

StoredRows::StoredRows(const Secret& dsn, int call_timeout_ms) : connection_(dsn, call_timeout_ms) {
  if (!connection_.open()) {
    throw std::runtime_error("cannot connect to PostgreSQL: " + connection_.error() +
                             "; start it (./dev up starts the private one) or mend postgres.dsn");
  }
  if (!connection_.execute(
          "set extra_float_digits = 3; set timezone = 'UTC'; set default_transaction_read_only = on")) {
    throw std::runtime_error("PostgreSQL: " + connection_.error());
  }
}

Connection::Rows StoredRows::query(const std::string& sql, const std::vector<std::string>& parameters) {
  auto rows = connection_.query(sql, parameters);
  if (rows) return std::move(*rows);
  const bool lacks_tables = connection_.sql_state() == "42P01" || connection_.sql_state() == "42703";
  throw std::runtime_error("PostgreSQL: " + connection_.error() +
                           (lacks_tables ? "; `tapeline migrate` brings the tables up to date" : ""));
}

std::vector<StoredRow> StoredRows::rows(const std::vector<std::string>& columns, const std::string& from,
                                        const std::vector<std::string>& parameters) {
  std::string selected = "l.lane, r.source_id, s.name, i.native_symbol";
  for (const std::string& column : columns) selected += ", " + expression_of(column);
  std::vector<StoredRow> found;
  for (const auto& values : query("select " + selected + " from " + from, parameters)) {
    StoredRow row;
    row.lane = values[0];
    int source = 0;
    std::from_chars(values[1].data(), values[1].data() + values[1].size(), source);
    row.source = static_cast<SourceCode>(source);
    row.source_name = values[2];
    row.native_symbol = values[3];
    for (std::size_t i = 0; i < columns.size(); ++i) row.fields[name_of(columns[i])] = values[i + 4];
    found.push_back(std::move(row));
  }
  return found;
}

std::vector<StoredRow> StoredRows::alerts(const std::string& alert_id) {
  return rows(alert_columns,
              "fact_alert r join dim_instrument i using (instrument_id) join dim_source s on s.source_id = r.source_id "
              "join lane_checkpoint l using (lane_id) where r.alert_id = $1 order by l.lane",
              {alert_id});
}

std::vector<StoredRow> StoredRows::bars(const BarQuery& query) {
  // The newest that has begun by then: where it ends is for the caller to see, as days are not all of one length.
  return rows(
      bar_columns,
      "(select distinct on (instrument_id, lane_id, is_source_bar) * from fact_bar where interval_s = $2 and "
      "bar_start <= timestamptz 'epoch' + $3::bigint * interval '1 microsecond' and instrument_id in (select "
      "instrument_id from dim_instrument where symbol = $1 or native_symbol = $1) order by instrument_id, lane_id, "
      "is_source_bar, bar_start desc) r "
      "join dim_instrument i using (instrument_id) join dim_source s on s.source_id = r.source_id "
      "join lane_checkpoint l using (lane_id) where ($4 = '' or s.name = $4) and ($5 = '' or l.lane = $5) "
      "order by l.lane, s.name, r.is_source_bar",
      {query.symbol, std::to_string(query.interval_s), std::to_string(microseconds(query.time_ns)), query.source,
       query.lane});
}

std::map<std::string, std::string> StoredRows::indicators(const StoredRow& bar) {
  std::map<std::string, std::string> values;
  const auto found = query(
      "select r.name, r.value from fact_indicator r join lane_checkpoint l using (lane_id) join dim_instrument i using "
      "(instrument_id) where l.lane = $1 and i.source_id = $2 and i.native_symbol = $3 and r.interval_s = $4 and "
      "r.bar_start = timestamptz 'epoch' + $5::bigint * interval '1 microsecond' and r.is_source_bar = $6",
      {bar.lane, bar.at("source_id"), bar.native_symbol, bar.at("interval_s"), bar.at("bar_start"),
       bar.at("is_source_bar")});
  for (const auto& row : found) values[row[0]] = row[1];
  return values;
}

std::optional<StoredBatch> StoredRows::batch_of(const std::string& lane, JournalPosition position) {
  const auto found = query(
      "select b.configuration_hash, b.program_version, b.committed_at from audit_batch b join lane_checkpoint l using "
      "(lane_id) "
      "where l.lane = $1 and from_position <= $2 and to_position > $2 order by batch_id desc limit 1",
      {lane, std::to_string(position)});
  if (found.empty()) return std::nullopt;
  return StoredBatch{found[0][0], found[0][1], found[0][2]};
}

}  // namespace tapeline::sinks::postgres
