#include <algorithm>

#include <fmt/format.h>

#include "app/explain/report.hpp"
#include "app/stage_options.hpp"
#include "core/base/json_text.hpp"

namespace tapeline::app {
namespace {

constexpr std::size_t ends_shown = 5;

template <class Range, class Text>
std::string json_array(const Range& range, Text text) {
  std::string array;
  for (const auto& item : range) array += (array.empty() ? "" : ",") + text(item);
  return "[" + array + "]";
}

std::string tick_json(const Evidence::Tick& tick) {
  return fmt::format(R"({{"event_time":"{}","price":{},"size":{},"trade_id":{},"journal_position":{}}})",
                     format_utc(tick.event_ns), to_string(tick.price), to_string(tick.size),
                     tick.trade_id != 0 ? std::to_string(tick.trade_id) : "null", tick.position);
}

std::string ticks_json(const Evidence& evidence, Ticks shown) {
  std::vector<Evidence::Tick> ticks = evidence.ticks();
  const std::size_t count = ticks.size();
  if (shown == Ticks::ends && count > 2 * ends_shown) {
    ticks.erase(ticks.begin() + ends_shown, ticks.end() - ends_shown);
  }
  return fmt::format(R"({{"count":{},"shown":{}}})", count, json_array(ticks, tick_json));
}

std::string bar_json(const Evidence& evidence) {
  if (!evidence.bar()) return "null";
  const BarRow& bar = evidence.bar()->as_bar;
  const auto price = [&](std::int64_t mantissa) { return to_string(Int128{mantissa}, bar.price_exponent); };
  return fmt::format(
      R"({{"start":"{}","interval_s":{},"open":{},"high":{},"low":{},"close":{},"volume":{},"trades":{},"bars_seen":{}}})",
      format_utc(bar.start_ns), bar.interval_s, price(bar.open_mantissa), price(bar.high_mantissa),
      price(bar.low_mantissa), price(bar.close_mantissa), to_string(bar.volume_mantissa, bar.volume_exponent),
      bar.trades, bar.bars_seen);
}

}  // namespace

bool Explanation::is_same() const {
  return !fields.empty() && std::all_of(fields.begin(), fields.end(), [](const auto& field) { return field.is_same; });
}

std::string report_json(const Explanation& explanation, Ticks ticks) {
  const Evidence& evidence = explanation.evidence;
  std::vector<std::string> differing;
  for (const ComparedField& field : explanation.fields) {
    if (!field.is_same) differing.push_back(field.name);
  }
  const auto closes = json_array(evidence.closes(), [](const Evidence::Close& close) {
    return fmt::format(R"({{"bar_start":"{}","close":{}}})", format_utc(close.bar_start_ns), to_string(close.price));
  });
  const auto notes = json_array(evidence.notes(), [](const Row& note) {
    return fmt::format(R"({{"kind":"{}","reason":"{}","detail":{},"received_time":"{}","journal_position":{}}})",
                       to_string(note.as_quality.kind), to_string(note.as_quality.reason),
                       json_string(note.as_quality.detail), format_utc(note.receive_ns), note.position);
  });
  const auto fields = json_array(explanation.fields, [](const ComparedField& field) {
    return fmt::format(R"({{"name":{},"stored":{},"recomputed":{},"same":{}}})", json_string(field.name),
                       json_string(field.stored), json_string(field.recomputed), field.is_same);
  });
  return fmt::format(
      R"({{"what":"{}","alert_id":{},"symbol":{},"source":{},"lane":{},"journal":{},"unreadable":{},)"
      R"("configuration":{{"stored":{},"present":"{}"}},"journal_position":{},"is_found":{},"is_same":{},"differing":{},)"
      R"("bar":{},"ticks":{},"closes":{},"quality":{},"fields":{}}})",
      explanation.alert_id.empty() ? "bar" : "alert",
      explanation.alert_id.empty() ? "null" : json_string(explanation.alert_id), json_string(explanation.symbol),
      json_string(explanation.stored.source_name), json_string(explanation.stored.lane),
      json_string(explanation.extent.config.directory), explanation.unreadable,
      explanation.batch ? json_string(explanation.batch->configuration_hash) : "null", explanation.configuration_hash,
      explanation.frame.position, !explanation.fields.empty(), explanation.is_same(),
      json_array(differing, [](const std::string& name) { return json_string(name); }), bar_json(evidence),
      ticks_json(evidence, ticks), closes, notes, fields);
}

}  // namespace tapeline::app
