// Bars that a source delivers and corrects: after a correction everything is as if it had come so at first.
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/stages/kernels.hpp"

namespace tapeline {
namespace {

constexpr SourceCode source{2};
constexpr Nanos second = nanos_per_second;
constexpr std::uint32_t minute_s = 60;
constexpr Nanos minute = minute_s * second;
constexpr Nanos first_start = 1'720'000'020 * second;  // a full minute

struct SourceBar {
  std::int64_t number;  // of the bar, in minutes from the first
  std::int64_t close;
  std::int64_t volume = 5;
  std::uint8_t flags = 0;
};

/// A Kernels stage of one instrument that is given frames of source bars.
class Series {
 public:
  Series() : events_(1'024), rows_(1 << 16), updates_(1 << 16), kernels_(options(), events_, rows_, updates_) {
    MarketEvent& event = next(EventKind::instrument);
    std::strcpy(event.names.symbol, "AAPL");
    std::strcpy(event.names.native_symbol, "AAPL");
    event.flags = event_ends_frame;
    push();
  }

  void frame(const std::vector<SourceBar>& bars) {
    for (const SourceBar& bar : bars) {
      MarketEvent& event = next(EventKind::source_bar);
      event.event_ns = first_start + bar.number * minute;
      event.price_mantissa = bar.close;
      event.price_exponent = -2;
      event.size_mantissa = bar.volume;
      event.bar = {bar.close - 1, bar.close + 2, bar.close - 3, minute_s};
      event.flags = static_cast<std::uint8_t>(bar.flags | (&bar == &bars.back() ? event_ends_frame : 0));
      push();
    }
    position_ += 100;
  }

  /// As the database has them: the newest row of each bar.
  [[nodiscard]] std::map<Nanos, BarRow> bars() const {
    std::map<Nanos, BarRow> newest;
    for (const Row& row : all_rows) {
      if (row.kind == RowKind::bar) newest[row.as_bar.start_ns] = row.as_bar;
    }
    return newest;
  }
  [[nodiscard]] std::vector<Row> rows(RowKind kind) const {
    std::vector<Row> chosen;
    for (const Row& row : all_rows) {
      if (row.kind == kind) chosen.push_back(row);
    }
    return chosen;
  }

  std::vector<Row> all_rows;
  std::vector<Update> all_updates;

 private:
  static Kernels::Options options() {
    Kernels::Options options;
    options.indicators = {
        .sma_length = 5, .rsi_length = 4, .bollinger_length = 5, .bollinger_width = 2, .volatility_length = 3};
    options.alerts.max_age_s = 2'000'000'000;
    std::vector<RuleConfig> rules = default_rules();
    for (RuleConfig& rule : rules) rule.cooldown_s = 0;
    options.catalog = make_row_catalog(options.indicators, rules, "c0ffee");
    options.calendar_of = [](SourceCode, std::string_view) { return std::make_shared<const TradingCalendar>(); };
    return options;
  }
  MarketEvent& next(EventKind kind) {
    MarketEvent& event = *events_.try_claim();
    event = {};
    event.kind = kind;
    event.source = source;
    event.instrument = 0;
    event.position = position_;
    event.frame_bytes = 100;
    event.receive_ns = first_start + 10'000 * minute;
    return event;
  }
  void push() {
    events_.publish();
    while (kernels_.poll() > 0) {
    }
    for (auto ready = rows_.peek(); !ready.empty(); ready = rows_.peek()) {
      all_rows.insert(all_rows.end(), ready.begin(), ready.end());
      rows_.release(ready.size());
    }
    for (auto ready = updates_.peek(); !ready.empty(); ready = updates_.peek()) {
      all_updates.insert(all_updates.end(), ready.begin(), ready.end());
      updates_.release(ready.size());
    }
  }

