// A crontab line: when it is due lies ahead, and is the first time that it is due.
#include "app/schedule/cron.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapeline;
  using fuzz::require;
  static const app::SessionDays days = *app::SessionDays::named("always");
  // A zone with a summer time in 2024 and none before and after.
  static const TradingCalendar zone(Calendar::crypto, -18'000,
                                    {{1'710'054'000'000'000'000, -14'400}, {1'730'613'600'000'000'000, -18'000}});
  fuzz::Input input(data, size);
  const Nanos after =
      1'700'000'000'000'000'000 + static_cast<Nanos>(input.integer<std::uint32_t>() % 40'000'000) * nanos_per_second;
  const auto cron = app::Cron::parse(input.rest());
  if (!cron) {
    require(!cron.error().empty(), "what is refused says why");
    return 0;
  }
  const auto next = cron->next(after, zone, days);
  if (!next) return 0;
  require(*next > after, "it is due in the future");
  const auto same = cron->next(*next - 1, zone, days);
  require(same && *same == *next, "nothing is due in between");
  return 0;
}
