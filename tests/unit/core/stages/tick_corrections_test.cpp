// Trades that fill a gap after their bars were closed: in the end every bar is as if they had come in their time.
#include <array>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/stages/kernels.hpp"

namespace tapeline {
namespace {

constexpr SourceCode source{4};
constexpr Nanos second = nanos_per_second;
constexpr Nanos begin_ns = 1'700'000'000 * second;

struct Trade {
  std::uint64_t id;
  Nanos event_ns;
  std::int64_t price;
  std::int64_t size;
};

/// Frames of trades into a Kernels stage; rows out.
class Lane {
 public:
  explicit Lane(EmptyBars empty)
      : events_(8'192), rows_(65'536), updates_(8'192), kernels_(options(empty), events_, rows_, updates_) {
    MarketEvent& event = claim(EventKind::instrument, event_ends_frame, begin_ns);
    event.instrument = 0;
    std::strcpy(event.names.symbol, "BTC-USD");
    std::strcpy(event.names.native_symbol, "BTCUSDT");
    push();
  }

  void frame(const std::vector<Trade>& trades, std::uint8_t flags, Nanos receive_ns) {
    for (std::size_t i = 0; i < trades.size(); ++i) {
      const std::uint8_t ends = i + 1 == trades.size() ? event_ends_frame : 0;
      MarketEvent& event = claim(EventKind::tick, flags | ends, receive_ns);
      event.instrument = 0;
      event.event_ns = trades[i].event_ns;
      event.price_mantissa = trades[i].price;
      event.price_exponent = -2;
      event.size_mantissa = trades[i].size;
      event.trade_id = trades[i].id;
      push();
    }
  }
  void end() {
    claim(EventKind::end_of_input, event_ends_frame, begin_ns);
    push();
  }

  /// The last row of each bar: what the database has in the end.
  std::map<std::pair<std::uint32_t, Nanos>, BarRow> bars;
  std::map<Reason, int> told;
  std::map<std::pair<std::uint32_t, Nanos>, int> written;  // rows of each bar
  CompletenessRow counted{};

 private:
  static Kernels::Options options(EmptyBars empty) {
    Kernels::Options options;
    options.bars.intervals_s = {1, 5};
    options.bars.empty = empty;
    options.indicators = {
        .sma_length = 3, .rsi_length = 2, .bollinger_length = 3, .bollinger_width = 2, .volatility_length = 2};
    options.quality.outlier = Action::off;
    options.catalog = make_row_catalog(options.indicators, default_rules(), "c0ffee");
    options.calendar_of = [](SourceCode, std::string_view) { return std::make_shared<const TradingCalendar>(); };
    return options;
  }

  MarketEvent& claim(EventKind kind, int flags, Nanos receive_ns) {
    MarketEvent& event = *events_.try_claim();
    event = {};
    event.kind = kind;
    event.source = source;
    event.instrument = no_instrument;
    event.flags = static_cast<std::uint8_t>(flags);
    event.position = position_;
    event.frame_bytes = 100;
    event.receive_ns = receive_ns;
    if ((flags & event_ends_frame) != 0) position_ += 100;
    return event;
  }
  void push() {
    events_.publish();
    while (kernels_.poll() > 0) collect();
    while ((events_.peek().empty() ? 0 : 1) != 0) kernels_.poll();
    if (kernels_.drained()) collect();
  }
  void collect() {
    for (auto ready = rows_.peek(); !ready.empty(); ready = rows_.peek()) {
      for (const Row& row : ready) {
        if (row.kind == RowKind::bar) {
          const std::pair key{row.as_bar.interval_s, row.as_bar.start_ns};
          bars[key] = row.as_bar;
          ++written[key];
        }
        if (row.kind == RowKind::quality) ++told[row.as_quality.reason];
        if (row.kind == RowKind::completeness) {
          counted.missing += row.as_completeness.missing;
          counted.filled += row.as_completeness.filled;
        }
      }
      rows_.release(ready.size());
    }
    for (auto ready = updates_.peek(); !ready.empty(); ready = updates_.peek()) updates_.release(ready.size());
  }

