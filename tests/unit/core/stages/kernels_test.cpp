#include "core/stages/kernels.hpp"

#include <atomic>
#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr SourceCode source{4};
constexpr Nanos second = nanos_per_second;
constexpr Nanos received = 1'700'000'000 * second;  // of every event

/// Feeds events to a Kernels stage and collects what comes out, whatever the sizes of the rings.
class Harness {
 public:
  explicit Harness(Kernels::Options options = make_options(), std::size_t ring = 1'024)
      : events_(ring), rows_(ring), updates_(ring), kernels_(std::move(options), events_, rows_, updates_) {}

  static Kernels::Options make_options() {
    Kernels::Options options;
    options.bars.intervals_s = {1};
    options.bars.quiet_grace_ms = 5'000;
    options.indicators = {
        .sma_length = 3, .rsi_length = 2, .bollinger_length = 3, .bollinger_width = 2, .volatility_length = 2};
    options.alerts.max_age_s = 2'000'000'000;
    options.quality.stale_event_ms = 0;  // events here begin in 1970
    std::vector<RuleConfig> rules = default_rules();
    for (RuleConfig& rule : rules) rule.cooldown_s = 0;
    rules.back().when = "abs(change_pct) >= 50";
    options.catalog = make_row_catalog(options.indicators, rules, "c0ffee");
    options.calendar_of = [](SourceCode, std::string_view) { return std::make_shared<const TradingCalendar>(); };
    return options;
  }

  void instrument(const char* symbol) {
    MarketEvent& event = next(EventKind::instrument);
    event.instrument = instruments_++;
    std::strcpy(event.names.symbol, symbol);
    std::strcpy(event.names.native_symbol, symbol);
    push();
  }
  void tick(Nanos event_ns, std::string_view price, std::uint64_t trade_id, InstrumentIndex instrument = 0) {
    MarketEvent& event = next(EventKind::tick);
    const Decimal value = *parse_decimal(price);
    event.instrument = instrument;
    event.event_ns = event_ns;
    event.price_mantissa = value.mantissa;
    event.price_exponent = value.exponent;
    event.size_mantissa = 1;
    event.size_exponent = 0;
    event.trade_id = trade_id;
    push();
  }
  void source_bar(Nanos start_ns, std::int64_t close, std::uint8_t flags = 0) {
    MarketEvent& event = next(EventKind::source_bar);
    event.instrument = 0;
    event.event_ns = start_ns;
    event.receive_ns = 1'000'000 * second;
    event.flags |= flags;
    event.price_mantissa = close;
    event.price_exponent = 0;
    event.size_mantissa = 5;
    event.size_exponent = 0;
    event.bar = {close, close + 1, close - 1, 60};
    push();
  }
  void clock(Nanos now_ns) {
    next(EventKind::clock).event_ns = now_ns;
    push();
  }
  void end() {
    next(EventKind::end_of_input);
    push();
  }

  [[nodiscard]] std::vector<Row> rows(RowKind kind) const {
    std::vector<Row> chosen;
    for (const Row& row : all_rows) {
      if (row.kind == kind) chosen.push_back(row);
    }
    return chosen;
  }
  [[nodiscard]] const KernelsCounts& counts() const { return kernels_.counts(); }

  std::vector<Row> all_rows;
  std::vector<Update> all_updates;

 private:
  MarketEvent& next(EventKind kind) {
    MarketEvent& event = *events_.try_claim();
    event = {};
    event.kind = kind;
    event.source = source;
    event.instrument = no_instrument;
    event.position = position_;
    event.frame_bytes = 100;
    event.receive_ns = received;
    event.flags = event_ends_frame;
    position_ += 100;
    return event;
  }
  void push() {
    events_.publish();
    // Drained only now and then: what finds no room in the rings must wait, in order, and get through.
    while (kernels_.poll() > 0 || events_.depth_approx() > 0) collect();
    while (!kernels_.drained()) collect();
    collect();
  }
  void collect() {
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
  InstrumentIndex instruments_ = 0;
  JournalPosition position_ = 64;
};

TEST(Kernels, WriteEachTickAndCloseABarWhenTheWatermarkHasPassedItAndTheLateness) {
  auto options = Harness::make_options();
  options.lateness_ns[static_cast<std::size_t>(source)] = second / 2;
  Harness harness(options);
  harness.instrument("BTCUSDT");
  harness.tick(10 * second, "100", 1);
  harness.tick(11 * second + second / 4, "101", 2);
  EXPECT_TRUE(harness.rows(RowKind::bar).empty());
  harness.tick(11 * second + second / 2, "102", 3);
  const auto bars = harness.rows(RowKind::bar);
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].as_bar.start_ns, 10 * second);
  EXPECT_TRUE(bars[0].as_bar.is_partial);
  EXPECT_EQ(bars[0].position, harness.rows(RowKind::tick)[2].position) << "the tick that closed it";
  EXPECT_EQ(harness.rows(RowKind::tick).size(), 3U);
}

