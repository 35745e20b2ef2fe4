#include "app/webhooks/delivery_store.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tapeline::app {
namespace {

constexpr std::size_t answer_bytes_max = 300;

std::string array_of(const std::vector<std::string>& texts) { return fmt::format("{{{}}}", fmt::join(texts, ",")); }

/// Those of at least that severity.
std::string severities_from(Severity least) {
  std::vector<std::string> names;
  for (const Severity severity : {Severity::info, Severity::warning, Severity::critical}) {
    if (severity >= least) names.emplace_back(to_string(severity));
  }
  return array_of(names);
}

/// What is sent of an alert that bears `message`, a column or an expression.
std::string body_of(WebhookFormat format, const char* alert) {
  if (format == WebhookFormat::slack) return fmt::format("json_build_object('text', {}->>'message')::text", alert);
  return fmt::format("{}::text", alert);
}

}  // namespace

DeliveryStore::DeliveryStore(Secret dsn, int call_timeout_ms, std::string lane)
    : connection_(std::move(dsn), call_timeout_ms), lane_(std::move(lane)) {}

DeliveryStore::Rows DeliveryStore::ask(const std::string& sql, const std::vector<std::string>& parameters) {
  const bool is_ready =
      connection_.is_open() ||
      (connection_.open() && connection_.execute("SET client_min_messages = warning; SET TimeZone = 'UTC'"));
  auto rows = is_ready ? connection_.query(sql, parameters) : std::nullopt;
  if (rows) return std::move(*rows);
  const std::string error = connection_.error();
  connection_.close();
  throw std::runtime_error("PostgreSQL: " + error);
}

void DeliveryStore::queue(const std::vector<WebhookConfig>& webhooks) {
  for (const WebhookConfig& webhook : webhooks) {
    ask("INSERT INTO webhook (lane, name, position) SELECT $1, $2, position FROM lane_checkpoint WHERE lane = $1 "
        "ON CONFLICT DO NOTHING",
        {lane_, webhook.name});
    // Rows of a lane become visible in the order of the journal, so that the mark passes over none.
    ask("WITH mark AS (SELECT position FROM webhook WHERE lane = $1 AND name = $2 FOR UPDATE), fresh AS ("
        "SELECT f.alert_id, f.rule, f.severity, f.journal_position, json_build_object('alert_id', f.alert_id, 'rule',"
        " f.rule, 'severity', f.severity, 'symbol', f.symbol, 'source', s.name, 'interval_s', f.interval_s, "
        "'bar_start',"
        " f.bar_start, 'bar_end', f.bar_end, 'signal', f.signal, 'trend', f.trend, 'close', f.close, 'rsi', f.rsi,"
        " 'sma', f.sma, 'bb_upper', f.bb_upper, 'bb_lower', f.bb_lower, 'change_pct', f.change_pct, 'journal_position',"
        " f.journal_position, 'message', f.message, 'evidence', f.evidence) AS alert FROM fact_alert f"
        " JOIN lane_checkpoint l USING (lane_id) JOIN dim_source s USING (source_id), mark WHERE l.lane = $1"
        " AND f.journal_position > mark.position), moved AS (UPDATE webhook SET position = (SELECT "
        "max(journal_position)"
        " FROM fresh) WHERE lane = $1 AND name = $2 AND EXISTS (SELECT FROM fresh))"
        " INSERT INTO alert_delivery (lane, webhook, alert_id, body) SELECT $1, $2, alert_id, " +
            body_of(webhook.format, "alert") +
            " FROM fresh WHERE severity = ANY ($3::text[]) AND ($4::text[] = '{}' OR rule = ANY ($4::text[]))"
            " ORDER BY journal_position ON CONFLICT DO NOTHING",
        {lane_, webhook.name, severities_from(webhook.severity), array_of(webhook.rules)});
    ask("INSERT INTO alert_delivery (lane, webhook, alert_id, body) SELECT $1, $2, j.alert_id, " +
            body_of(
                webhook.format,
                "json_build_object('alert_id', j.alert_id, 'rule', j.rule, 'severity', 'warning', 'symbol', j.symbol,"
                " 'source', s.name, 'session_date', j.session_date, 'change_pct', j.change_pct, 'message', "
                "j.message)") +
            " FROM job_alert j JOIN dim_source s USING (source_id) JOIN webhook w ON w.lane = j.lane AND w.name = $2"
            " WHERE j.lane = $1 AND j.fired_at >= w.since AND 'warning' = ANY ($3::text[]) AND ($4::text[] = '{}'"
            " OR j.rule = ANY ($4::text[])) AND NOT EXISTS (SELECT FROM alert_delivery d WHERE d.lane = $1"
            " AND d.webhook = $2 AND d.alert_id = j.alert_id) ON CONFLICT DO NOTHING",
        {lane_, webhook.name, severities_from(webhook.severity), array_of(webhook.rules)});
  }
}

std::vector<Delivery> DeliveryStore::due() {
  std::vector<Delivery> deliveries;
  for (auto& row :
       ask("SELECT webhook, alert_id, body, attempts FROM alert_delivery WHERE lane = $1 AND status = 'waiting'"
           " AND next_attempt_at <= clock_timestamp() ORDER BY next_attempt_at, alert_id LIMIT 100",
           {lane_})) {
    Delivery delivery{.webhook = std::move(row[0]), .alert_id = std::move(row[1]), .body = std::move(row[2])};
    std::from_chars(row[3].data(), row[3].data() + row[3].size(), delivery.attempts);
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

void DeliveryStore::settle(const Delivery& delivery, const char* status, const std::string& answer, int delay_s) {
  ask("UPDATE alert_delivery SET status = $4, answer = $5, attempts = attempts + 1, changed_at = clock_timestamp(),"
      " next_attempt_at = clock_timestamp() + make_interval(secs => $6::int)"
      " WHERE lane = $1 AND webhook = $2 AND alert_id = $3",
      {lane_, delivery.webhook, delivery.alert_id, status, answer.substr(0, answer_bytes_max),
       std::to_string(delay_s)});
}

void DeliveryStore::delivered(const Delivery& delivery, const std::string& answer) {
  settle(delivery, "delivered", answer, 0);
}
void DeliveryStore::failed(const Delivery& delivery, const std::string& answer, int delay_s) {
  settle(delivery, "waiting", answer, delay_s);
}
void DeliveryStore::dead(const Delivery& delivery, const std::string& answer) { settle(delivery, "dead", answer, 0); }

}  // namespace tapeline::app
