// Bars of several intervals at once, to the day of New York in which the clocks change.
#include <cstring>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/stages/kernels.hpp"
#include "tests/support/row_catalog.hpp"

namespace tapeline {
namespace {

constexpr SourceCode source{2};
constexpr Nanos second = nanos_per_second;
constexpr Nanos hour = 3'600 * second;
constexpr Nanos march_9 = 1'709'960'400 * second;  // 2024, midnight in New York
constexpr Nanos march_10 = march_9 + 24 * hour;
constexpr Nanos march_11 = march_10 + 23 * hour;
constexpr Nanos march_12 = march_11 + 24 * hour;

class Market {
 public:
  explicit Market(std::vector<std::uint32_t> intervals_s)
      : events_(1'024),
        rows_(1 << 16),
        updates_(1 << 16),
        kernels_(options(std::move(intervals_s)), events_, rows_, updates_) {
    MarketEvent& event = next(EventKind::instrument, 0);
    std::strcpy(event.names.symbol, "AAPL");
    std::strcpy(event.names.native_symbol, "AAPL");
    push();
  }
  void tick(Nanos event_ns, std::int64_t price) {
    MarketEvent& event = next(EventKind::tick, event_ns);
    event.price_mantissa = price;
    event.size_mantissa = 1;
    event.trade_id = ++trade_id_;
    push();
  }
  void clock(Nanos now_ns) {
    static_cast<void>(next(EventKind::clock, now_ns));
    push();
  }

  std::map<std::uint32_t, std::vector<BarRow>> bars;      // by interval
  std::map<std::uint32_t, std::map<Nanos, double>> vwap;  // by interval and start

 private:
  static Kernels::Options options(std::vector<std::uint32_t> intervals_s) {
    Kernels::Options options;
    options.bars.intervals_s = std::move(intervals_s);
    options.bars.quiet_grace_ms = 5'000;
    options.indicators.custom = {{.name = "vwap", .kind = IndicatorKind::vwap}};
    options.catalog = test::default_catalog(options.indicators);
    options.calendar_of = [](SourceCode, std::string_view) {
      return std::make_shared<const TradingCalendar>(Calendar::us_equity, -18'000,
                                                     std::vector<OffsetChange>{{1'710'054'000 * second, -14'400}});
    };
    return options;
  }
  MarketEvent& next(EventKind kind, Nanos event_ns) {
    MarketEvent& event = *events_.try_claim();
    event = {};
    event.kind = kind;
    event.source = source;
    event.position = std::exchange(position_, position_ + 100);
    event.frame_bytes = 100;
    event.event_ns = event.receive_ns = event_ns;
    event.flags = event_ends_frame;
    return event;
  }
  void push() {
    events_.publish();
    while (kernels_.poll() > 0) {
    }
    for (auto ready = rows_.peek(); !ready.empty(); ready = rows_.peek()) {
      for (const Row& row : ready) {
        if (row.kind == RowKind::bar) bars[row.as_bar.interval_s].push_back(row.as_bar);
        if (row.kind == RowKind::values)
          vwap[row.as_values.interval_s][row.as_values.bar_start_ns] = row.as_values.values[0];
      }
      rows_.release(ready.size());
    }
    updates_.release(updates_.peek().size());
  }

  SpscRing<MarketEvent> events_;
  SpscRing<Row> rows_;
  SpscRing<Update> updates_;
  Kernels kernels_;
  JournalPosition position_ = 64;
  std::uint64_t trade_id_ = 0;
};

TEST(Intervals, EqualAnIndependentComputation) {
  const std::vector<std::uint32_t> intervals_s{1, 60, 300, 900, 3'600, 86'400};
  Market market(intervals_s);
  struct Expected {
    std::int64_t open, high, low, close;
    std::uint32_t trades;
  };
  std::map<std::uint32_t, std::map<Nanos, Expected>> expected;
  std::mt19937_64 random(9);
  std::int64_t price = 10'000;
  for (Nanos at = march_9; at < march_12; at += static_cast<Nanos>(1 + random() % 120) * second) {
    price += static_cast<std::int64_t>(random() % 21) - 10;
    market.tick(at, price);
    for (const std::uint32_t interval_s : intervals_s) {
      Nanos start_ns = at - at % (interval_s * second);
      if (interval_s == 86'400) start_ns = at < march_10 ? march_9 : at < march_11 ? march_10 : march_11;
      auto [bar, is_new] = expected[interval_s].try_emplace(start_ns, Expected{price, price, price, price, 0});
      bar->second.high = std::max(bar->second.high, price);
      bar->second.low = std::min(bar->second.low, price);
      bar->second.close = price;
      ++bar->second.trades;
    }
  }
  market.clock(march_12 + hour);
  for (const std::uint32_t interval_s : intervals_s) {
    const std::vector<BarRow>& found = market.bars[interval_s];
    ASSERT_EQ(found.size(), expected[interval_s].size()) << interval_s;
    std::size_t i = 0;
    for (const auto& [start_ns, bar] : expected[interval_s]) {
      const BarRow& row = found[i++];
      ASSERT_EQ(row.start_ns, start_ns) << interval_s;
      ASSERT_EQ(row.open_mantissa, bar.open);
      ASSERT_EQ(row.high_mantissa, bar.high);
      ASSERT_EQ(row.low_mantissa, bar.low);
      ASSERT_EQ(row.close_mantissa, bar.close);
      ASSERT_EQ(row.trades, bar.trades);
      ASSERT_EQ(row.end_ns - row.start_ns,
                interval_s == 86'400 && start_ns == march_10 ? 23 * hour : interval_s * second);
    }
  }
}

TEST(Intervals, CloseADayOf23HoursInAQuietMarketWhenItsEndHasPassed) {
  Market market({60, 86'400});
  market.tick(march_10 + hour, 100);
  market.clock(march_11 + 4 * second);
  EXPECT_TRUE(market.bars[86'400].empty()) << "within the grace";
  market.clock(march_11 + 5 * second);
  ASSERT_EQ(market.bars[86'400].size(), 1U);
  EXPECT_EQ(market.bars[86'400][0].start_ns, march_10);
  EXPECT_EQ(market.bars[86'400][0].end_ns, march_11);
}

TEST(Intervals, CountABarAcrossTheOpeningToTheSessionThatItOpens) {
  constexpr Nanos monday_open = march_11 + 9 * hour + hour / 2;
  Market market({60, 3'600, 86'400});
  market.tick(march_9 + 10 * hour, 7);  // into partial bars
  for (const auto& [at, price] : {std::pair<Nanos, std::int64_t>{march_9 + 34 * hour, 10},
                                  {monday_open - 10 * 60 * second, 20},
                                  {monday_open + 1 * second, 40},
                                  {monday_open + hour, 50}}) {
    market.tick(at, price);
  }
  market.clock(march_12 + hour);
  const auto of = [&](std::uint32_t interval_s, Nanos at) {
    Nanos start_ns = at - at % (Nanos{interval_s} * second);
    if (interval_s == 86'400) start_ns = at < march_11 ? march_10 : march_11;
    return market.vwap.at(interval_s).at(start_ns);
  };
  // Minutes: Sunday and Monday before the opening are one session, Friday's; then it counts anew.
  EXPECT_EQ(of(60, monday_open - 10 * 60 * second), 15);
  EXPECT_EQ(of(60, monday_open), 40);
  EXPECT_EQ(of(60, monday_open + hour), 45);
  // The hour from 09:00 to 10:00 opens the session: (40 + 20 + 40) / 3, of volume 2.
  EXPECT_DOUBLE_EQ(of(3'600, monday_open), 100.0 / 3);
  EXPECT_DOUBLE_EQ(of(3'600, monday_open + hour), (2 * 100.0 / 3 + 50) / 3);
  // A day is a session of its own: (50 + 20 + 50) / 3.
  EXPECT_DOUBLE_EQ(of(86'400, monday_open), 40);
}

TEST(Intervals, AnnualiseByTheCalendarOfTheInstrument) {
  Market market({60, 86'400});
  market.tick(march_10 + hour, 100);
  market.clock(march_12);
  EXPECT_EQ(market.bars[86'400][0].periods_per_year, 252);
  EXPECT_EQ(market.bars[60][0].periods_per_year, 252 * 390);
}

}  // namespace
}  // namespace tapeline
