// Bars of a file give what the same bars give when a source delivers them live.
#include "core/backtest/evaluate.hpp"

#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "core/stages/kernels.hpp"

namespace tapeline::backtest {
namespace {

constexpr Nanos minute = 60 * nanos_per_second;
constexpr Nanos first_start = 1'720'000'020 * nanos_per_second;
constexpr Nanos everything = std::numeric_limits<Nanos>::max();

LongVector<OpenBar> walk(std::size_t count) {
  std::mt19937_64 random(3);
  const auto draw = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };
  LongVector<OpenBar> bars;
  std::int64_t price = 10'000;
  Nanos start_ns = first_start;
  for (std::size_t i = 0; i < count; ++i, start_ns += minute * draw(1, 3)) {
    const std::int64_t open = price + draw(-20, 20);
    price = std::max<std::int64_t>(100, open + draw(-90, 90));
    bars.push_back({.start_ns = start_ns,
                    .end_ns = start_ns + minute,
                    .open = open,
                    .high = std::max(open, price) + 5,
                    .low = std::min(open, price) - 5,
                    .close = price,
                    .volume = draw(0, 100),
                    .price_exponent = -2});
  }
  return bars;
}

IndicatorsConfig indicators() {
  return {.sma_length = 5,
          .rsi_length = 4,
          .bollinger_length = 5,
          .bollinger_width = 2,
          .volatility_length = 3,
          .custom = {{.name = "ema_9", .kind = IndicatorKind::ema, .length = 9}}};
}

std::vector<RuleConfig> rules() {
  std::vector<RuleConfig> rules = default_rules();
  RuleConfig cross;
  cross.name = "cross";
  cross.when = "crosses_above(close, ema_9)";
  rules.push_back(cross);
  return rules;
}

/// Rows of the kernels when a source delivers the bars, each in a frame that arrives with its end.
std::vector<Row> live(const LongVector<OpenBar>& bars) {
  Kernels::Options options;
  options.indicators = indicators();
  options.catalog = make_row_catalog(options.indicators, rules(), "c0ffee");
  options.calendar_of = [](SourceCode, std::string_view) { return std::make_shared<const TradingCalendar>(); };
  SpscRing<MarketEvent> events(4'096);
  SpscRing<Row> rows(1 << 16);
  SpscRing<Update> updates(1 << 16);
  Kernels kernels(options, events, rows, updates);
  JournalPosition position = 0;
  const auto push = [&](EventKind kind, const auto& fill) {
    MarketEvent& event = *events.try_claim();
    event = {};
    event.kind = kind;
    event.source = SourceCode{2};
    event.position = position;
    event.frame_bytes = 100;
    position += event.frame_bytes;
    event.flags = event_ends_frame;
    fill(event);
    events.publish();
    while (kernels.poll() > 0) continue;
  };
  push(EventKind::instrument, [](MarketEvent& event) { std::strcpy(event.names.symbol, "AAPL"); });
  for (const OpenBar& bar : bars) {
    push(EventKind::source_bar, [&](MarketEvent& event) {
      event.event_ns = bar.start_ns;
      event.receive_ns = bar.end_ns;
      event.price_mantissa = bar.close;
      event.price_exponent = bar.price_exponent;
      event.size_mantissa = static_cast<std::int64_t>(bar.volume);
      event.bar = {bar.open, bar.high, bar.low, 60};
    });
  }
  EXPECT_TRUE(kernels.drained());
  std::vector<Row> all;
  for (auto ready = rows.peek(); !ready.empty(); ready = rows.peek()) {
    all.insert(all.end(), ready.begin(), ready.end());
    rows.release(ready.size());
  }
  return all;
}

struct Judged {
  std::vector<History> histories;
  std::shared_ptr<const RowCatalog> catalog = make_row_catalog(indicators(), rules(), "");
  SignalsConfig signals;
  IndicatorsConfig config = indicators();

  Tape tape(const Config& options, Nanos until_ns = everything) const {
    const Roles roles(options, *catalog);
    return judge(histories, make_market(histories, 60), {config, signals, *catalog, roles}, until_ns);
  }
};

Judged judged(LongVector<OpenBar> bars) {
  Judged judged;
  judged.histories.push_back({"AAPL", "csv", std::make_shared<const TradingCalendar>(), std::move(bars)});
  return judged;
}

TEST(Evaluate, SaysWhatTheKernelsSayOfDeliveredBars) {
  const LongVector<OpenBar> bars = walk(2'000);
  const Tape tape = judged(bars).tape({});
  std::size_t bar = 0, signal = 0, fired = 0;
  for (const Row& row : live(bars)) {
    if (row.kind == RowKind::bar) {
      ASSERT_EQ(tape.intents[bar], intents_of(row.as_bar.signal));
      ASSERT_EQ(tape.market->bars[bar].start_ns, row.as_bar.start_ns);
      ++bar;
    }
    if (row.kind == RowKind::signal) {
      ASSERT_LT(signal, tape.signals.size());
      // Bit for bit: what is undefined too.
      ASSERT_EQ(std::memcmp(&tape.signals[signal++].row, &row.as_signal, sizeof row.as_signal), 0);
    }
    if (row.kind == RowKind::alert) {
      ASSERT_LT(fired, tape.fired.size());
      ASSERT_EQ(tape.fired[fired].rule, row.as_alert.rule_index);
      ASSERT_EQ(tape.market->bars[tape.fired[fired++].bar].end_ns, row.as_alert.bar_end_ns);
    }
  }
  EXPECT_EQ(bar, bars.size());
  EXPECT_EQ(signal, tape.signals.size());
  EXPECT_EQ(fired, tape.fired.size());
  EXPECT_GT(signal, 100U);
  EXPECT_GT(fired, 100U);
}

TEST(Evaluate, WithoutRulesTheSignalsAreTheSameBitForBit) {
  LongVector<OpenBar> bars = walk(2'000);
  bars[300].is_partial = bars[301].is_partial = bars[700].has_gap = true;
  // A flat stretch, and closes that need another exponent.
  for (std::size_t i = 400; i < 420; ++i) bars[i].close = bars[399].close;
  for (std::size_t i = 1'000; i < 1'010; ++i) {
    for (std::int64_t* price : {&bars[i].open, &bars[i].high, &bars[i].low, &bars[i].close})
      *price = *price * 1'000 + 7;
    bars[i].price_exponent = -5;
  }
  Judged one = judged(std::move(bars));
  const Tape with_rules = one.tape({});
  one.catalog = make_row_catalog(indicators(), {}, "");
  const Tape without = one.tape({});
  EXPECT_EQ(without.intents, with_rules.intents);
  ASSERT_EQ(without.signals.size(), with_rules.signals.size());
  EXPECT_GT(without.signals.size(), 100U);
  for (std::size_t i = 0; i < without.signals.size(); ++i) {
    EXPECT_EQ(without.signals[i].bar, with_rules.signals[i].bar);
    EXPECT_EQ(std::memcmp(&without.signals[i].row, &with_rules.signals[i].row, sizeof(SignalRow)), 0) << i;
  }
  EXPECT_TRUE(without.fired.empty());
}

TEST(Evaluate, RulesHaveTheRolesThatTheyAreGiven) {
  Config options;
  options.strategy = Strategy::rules;
  options.long_entry = {"cross"};
  options.long_exit = {"rsi_overbought", "significant_move"};
  const Tape tape = judged(walk(500)).tape(options);
  std::vector<Intents> expected(tape.intents.size());
  const auto catalog = make_row_catalog(indicators(), rules(), "");
  for (const FiredRule& fired : tape.fired) {
    const std::string& name = catalog->rules[fired.rule].name();
    if (name == "cross") expected[fired.bar] |= open_long;
    if (name == "rsi_overbought" || name == "significant_move") expected[fired.bar] |= close_long;
  }
  EXPECT_EQ(tape.intents, expected);
}

TEST(Evaluate, ARuleThatIsNotThereIsRefused) {
  Config options;
  options.strategy = Strategy::rules;
  options.long_entry = {"moon"};
  EXPECT_THROW(static_cast<void>(judged(walk(10)).tape(options)), std::invalid_argument);
}

TEST(Evaluate, SeriesAreMergedByTheEndsOfTheirBars) {
  Judged two = judged(walk(100));
  two.histories.push_back(two.histories.front());
  two.histories.back().symbol = "GOOGL";
  two.histories.back().bars.erase(two.histories.back().bars.begin() + 10);
  const Tape tape = two.tape({});
  ASSERT_EQ(tape.market->bars.size(), 199U);
  for (std::size_t i = 1; i < tape.market->bars.size(); ++i) {
    const Bar& before = tape.market->bars[i - 1];
    const Bar& bar = tape.market->bars[i];
    EXPECT_TRUE(before.end_ns < bar.end_ns || (before.end_ns == bar.end_ns && before.series < bar.series));
  }
  // The first series is judged as if it were alone.
  const Tape alone = judged(walk(100)).tape({});
  std::vector<Intents> of_first;
  for (std::size_t i = 0; i < tape.intents.size(); ++i) {
    if (tape.market->bars[i].series == 0) of_first.push_back(tape.intents[i]);
  }
  EXPECT_EQ(of_first, alone.intents);
}

TEST(Evaluate, AShorterHistoryIsThePrefix) {
  const Judged all = judged(walk(300));
  const Tape whole = all.tape({});
  const Tape part = all.tape({}, whole.market->bars[99].end_ns);
  ASSERT_EQ(part.intents.size(), 100U);
  EXPECT_TRUE(std::equal(part.intents.begin(), part.intents.end(), whole.intents.begin()));
}

}  // namespace
}  // namespace tapeline::backtest