TEST(Kernels, FeedNoIndicatorWithThePartialFirstBar) {
  Harness harness;
  harness.instrument("X");
  for (int i = 0; i < 6; ++i)
    harness.tick((10 + i) * second, std::to_string(100 + i), static_cast<std::uint64_t>(i + 1));
  const auto bars = harness.rows(RowKind::bar);
  ASSERT_EQ(bars.size(), 5U);
  EXPECT_EQ(bars[0].as_bar.bars_seen, 0U);
  EXPECT_EQ(bars[0].as_bar.signal_reason, SignalReason::partial_bar);
  EXPECT_EQ(bars[1].as_bar.bars_seen, 1U);
  EXPECT_TRUE(std::isnan(bars[2].as_bar.sma));
  EXPECT_DOUBLE_EQ(bars[3].as_bar.sma, 102.0) << "101, 102, 103";
  EXPECT_DOUBLE_EQ(bars[3].as_bar.rsi, 100.0);
  EXPECT_EQ(bars[3].as_bar.signal, Signal::sell);
}

TEST(Kernels, CloseBarsOfAQuietMarketByTheJournaledClock) {
  Harness harness;
  harness.instrument("X");
  harness.tick(received - second / 2, "100", 1);  // half a second on its way; its bar ends when it arrives
  harness.clock(received + 5 * second);
  EXPECT_TRUE(harness.rows(RowKind::bar).empty());
  harness.clock(received + 5 * second + second / 2);
  EXPECT_EQ(harness.rows(RowKind::bar).size(), 1U);
}

TEST(Kernels, DoNotTakeADelayedSourceForAQuietOne) {
  Harness harness;
  harness.instrument("X");
  harness.tick(received - 900 * second, "100", 1);
  harness.clock(received + second);
  harness.tick(received - 900 * second + second / 2, "101", 2);
  EXPECT_TRUE(harness.rows(RowKind::bar).empty());
  EXPECT_EQ(harness.counts().late.value(), 0U);
}

TEST(Kernels, RecordALateTickAsTickAndAsQualityEventAndLeaveTheBarAlone) {
  Harness harness;
  harness.instrument("X");
  harness.tick(10 * second, "100", 1);
  harness.tick(12 * second, "101", 2);
  harness.tick(10 * second + 1, "500", 3);
  EXPECT_EQ(harness.rows(RowKind::tick).size(), 3U);
  const auto quality = harness.rows(RowKind::quality);
  ASSERT_EQ(quality.size(), 2U);
  EXPECT_EQ(quality[0].as_quality.reason, Reason::out_of_order);
  EXPECT_EQ(quality[1].as_quality.reason, Reason::late_tick);
  EXPECT_EQ(quality[1].as_quality.kind, QualityKind::flag) << "it is stored";
  EXPECT_EQ(harness.counts().late.value(), 1U);
  EXPECT_EQ(harness.rows(RowKind::bar)[0].as_bar.high_mantissa, 100);
}

TEST(Kernels, DropARepeatedTradeAndRecordMissingOnes) {
  Harness harness;
  harness.instrument("X");
  harness.tick(10 * second, "100", 7);
  harness.tick(10 * second, "100", 7);
  harness.tick(10 * second, "100", 9);
  EXPECT_EQ(harness.rows(RowKind::tick).size(), 2U);
  const auto quality = harness.rows(RowKind::quality);
  ASSERT_EQ(quality.size(), 2U);
  EXPECT_EQ(quality[0].as_quality.reason, Reason::duplicate);
  EXPECT_EQ(quality[0].as_quality.kind, QualityKind::reject);
  EXPECT_EQ(quality[1].as_quality.reason, Reason::sequence_gap);
  EXPECT_EQ(quality[1].as_quality.kind, QualityKind::flag);
}

TEST(Kernels, HoldWhileTicksAreMissingInWhatASignalRestsOn) {
  Harness harness;
  harness.instrument("X");
  std::uint64_t id = 1;
  for (int i = 0; i < 12; ++i) {
    if (i == 6) id += 5;
    harness.tick((10 + i) * second, std::to_string(100 + i), id++);
  }
  std::vector<SignalReason> reasons;
  for (const Row& row : harness.rows(RowKind::bar)) reasons.push_back(row.as_bar.signal_reason);
  using enum SignalReason;
  // What is missing may have belonged to second 15 or 16; the signal rests on three closes.
  EXPECT_EQ(reasons, (std::vector{partial_bar, warming_up, warming_up, rule, rule, gap_in_window, gap_in_window,
                                  gap_in_window, gap_in_window, rule, rule}));
}

