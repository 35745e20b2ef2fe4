#include "app/calendar/time_zone.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <date/tz.h>

#include "app/calendar/posix_rule.hpp"

namespace tapeline::app {
namespace {

using date::sys_seconds;

constexpr int year_first = 1900;
constexpr int year_last = 2199;
constexpr sys_seconds table_begin = date::sys_days(date::year(year_first) / 1 / 1);
constexpr sys_seconds table_end = date::sys_days(date::year(year_last + 1) / 1 / 1);

const date::tzdb& database() {
  try {
    return date::get_tzdb();
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string("the machine's time zones cannot be read: ") + error.what() +
                             "; install the package tzdata");
  }
}

const date::time_zone* find(std::string_view name) {
  const auto& zones = database().zones;
  const auto at = std::find_if(zones.begin(), zones.end(), [&](const auto& zone) { return zone.name() == name; });
  return at == zones.end() ? nullptr : &*at;
}

/// How the zone goes on after its last written change, which is the last line of its file. The library does not read
/// it: without it New York would stay in winter time from 2038 on.
PosixRule rule_of(const std::string& name) {
  const std::string path = "/usr/share/zoneinfo/" + name;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (bytes.ends_with('\n')) bytes.pop_back();
  const auto rule = PosixRule::parse(std::string_view(bytes).substr(bytes.rfind('\n') + 1));
  if (!rule) throw std::runtime_error(path + ": ends without a rule for the years to come; install the package tzdata");
  return *rule;
}

/// The offsets of a zone, written down where they change.
class OffsetTable {
 public:
  explicit OffsetTable(std::int64_t first_offset_s)
      : first_offset_s_(static_cast<std::int32_t>(first_offset_s)), last_offset_s_(first_offset_s_) {}

  void add(Nanos from_ns, std::int64_t offset_s) {
    if (offset_s == last_offset_s_) return;
    last_offset_s_ = static_cast<std::int32_t>(offset_s);
    changes_.push_back({from_ns, last_offset_s_});
  }
  [[nodiscard]] TradingCalendar calendar(Calendar kind) && { return {kind, first_offset_s_, std::move(changes_)}; }

 private:
  std::vector<OffsetChange> changes_;
  std::int32_t first_offset_s_;
  std::int32_t last_offset_s_;
};

Nanos to_nanos(sys_seconds time) { return Nanos{time.time_since_epoch().count()} * nanos_per_second; }

}  // namespace

bool is_time_zone(std::string_view name) { return find(name) != nullptr; }

std::vector<std::string> time_zone_names() {
  std::vector<std::string> names;
  for (const date::time_zone& zone : database().zones) names.push_back(zone.name());
  return names;
}

TradingCalendar make_trading_calendar(Calendar kind, const std::string& time_zone) {
  const date::time_zone* zone = find(time_zone);
  if (zone == nullptr) throw std::invalid_argument("\"" + time_zone + "\" is no time zone of the IANA database");
  date::sys_info span = zone->get_info(table_begin);
  OffsetTable table(span.offset.count());
  while (span.end < table_end) {
    const sys_seconds begin = span.end;
    span = zone->get_info(begin);
    table.add(to_nanos(begin), span.offset.count());
  }
  if (const PosixRule rule = rule_of(time_zone); rule.has_summer_time()) {
    const Nanos last_written_ns = to_nanos(std::max(span.begin, table_begin));
    const auto year = date::year_month_day(date::floor<date::days>(std::max(span.begin, table_begin))).year();
    for (int next = static_cast<int>(year); next <= year_last; ++next) {
      for (const OffsetChange& change : rule.changes_of(std::chrono::year(next))) {
        if (change.at_ns > last_written_ns) table.add(change.at_ns, change.offset_s);
      }
    }
  }
  return std::move(table).calendar(kind);
}

}  // namespace tapeline::app