  SpscRing<MarketEvent> events_;
  SpscRing<Row> rows_;
  SpscRing<Update> updates_;
  Kernels kernels_;
  JournalPosition position_ = 64;
};

bool same_bits(double left, double right) { return std::memcmp(&left, &right, sizeof left) == 0; }

void expect_equal(const std::map<Nanos, BarRow>& actual, const std::map<Nanos, BarRow>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [start_ns, bar] : expected) {
    const BarRow& found = actual.at(start_ns);
    const auto number = (start_ns - first_start) / minute;
    EXPECT_EQ(found.close_mantissa, bar.close_mantissa) << number;
    EXPECT_EQ(found.high_mantissa, bar.high_mantissa) << number;
    EXPECT_TRUE(found.volume_mantissa == bar.volume_mantissa) << number;
    EXPECT_EQ(found.bars_seen, bar.bars_seen) << number;
    EXPECT_EQ(found.signal, bar.signal) << number;
    EXPECT_EQ(found.trend, bar.trend) << number;
    for (const auto member :
         {&BarRow::sma, &BarRow::rsi, &BarRow::bb_mid, &BarRow::bb_sigma, &BarRow::bb_upper, &BarRow::bb_lower,
          &BarRow::percent_b, &BarRow::volatility, &BarRow::volatility_annual, &BarRow::change, &BarRow::change_pct}) {
      EXPECT_TRUE(same_bits(found.*member, bar.*member)) << number << ": " << found.*member << ", " << bar.*member;
    }
  }
}

std::vector<SourceBar> walk(std::int64_t count, std::mt19937_64& random) {
  std::vector<SourceBar> bars;
  std::int64_t close = 10'000;
  for (std::int64_t number = 0; number < count; ++number) {
    close += static_cast<std::int64_t>(random() % 201) - 100;
    bars.push_back({number, close});
  }
  return bars;
}

TEST(SourceCorrections, LeaveRowsAsIfTheCorrectedBarsHadComeAtFirst) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 40; ++round) {
    std::vector<SourceBar> bars = walk(20 + static_cast<std::int64_t>(random() % 600), random);
    Series corrected;
    for (std::size_t taken = 0; taken < bars.size();) {
      // Each answer has some of the last bars again, several of them changed, and then new ones.
      std::vector<SourceBar> answer;
      const std::size_t again = std::min<std::size_t>(taken, random() % 30);
      for (std::size_t i = taken - again; i < taken; ++i) {
        if (random() % 5 == 0) bars[i].close += static_cast<std::int64_t>(random() % 401) - 200;
        if (random() % 9 == 0) bars[i].volume += 1;
        answer.push_back(bars[i]);
      }
      const std::size_t fresh = std::min<std::size_t>(bars.size() - taken, random() % 20);
      for (std::size_t i = 0; i < fresh; ++i) answer.push_back(bars[taken++]);
      if (!answer.empty()) corrected.frame(answer);
    }
    Series from_the_start;
    from_the_start.frame(bars);
    expect_equal(corrected.bars(), from_the_start.bars());
  }
}

TEST(SourceCorrections, ReachBackOverTheBarsThatAreKept) {
  std::mt19937_64 random(4);
  constexpr auto kept = static_cast<std::int64_t>(EvaluatedBars::recomputed_max);
  std::vector<SourceBar> bars = walk(kept + 50, random);
  Series series;
  series.frame(bars);
  const auto before = series.bars();

  SourceBar too_old = bars[49];
  too_old.close += 500;
  series.frame({too_old});
  expect_equal(series.bars(), before);
  auto quality = series.rows(RowKind::quality);
  ASSERT_EQ(quality.size(), 1U);
  EXPECT_EQ(quality[0].as_quality.reason, Reason::source_correction);
  EXPECT_NE(std::string(quality[0].as_quality.detail).find("the first ones stay"), std::string::npos);
  series.frame({too_old});
  EXPECT_EQ(series.rows(RowKind::quality).size(), 1U) << "told once";

  bars[50].close += 500;
  series.frame({bars[50]});
  Series from_the_start;
  from_the_start.frame(bars);
  expect_equal(series.bars(), from_the_start.bars());
}

