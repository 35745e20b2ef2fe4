#include "app/service/live_json.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "app/service/status_json.hpp"
#include "app/stage_options.hpp"
#include "core/base/decimal.hpp"
#include "core/base/json_text.hpp"

namespace tapeline::app {
namespace {

constexpr Nanos status_interval_ns = nanos_per_second;

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "null"; }

/// A price of the newest quote: a text, to be shown as it is.
std::string side_of(std::int64_t mantissa, std::int8_t exponent) {
  return mantissa == 0 ? "null" : '"' + to_string(Int128{mantissa}, exponent) + '"';
}

std::string latest_json(std::size_t index, const BoardLine& line) {
  const Latest& latest = line.latest;
  return fmt::format(
      "{{\"i\":{},\"symbol\":{},\"source\":{},\"price\":\"{}\",\"bid\":{},\"ask\":{},\"event_ms\":{},\"received_ms\":{}"
      ",\"interval_s\":{},"
      "\"rsi\":{},\"rsi_now\":{},\"sma\":{},\"bb_upper\":{},\"bb_lower\":{},\"change_pct\":{},\"volatility\":{},"
      "\"signal\":\"{}\",\"reason\":\"{}\",\"trend\":\"{}\",\"ticks\":{}}}",
      index, json_string(line.symbol), json_string(source_name(line.source)),
      to_string(Int128{latest.price_mantissa}, latest.price_exponent),
      side_of(latest.bid_mantissa, latest.bid_exponent), side_of(latest.ask_mantissa, latest.ask_exponent),
      latest.event_ns / nanos_per_millisecond, latest.receive_ns / nanos_per_millisecond, latest.interval_s,
      number(latest.rsi), number(latest.provisional_rsi), number(latest.sma), number(latest.bb_upper),
      number(latest.bb_lower), number(latest.change_pct), number(latest.volatility), to_string(latest.signal),
      to_string(latest.signal_reason), to_string(latest.trend), latest.ticks);
}

std::string alert_json(const BoardAlert& one) {
  const AlertRow& alert = one.alert;
  return fmt::format(
      "{{\"alert_id\":\"{}-{}\",\"symbol\":{},\"rule\":{},\"severity\":\"{}\",\"interval_s\":{},\"bar_start_ms\":{},"
      "\"bar_end_ms\":{},\"message\":{}}}",
      alert.id_millis, alert.id_sequence, json_string(one.symbol), json_string(alert.rule), to_string(alert.severity),
      alert.interval_s, alert.bar_start_ns / nanos_per_millisecond, alert.bar_end_ns / nanos_per_millisecond,
      json_string(one.message));
}

void add(std::string& list, const std::string& one) {
  if (!list.empty()) list += ',';
  list += one;
}

}  // namespace

LiveJson::LiveJson(const Lane& lane, const HealthMonitor& monitor, std::string configuration_hash)
    : lane_(lane), monitor_(monitor), configuration_hash_(std::move(configuration_hash)) {}

std::string LiveJson::next() {
  std::string latest;
  for (const auto& [index, line] : lane_.board().changes_since(version_)) add(latest, latest_json(index, line));
  std::string alerts;
  const std::uint64_t alert_count = lane_.board().alert_count();
  if (alert_count > alerts_told_) {
    const std::vector<BoardAlert> newest = lane_.board().alerts();
    // One that came between the two questions is told now, and again next time: its id tells the page that it has it.
    const std::size_t fresh = std::min<std::size_t>(newest.size(), alert_count - alerts_told_);
    for (std::size_t i = newest.size() - fresh; i < newest.size(); ++i) add(alerts, alert_json(newest[i]));
    alerts_told_ = alert_count;
  }
  std::string parts;
  if (!latest.empty()) add(parts, "\"latest\":[" + latest + ']');
  if (!alerts.empty()) add(parts, "\"alerts\":[" + alerts + ']');
  if (const Nanos now_ns = steady_now_ns(); now_ns >= next_status_ns_) {
    next_status_ns_ = now_ns + status_interval_ns;
    add(parts, "\"status\":" + status_json(lane_.stats(), monitor_.report(), configuration_hash_));
  }
  return parts.empty() ? "" : '{' + parts + '}';
}

}  // namespace tapeline::app
