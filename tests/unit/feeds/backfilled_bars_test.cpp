// Which bars of one answer count as taken when they happened.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "feeds/wire_fields.hpp"

namespace tapeline::feeds {
namespace {

constexpr Nanos minute = 60 * nanos_per_second;

WireEvent bar(int number, std::uint8_t flags = 0) {
  return {
      .kind = EventKind::source_bar, .flags = flags, .symbol = "AAPL", .event_ns = number * minute, .interval_s = 60};
}

WireEvent reject(int number) { return reject_of("AAPL", number * minute, Reason::no_data, "null"); }

/// A letter for each event: b backfilled, . not.
std::string marks(std::vector<WireEvent> events) {
  mark_backfilled(events);
  std::string marks;
  for (const WireEvent& event : events) marks += (event.flags & event_backfilled) != 0 ? 'b' : '.';
  return marks;
}

TEST(BackfilledBars, AreAllButTheNewestTwo) {
  EXPECT_EQ(marks({}), "");
  EXPECT_EQ(marks({bar(1)}), ".");
  EXPECT_EQ(marks({bar(1), bar(2)}), "..");
  EXPECT_EQ(marks({bar(1), bar(2), bar(3)}), "b..");
  EXPECT_EQ(marks({bar(1), bar(2), bar(3), bar(4), bar(5)}), "bbb..");
}

TEST(BackfilledBars, AreCountedByTheAnswerNotByTheClock) {
  // Friday's last minutes and Monday's first.
  EXPECT_EQ(marks({bar(1), bar(2), bar(4'000)}), "b..");
}

TEST(BackfilledBars, AreWhole) {
  EXPECT_EQ(marks({bar(1), bar(2), bar(3, event_provisional)}), "...");
  EXPECT_EQ(marks({bar(1), bar(2), bar(3), bar(4, event_provisional)}), "b...");
}

TEST(BackfilledBars, AreNotCountedTwiceWhereTheSourceTellsThemTwice) {
  EXPECT_EQ(marks({bar(1), bar(2), bar(2), bar(3)}), "b...");
  EXPECT_EQ(marks({bar(1), bar(1), bar(2), bar(3)}), "bb..");
}

TEST(BackfilledBars, DoNotIncludeWhatIsNoBar) {
  EXPECT_EQ(marks({reject(1), bar(2), reject(3), bar(4), reject(5), bar(6)}), ".b....");
}

TEST(BackfilledBars, KeepTheirOtherFlags) {
  std::vector<WireEvent> events{bar(1, event_final), bar(2), bar(3, event_final)};
  mark_backfilled(events);
  EXPECT_EQ(events[0].flags, event_final | event_backfilled);
  EXPECT_EQ(events[2].flags, event_final);
}

}  // namespace
}  // namespace tapeline::feeds