TEST(SourceCorrections, AreRecordedWithBothCloses) {
  Series series;
  series.frame({{0, 10'000}, {1, 10'100}});
  series.frame({{1, 10'150}});
  const auto quality = series.rows(RowKind::quality);
  ASSERT_EQ(quality.size(), 1U);
  EXPECT_STREQ(quality[0].as_quality.detail, "a closed bar came again: close 101.5, was 101");
  EXPECT_EQ(quality[0].as_quality.event_ns, first_start + minute);
  const auto bars = series.rows(RowKind::bar);
  ASSERT_EQ(bars.size(), 3U);
  EXPECT_EQ(bars[2].position, quality[0].position) << "the frame that corrected it";
  EXPECT_TRUE(bars[2].ends_frame);
}

TEST(SourceCorrections, ComputeOnceForAllThatOneAnswerCorrects) {
  std::mt19937_64 random(5);
  std::vector<SourceBar> bars = walk(100, random);
  Series series;
  series.frame(bars);
  for (SourceBar& bar : bars) bar.close += 1'000;
  series.frame(bars);
  EXPECT_EQ(series.rows(RowKind::bar).size(), 200U);
  EXPECT_EQ(series.rows(RowKind::quality).size(), 100U);
}

TEST(SourceCorrections, SignalAndAlertNothingOfThePast) {
  Series series;
  std::vector<SourceBar> bars;
  for (std::int64_t number = 0; number < 12; ++number) bars.push_back({number, 10'000 + (number % 2) * 10});
  series.frame(bars);
  const std::size_t signals = series.rows(RowKind::signal).size();
  const std::size_t alerts = series.rows(RowKind::alert).size();
  // Seen with the right numbers this had been a fall to RSI below 30, with a significant move.
  for (std::size_t i = 6; i < bars.size(); ++i) bars[i].close = 9'000 - 100 * static_cast<std::int64_t>(i);
  series.frame(bars);
  EXPECT_EQ(series.bars().rbegin()->second.signal, Signal::buy);
  EXPECT_EQ(series.rows(RowKind::signal).size(), signals);
  EXPECT_EQ(series.rows(RowKind::alert).size(), alerts);
  EXPECT_EQ(series.all_updates.back().as_latest.signal, Signal::buy) << "what is current is shown";
  // The future goes on from the corrected state: no change of signal, no edge of the rule.
  series.frame({{12, 7'800}});
  EXPECT_EQ(series.rows(RowKind::signal).size(), signals);
}

TEST(SourceBars, ComeOnceByTheirStartInOneAnswerToo) {
  // Yahoo has sent one minute twice, first without its volume.
  Series series;
  series.frame({{0, 10'000}, {1, 10'100, 0}, {1, 10'100, 700}, {2, 10'200}});
  const auto bars = series.bars();
  ASSERT_EQ(bars.size(), 3U);
  EXPECT_TRUE(bars.at(first_start + minute).volume_mantissa == 700);
  Series right;
  right.frame({{0, 10'000}, {1, 10'100, 700}, {2, 10'200}});
  expect_equal(bars, right.bars());
}

TEST(SourceBars, KeepWhetherTheyWereBackfilledAtFirst) {
  Series series;
  series.frame({{0, 10'000, 5, event_backfilled}, {1, 10'100}});
  // The next answer sees both far behind its newest, and corrects them;
  series.frame({{0, 10'050}, {1, 10'150, 5, event_backfilled}, {2, 10'200, 5, event_backfilled}, {3, 10'250}});
  const auto bars = series.bars();
  ASSERT_EQ(bars.size(), 4U);
  EXPECT_EQ(bars.at(first_start).close_mantissa, 10'050);
  EXPECT_EQ(bars.at(first_start + minute).close_mantissa, 10'150);
  std::vector<bool> marked;
  for (const auto& [start_ns, bar] : bars) marked.push_back(bar.is_backfilled);
  EXPECT_EQ(marked, (std::vector<bool>{true, false, true, false}));
}

TEST(SourceBars, AreTakenWhenTheLivePointHasBecomeABar) {
  // The last element of a chart is the latest trade; in the next answer the minute stands in its place.
  Series series;
  series.frame({{0, 10'000}, {1, 10'100}, {2, 10'250, 0, event_provisional}});
  EXPECT_EQ(series.bars().size(), 2U);
  EXPECT_EQ(series.all_updates.back().as_latest.price_mantissa, 10'250);
  series.frame({{0, 10'000}, {1, 10'120}, {2, 10'240, 900}, {3, 10'260, 0, event_provisional}});
  Series right;
  right.frame({{0, 10'000}, {1, 10'120}, {2, 10'240, 900}});
  expect_equal(series.bars(), right.bars());
}

}  // namespace
}  // namespace tapeline