TEST(Kernels, KeepALedgerOfEveryMinute) {
  Harness harness;
  harness.instrument("X");
  harness.tick(10 * second, "100", 7);
  harness.tick(10 * second, "100", 7);
  harness.tick(10 * second, "100", 9);
  EXPECT_TRUE(harness.rows(RowKind::completeness).empty()) << "the minute is not over";
  harness.end();
  const auto minutes = harness.rows(RowKind::completeness);
  ASSERT_EQ(minutes.size(), 1U);
  const CompletenessRow& minute = minutes[0].as_completeness;
  EXPECT_EQ(minute.minute_ns % (60 * second), 0);
  EXPECT_EQ(minute.received, 3U);
  EXPECT_EQ(minute.stored, 2U);
  EXPECT_EQ(minute.rejected, 1U);
  EXPECT_EQ(minute.duplicates, 1U);
  EXPECT_EQ(minute.missing, 1U);
}

TEST(Kernels, StoreAPolledPriceOnceWhileItDoesNotChange) {
  Harness harness;
  harness.instrument("bitcoin/usd");
  harness.tick(10 * second, "100", 0);
  harness.tick(10 * second, "100", 0);
  harness.tick(10 * second, "101", 0);
  EXPECT_EQ(harness.rows(RowKind::tick).size(), 2U);
  EXPECT_EQ(harness.counts().unchanged.value(), 1U);
}

TEST(Kernels, FireAnAlertOnTheEdgeWithAnIdFromTheFrame) {
  Harness harness;
  harness.instrument("X");
  for (int i = 0; i < 8; ++i)
    harness.tick((10 + i) * second, std::to_string(100 + i), static_cast<std::uint64_t>(i + 1));
  const auto alerts = harness.rows(RowKind::alert);
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_STREQ(alerts[0].as_alert.rule, "rsi_overbought");
  ASSERT_EQ(alerts[0].as_alert.evidence_count, 1U);
  EXPECT_EQ(alerts[0].as_alert.evidence[0], alerts[0].as_alert.rsi) << "the one field that the rule reads";
  EXPECT_EQ(alerts[0].as_alert.id_millis, 1'700'000'000'000U);
  EXPECT_EQ(alerts[0].as_alert.id_sequence, alerts[0].position << 20U);
  std::size_t published = 0;
  for (const Update& update : harness.all_updates) published += update.kind == UpdateKind::alert;
  EXPECT_EQ(published, 1U);
  EXPECT_EQ(harness.rows(RowKind::signal).size(), 1U);
}

