// Stamps as text: RFC 3339, Alpha Vantage's wall clock with its summer time, dates, epochs.
#include "app/schedule/session_days.hpp"
#include "core/base/time.hpp"
#include "feeds/alpha_vantage/wire_time.hpp"
#include "feeds/wire_fields.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapeline;
  using fuzz::require;
  static const feeds::alpha_vantage::TimeZones zones;
  fuzz::Input input(data, size);
  const std::string_view text = input.rest();
  if (const auto time = parse_utc(text)) {
    const std::string shown = format_utc(*time);
    const auto again = parse_utc(shown);
    require(again && *again == *time, "a stamp that is read and printed reads the same");
  }
  using feeds::alpha_vantage::Zone;
  for (const Zone zone : {Zone::utc, Zone::new_york}) {
    const auto wall = feeds::alpha_vantage::wall_to_utc(text, zone, zones);
    const auto in_utc = feeds::alpha_vantage::wall_to_utc(text, Zone::utc, zones);
    if (!wall) continue;
    require(in_utc.has_value(), "what one zone shows is a stamp");
    const Nanos behind = *wall - *in_utc;
    require(behind >= 0 && behind <= 5 * 3'600 * nanos_per_second, "New York is four or five hours behind");
  }
  static_cast<void>(feeds::alpha_vantage::session_close(text, zones));
  if (const auto day = app::parse_date(text))
    require(app::parse_date(app::format_date(*day)) == day, "a date reads back");
  for (const Nanos unit : {nanos_per_second, nanos_per_millisecond, nanos_per_microsecond})
    static_cast<void>(feeds::epoch_of(text, unit));
  // And from the number: everything between 1900 and 2191.
  const auto number = static_cast<Nanos>(input.integer<std::uint64_t>() % 9'200'000'000'000'000'000ULL);
  const Nanos time_ns = number - 2'200'000'000'000'000'000;
  const auto read = parse_utc(format_utc(time_ns));
  require(read && *read == time_ns, "a stamp that is printed reads the same");
  return 0;
}