  SpscRing<MarketEvent> events_;
  SpscRing<Row> rows_;
  SpscRing<Update> updates_;
  Kernels kernels_;
  JournalPosition position_ = 64;
};

std::vector<Trade> random_trades(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<Trade> trades;
  Nanos now_ns = begin_ns;
  std::int64_t price = 6'000'000;
  for (std::uint64_t id = 1; id <= count; ++id) {
    now_ns += static_cast<Nanos>(random() % 700) * nanos_per_millisecond;
    price += static_cast<std::int64_t>(random() % 2'001) - 1'000;
    trades.push_back({id, now_ns, price, static_cast<std::int64_t>(1 + random() % 50)});
  }
  return trades;
}

bool same(const BarRow& a, const BarRow& b) {
  const auto equal = [](double x, double y) { return std::memcmp(&x, &y, sizeof x) == 0; };
  return a.open_mantissa == b.open_mantissa && a.high_mantissa == b.high_mantissa && a.low_mantissa == b.low_mantissa &&
         a.close_mantissa == b.close_mantissa && a.volume_mantissa == b.volume_mantissa && a.trades == b.trades &&
         a.is_partial == b.is_partial && a.is_filled == b.is_filled && equal(a.sma, b.sma) && equal(a.rsi, b.rsi) &&
         equal(a.bb_upper, b.bb_upper) && equal(a.volatility, b.volatility) && equal(a.change, b.change) &&
         a.signal == b.signal && a.signal_reason == b.signal_reason && a.trend == b.trend && a.bars_seen == b.bars_seen;
}

void check(EmptyBars empty, std::uint64_t seed) {
  const std::vector<Trade> all = random_trades(seed, 600);
  Lane whole(empty);
  for (const Trade& trade : all) whole.frame({trade}, 0, trade.event_ns);
  whole.end();

  // Three gaps, each filled a while after its bars were closed; the second by two answers.
  struct Gap {
    std::size_t first, last, filled_at;
  };
  const std::array gaps{Gap{60, 90, 120}, Gap{200, 330, 360}, Gap{400, 401, 460}};
  Lane holed(empty);
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool is_missed = false;
    for (const Gap& gap : gaps) {
      is_missed = is_missed || (i >= gap.first && i <= gap.last);
      if (i != gap.filled_at) continue;
      const auto at = [&](std::size_t index) { return all.begin() + static_cast<std::ptrdiff_t>(index); };
      const std::size_t middle = (gap.first + gap.last) / 2;
      holed.frame(std::vector<Trade>(at(gap.first), at(middle + 1)), event_backfilled, all[i].event_ns);
      if (middle < gap.last)
        holed.frame(std::vector<Trade>(at(middle + 1), at(gap.last + 1)), event_backfilled, all[i].event_ns);
      // Answers may hold what has come: it changes nothing.
      holed.frame({all[gap.first], all[gap.last + 1]}, event_backfilled, all[i].event_ns);
    }
    if (!is_missed) holed.frame({all[i]}, 0, all[i].event_ns);
  }
  holed.end();

  ASSERT_EQ(holed.bars.size(), whole.bars.size());
  for (const auto& [key, bar] : whole.bars) {
    ASSERT_TRUE(holed.bars.contains(key));
    EXPECT_TRUE(same(holed.bars[key], bar)) << key.first << " s, " << (key.second - begin_ns) / second;
  }
  EXPECT_EQ(holed.told[Reason::sequence_gap], 3);
  EXPECT_EQ(holed.told[Reason::gap_filled], 3);
  EXPECT_GE(holed.told[Reason::bar_correction], 3);
  EXPECT_EQ(holed.told[Reason::duplicate], 6);
  EXPECT_EQ(holed.told[Reason::late_tick], 0);
  EXPECT_EQ(holed.told[Reason::out_of_order], 0);
  EXPECT_EQ(holed.counted.missing, 31U + 131U + 2U);
  EXPECT_EQ(holed.counted.filled, holed.counted.missing);
}

TEST(TickCorrections, EndWhereAStreamWithoutGapsEnds) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) check(EmptyBars::skip, seed);
}

TEST(TickCorrections, EndThereTooWithBarsThatAreFilled) {
  for (const std::uint64_t seed : {5U, 6U, 7U, 8U}) check(EmptyBars::fill, seed);
}

TEST(TickCorrections, WriteNothingThatDidNotChange) {
  const std::vector<Trade> all = random_trades(9, 100);
  Lane lane(EmptyBars::skip);
  for (const Trade& trade : all) lane.frame({trade}, 0, trade.event_ns);
  lane.end();
  for (const auto& [key, count] : lane.written) EXPECT_EQ(count, 1);
}

TEST(TickCorrections, ATradeOfABarThatIsOutOfReachIsStoredAndSaysSo) {
  Lane lane(EmptyBars::skip);
  lane.frame({{1, begin_ns, 100, 1}}, 0, begin_ns);
  lane.frame({{3, begin_ns + second, 100, 1}}, 0, begin_ns + second);
  for (std::uint64_t id = 4; id < 700; ++id) {
    const Nanos now_ns = begin_ns + static_cast<Nanos>(id) * second;
    lane.frame({{id, now_ns, 100, 1}}, 0, now_ns);
  }
  lane.frame({{2, begin_ns + second / 2, 100, 1}}, event_backfilled, begin_ns + 700 * second);
  EXPECT_EQ(lane.told[Reason::late_tick], 1);
  EXPECT_EQ(lane.told[Reason::gap_filled], 1);
}

}  // namespace
}  // namespace tapeline