TEST(Kernels, WakeWhoSleepsWithAnAlert) {
  constexpr Nanos nap_ns = 60 * nanos_per_second;
  for (const std::size_t ring : {1U, 1'024U}) {
    Doorbell bell;
    auto options = Harness::make_options();
    options.output.alert_bell = &bell;
    Harness harness(std::move(options), ring);
    harness.instrument("X");
    const Nanos begin_ns = steady_now_ns();
    std::atomic<bool> is_awake{false};
    std::thread sleeper([&] {
      bell.wait(nap_ns);
      is_awake = true;
    });
    // Twice as much, and then the same again: an alert every other second, until one comes when the other sleeps.
    for (int i = 0; !is_awake; ++i) {
      harness.tick((10 + i) * second, i % 4 < 2 ? "100" : "200", static_cast<std::uint64_t>(i + 1));
    }
    sleeper.join();
    EXPECT_LT(steady_now_ns() - begin_ns, nap_ns) << "nobody rang, with rings of " << ring;
  }
}

TEST(Kernels, ForetellTheRsiOfTheOpenBarAndChangeNothing) {
  Harness harness;
  Harness undisturbed;
  for (Harness* one : {&harness, &undisturbed}) {
    one->instrument("X");
    for (int i = 0; i < 6; ++i)
      one->tick((10 + i) * second, std::to_string(100 + i % 3), static_cast<std::uint64_t>(i + 1));
  }
  const double foretold = harness.all_updates.back().as_latest.provisional_rsi;
  harness.tick(16 * second, "100", 7);
  EXPECT_EQ(harness.rows(RowKind::bar).back().as_bar.rsi, foretold) << "the bar closed at the price it was told of";
  harness.tick(16 * second + 1, "150", 8);
  EXPECT_GT(harness.all_updates.back().as_latest.provisional_rsi, foretold);
  harness.tick(16 * second + 2, "100", 9);
  harness.tick(17 * second, "100", 10);
  undisturbed.tick(16 * second, "100", 7);
  undisturbed.tick(17 * second, "100", 8);
  EXPECT_EQ(harness.rows(RowKind::bar).back().as_bar.rsi, undisturbed.rows(RowKind::bar).back().as_bar.rsi);
}

TEST(Kernels, CloseOpenBarsAsPartialAtTheEndOfARecording) {
  Harness harness;
  harness.instrument("X");
  harness.tick(10 * second, "100", 1);
  harness.tick(11 * second, "101", 2);
  harness.end();
  const auto bars = harness.rows(RowKind::bar);
  ASSERT_EQ(bars.size(), 2U);
  EXPECT_TRUE(bars[1].as_bar.is_partial);
  EXPECT_EQ(bars[1].as_bar.close_mantissa, 101);
}

TEST(Kernels, TakeEachSourceBarOnceAndWriteACorrectedOneAnew) {
  Harness harness;
  harness.instrument("AAPL");
  harness.source_bar(60 * second, 100);
  harness.source_bar(120 * second, 101);
  harness.source_bar(60 * second, 100);
  harness.source_bar(120 * second, 102);
  harness.source_bar(180 * second, 103, event_provisional);
  const auto bars = harness.rows(RowKind::bar);
  ASSERT_EQ(bars.size(), 3U);
  EXPECT_EQ(bars[2].as_bar.start_ns, bars[1].as_bar.start_ns);
  EXPECT_EQ(bars[2].as_bar.close_mantissa, 102);
  EXPECT_TRUE(bars[0].as_bar.is_source_bar);
  EXPECT_FALSE(bars[0].as_bar.is_partial);
  EXPECT_EQ(bars[1].as_bar.interval_s, 60U);
  EXPECT_EQ(harness.counts().unchanged.value(), 1U);
  ASSERT_EQ(harness.rows(RowKind::quality).size(), 1U);
  EXPECT_EQ(harness.rows(RowKind::quality)[0].as_quality.reason, Reason::source_correction);
  EXPECT_EQ(harness.all_updates.back().as_latest.price_mantissa, 103) << "shown, although not closed";
}

TEST(Kernels, HandOutOnlyWhatIsNotStoredYetButEveryName) {
  std::vector<Row> whole;
  for (const JournalPosition stored : {JournalPosition{0}, JournalPosition{64 + 100 * 12}}) {
    auto options = Harness::make_options();
    options.output.stored_position = stored;
    Harness harness(options);
    harness.instrument("X");
    for (int i = 0; i < 20; ++i)
      harness.tick((10 + i) * second, std::to_string(100 + i % 5), static_cast<std::uint64_t>(i + 1));
    if (stored == 0) {
      whole = harness.all_rows;
      continue;
    }
    std::vector<Row> expected;
    for (const Row& row : whole) {
      if (row.kind == RowKind::instrument || row.end_position > stored) expected.push_back(row);
    }
    ASSERT_EQ(harness.all_rows.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(harness.all_rows[i].position, expected[i].position);
      EXPECT_EQ(harness.all_rows[i].kind, expected[i].kind);
      if (expected[i].kind != RowKind::bar || std::isnan(expected[i].as_bar.rsi)) continue;
      EXPECT_EQ(harness.all_rows[i].as_bar.rsi, expected[i].as_bar.rsi);
    }
  }
}

TEST(Kernels, MarkTheLastRowOfAFrameAndNoOther) {
  Harness harness;
  harness.instrument("X");
  for (int i = 0; i < 5; ++i)
    harness.tick((10 + i) * second, std::to_string(100 + i), static_cast<std::uint64_t>(i + 1));
  for (std::size_t i = 0; i < harness.all_rows.size(); ++i) {
    const bool is_last =
        i + 1 == harness.all_rows.size() || harness.all_rows[i + 1].position != harness.all_rows[i].position;
    EXPECT_EQ(harness.all_rows[i].ends_frame, is_last) << i;
  }
}

TEST(Kernels, LoseNothingWhenTheRingsAreTiny) {
  Harness wide;
  Harness narrow(Harness::make_options(), 4);
  for (Harness* harness : {&wide, &narrow}) {
    for (const char* symbol : {"A", "B", "C", "D", "E", "F", "G", "H"}) harness->instrument(symbol);
    std::uint64_t trade = 1;
    for (int i = 0; i < 30; ++i) {
      for (InstrumentIndex instrument = 0; instrument < 8; ++instrument) {
        harness->tick((10 + i) * second, std::to_string(100 + (i * 7 + static_cast<int>(instrument)) % 11), trade,
                      instrument);
      }
      ++trade;
    }
  }
  ASSERT_EQ(narrow.all_rows.size(), wide.all_rows.size());
  for (std::size_t i = 0; i < wide.all_rows.size(); ++i) {
    EXPECT_EQ(narrow.all_rows[i].kind, wide.all_rows[i].kind);
    EXPECT_EQ(narrow.all_rows[i].instrument, wide.all_rows[i].instrument);
    EXPECT_EQ(narrow.all_rows[i].position, wide.all_rows[i].position);
  }
}

}  // namespace
}  // namespace tapeline
