#include "app/service/history.hpp"

#include <stdexcept>
#include <utility>

namespace tapeline::app {
namespace {

/// The rows of a query as one JSON array, in their order.
std::string as_json(const std::string& query) {
  return "SELECT coalesce(json_agg(t), '[]')::text FROM (" + query + ") t";
}

}  // namespace

History::History(Secret dsn, int call_timeout_ms, std::string lane)
    : connection_(std::move(dsn), call_timeout_ms), lane_(std::move(lane)) {}

std::string History::ask(const std::string& sql, std::vector<std::string> parameters) {
  parameters.insert(parameters.begin(), lane_);
  if (!connection_.is_open()) {
    const bool is_ready =
        connection_.open() && connection_.execute("SET default_transaction_read_only = on; SET TimeZone = 'UTC'");
    if (!is_ready) throw std::runtime_error("PostgreSQL: " + connection_.error());
  }
  const auto rows = connection_.query(sql, parameters);
  if (!rows) {
    const std::string error = connection_.error();
    connection_.close();
    throw std::runtime_error("PostgreSQL: " + error);
  }
  return rows->empty() ? "[]" : rows->front().front();
}

std::string History::bars(const BarQuery& query) {
  static const std::string sql = as_json(
      "SELECT * FROM (SELECT extract(epoch FROM b.bar_start)::bigint AS time, b.open, b.high, b.low, b.close, b.volume,"
      " b.sma, b.rsi, b.bb_upper, b.bb_lower, b.signal, b.trend, b.is_partial"
      " FROM fact_bar b JOIN dim_instrument i USING (instrument_id) JOIN dim_source s ON s.source_id = i.source_id"
      " JOIN lane_checkpoint l ON l.lane_id = b.lane_id"
      " WHERE l.lane = $1 AND i.symbol = $2 AND s.name = $3 AND b.interval_s = $4::int"
      " AND b.bar_start > to_timestamp($5::bigint) AND b.is_source_bar = NOT EXISTS (SELECT FROM fact_bar o WHERE"
      " o.instrument_id = b.instrument_id AND o.interval_s = b.interval_s AND o.lane_id = b.lane_id"
      " AND NOT o.is_source_bar)"
      " ORDER BY b.bar_start DESC LIMIT $6::int) newest ORDER BY time");
  return ask(sql, {query.symbol, query.source, std::to_string(query.interval_s), std::to_string(query.after_s),
                   std::to_string(query.limit)});
}

std::string History::intervals(const std::string& symbol, const std::string& source) {
  // One look into the primary key for each length that there is, however many bars.
  static const std::string sql =
      "WITH RECURSIVE one AS (SELECT i.instrument_id, l.lane_id FROM dim_instrument i JOIN dim_source s USING"
      " (source_id), lane_checkpoint l WHERE l.lane = $1 AND i.symbol = $2 AND s.name = $3),"
      " length AS ((SELECT min(b.interval_s) AS s FROM fact_bar b, one WHERE b.instrument_id = one.instrument_id)"
      " UNION ALL SELECT (SELECT min(b.interval_s) FROM fact_bar b, one WHERE b.instrument_id = one.instrument_id"
      " AND b.interval_s > length.s) FROM length WHERE length.s IS NOT NULL)"
      " SELECT coalesce(json_agg(s ORDER BY s), '[]')::text FROM length WHERE s IS NOT NULL";
  return ask(sql, {symbol, source});
}

std::string History::alerts(int limit) {
  static const std::string sql = as_json(
      "SELECT alert_id, symbol, rule, severity, interval_s, extract(epoch FROM bar_start)::bigint * 1000 AS"
      " bar_start_ms, extract(epoch FROM bar_end)::bigint * 1000 AS bar_end_ms, message"
      " FROM fact_alert JOIN lane_checkpoint l USING (lane_id) WHERE l.lane = $1"
      " ORDER BY journal_position DESC, alert_id DESC LIMIT $2::int");
  return ask(sql, {std::to_string(limit)});
}

std::string History::quality(int limit) {
  static const std::string sql = as_json(
      "SELECT extract(epoch FROM q.received_time) * 1000 AS received_ms, s.name AS source, i.symbol, q.kind, q.reason,"
      " q.detail, q.journal_position FROM quality_event q JOIN lane_checkpoint l USING (lane_id)"
      " JOIN dim_source s ON s.source_id = q.source_id LEFT JOIN dim_instrument i USING (instrument_id)"
      " WHERE l.lane = $1 ORDER BY q.received_time DESC, q.journal_position DESC LIMIT $2::int");
  return ask(sql, {std::to_string(limit)});
}

std::string History::completeness() {
  static const std::string sql = as_json(
      "SELECT s.name AS source, i.symbol, sum(c.received) AS received, sum(c.stored) AS stored, sum(c.rejected) AS"
      " rejected, sum(c.late) AS late, sum(c.missing) - sum(c.filled) AS missing FROM completeness c"
      " JOIN lane_checkpoint l USING (lane_id) JOIN dim_source s USING (source_id) JOIN dim_instrument i USING"
      " (instrument_id) WHERE l.lane = $1 AND c.minute > now() - interval '1 hour' GROUP BY 1, 2 ORDER BY 1, 2");
  return ask(sql, {});
}

}  // namespace tapeline::app
