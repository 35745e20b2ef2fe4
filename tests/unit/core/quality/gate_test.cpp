#include "core/quality/gate.hpp"

#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Nanos second = nanos_per_second;
constexpr Nanos start_ns = 1'722'470'400 * second;

MarketEvent trade(std::uint64_t id, std::int64_t cents, Nanos event_ns, InstrumentIndex instrument = 0) {
  MarketEvent event{};
  event.kind = EventKind::tick;
  event.instrument = instrument;
  event.receive_ns = event_ns + 2 * nanos_per_millisecond;
  event.event_ns = event_ns;
  event.price_mantissa = cents;
  event.price_exponent = -2;
  event.trade_id = id;
  return event;
}

std::vector<std::string> told(const Findings& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings) {
    all.push_back(std::string(finding.action == Action::reject ? "reject " : "flag ") + to_string(finding.reason) +
                  ": " + finding.detail);
  }
  return all;
}

class Gate : public ::testing::Test {
 protected:
  Gate() {
    gate.add_instrument(SourceCode{1}, "BTC-USD");
    gate.add_instrument(SourceCode{2}, "BTC-USD");
  }
  /// Trades 1 to `count`, a second apart, at 100.
  void warm_up(QualityGate& warmed, std::uint64_t count = 20) {
    for (std::uint64_t id = 1; id <= count; ++id) {
      ASSERT_THAT(told(warmed.check(trade(id, 10'000, start_ns + static_cast<Nanos>(id) * second))), IsEmpty());
    }
  }

  QualityGate gate{QualityConfig{}};
};

TEST_F(Gate, LetsAnOrdinaryTickPass) {
  const Findings findings = gate.check(trade(1, 10'000, start_ns));
  EXPECT_TRUE(findings.empty());
  EXPECT_FALSE(findings.rejected());
}

TEST_F(Gate, RejectsARedelivery) {
  warm_up(gate);
  const Findings findings = gate.check(trade(7, 99'999, start_ns));
  EXPECT_TRUE(findings.rejected());
  EXPECT_THAT(told(findings), ElementsAre("reject duplicate: trade id 7 was delivered before"));
}

TEST_F(Gate, RejectsAnIdThatIsTooFarBehindToKnow) {
  ASSERT_TRUE(gate.check(trade(10'000, 10'000, start_ns)).empty());
  EXPECT_THAT(told(gate.check(trade(3, 10'000, start_ns))),
              ElementsAre("reject duplicate: trade id 3 is 9997 behind the newest: taken for delivered before"));
}

TEST_F(Gate, FlagsAGapAndWhatFillsIt) {
  warm_up(gate);
  EXPECT_THAT(told(gate.check(trade(24, 10'000, start_ns + 30 * second))),
              ElementsAre("flag sequence_gap: 3 trade ids before 24 are missing; 3 in all"));
  EXPECT_EQ(gate.missing(0), 3U);
  // Its stamp is behind too: told once.
  EXPECT_THAT(told(gate.check(trade(22, 10'000, start_ns + 25 * second))),
              ElementsAre("flag out_of_order: trade id 22 is 2 behind the newest, and was missing"));
  EXPECT_EQ(gate.missing(0), 2U);
}

TEST_F(Gate, FlagsACountThatBeginsAnew) {
  ASSERT_TRUE(gate.check(trade(10'000, 10'000, start_ns)).empty());
  EXPECT_THAT(told(gate.check(trade(1, 10'000, start_ns + second))),
              ElementsAre("flag sequence_gap: trade ids begin anew with 1, 9999 behind the newest"));
}

TEST_F(Gate, FlagsTimeThatRunsBackwards) {
  ASSERT_TRUE(gate.check(trade(0, 10'000, start_ns + second)).empty());
  EXPECT_THAT(told(gate.check(trade(0, 10'001, start_ns))),
              ElementsAre("flag out_of_order: event time is 1.000000 s behind the newest"));
}

TEST_F(Gate, RejectsOrIgnoresDisorderWhenToldTo) {
  QualityConfig config;
  config.out_of_order = Action::reject;
  QualityGate strict(config);
  strict.add_instrument(SourceCode{1}, "X");
  ASSERT_TRUE(strict.check(trade(0, 10'000, start_ns + second)).empty());
  EXPECT_TRUE(strict.check(trade(0, 10'001, start_ns)).rejected());
  config.out_of_order = Action::off;
  QualityGate loose(config);
  loose.add_instrument(SourceCode{1}, "X");
  ASSERT_TRUE(loose.check(trade(0, 10'000, start_ns + second)).empty());
  EXPECT_TRUE(loose.check(trade(0, 10'001, start_ns)).empty());
}

TEST_F(Gate, FlagsAnOutlierAndStoresIt) {
  warm_up(gate);
  const Findings findings = gate.check(trade(21, 20'000, start_ns + 21 * second));
  EXPECT_FALSE(findings.rejected());
  EXPECT_THAT(told(findings), ElementsAre("flag outlier: price 200 is +100 % from the median 100 of the last prices, "
                                          "robust z 26980.0"));
}

TEST_F(Gate, RejectsAnOutlierWhenToldToAndAcceptsANewLevel) {
  QualityConfig config;
  config.outlier = Action::reject;
  QualityGate strict(config);
  strict.add_instrument(SourceCode{1}, "X");
  warm_up(strict);
  std::uint64_t id = 20;
  for (std::uint32_t i = 1; i < config.outlier_shift; ++i) {
    ++id;
    ASSERT_TRUE(strict.check(trade(id, 20'000, start_ns + static_cast<Nanos>(id) * second)).rejected());
  }
  const Findings findings = strict.check(trade(28, 20'000, start_ns + 28 * second));
  EXPECT_FALSE(findings.rejected());
  EXPECT_THAT(told(findings), ElementsAre("flag outlier: price 200 is accepted as a new level, +100 % from the median "
                                          "100: 8 in a row"));
  EXPECT_TRUE(strict.check(trade(29, 20'010, start_ns + 29 * second)).empty());
}

TEST_F(Gate, FlagsWhatTurnsStale) {
  MarketEvent event = trade(0, 10'000, start_ns);
  event.receive_ns = start_ns + 8 * 86'400 * second;
  EXPECT_THAT(told(gate.check(event)), ElementsAre("flag stale_event: event time is 691200 s before its arrival"));
  event.event_ns += second;
  EXPECT_TRUE(gate.check(event).empty());
}

TEST_F(Gate, DoesNotJudgeHistoryByThePresent) {
  warm_up(gate);
  MarketEvent event = trade(0, 50, start_ns - 30 * 86'400 * second);
  event.receive_ns = start_ns + 21 * second;
  event.flags = event_backfilled;
  EXPECT_TRUE(gate.check(event).empty());
}

TEST_F(Gate, FlagsSourcesThatDisagree) {
  warm_up(gate);
  const Findings findings = gate.check(trade(1, 10'300, start_ns + 21 * second, 1));
  EXPECT_THAT(told(findings), ElementsAre("flag source_divergence: price 103 differs by 3 % from 100 of source 1"));
  EXPECT_FALSE(findings.rejected());
}

TEST_F(Gate, TellsOnceThatASymbolIsSilent) {
  warm_up(gate);
  int silences = 0;
  std::string detail;
  for (Nanos now_ns = start_ns + 21 * second; now_ns < start_ns + 600 * second; now_ns += second) {
    if (const auto finding = gate.check_silence(0, now_ns)) {
      ++silences;
      detail = finding->detail;
      EXPECT_EQ(finding->reason, Reason::silent_symbol);
      EXPECT_EQ(finding->action, Action::flag);
    }
    EXPECT_FALSE(gate.check_silence(1, now_ns));  // never heard of
  }
  EXPECT_EQ(silences, 1);
  EXPECT_THAT(detail, HasSubstr("its cadence is 1.000 s"));
}

TEST_F(Gate, AnUnchangedPollIsASignOfLife) {
  warm_up(gate);
  for (Nanos now_ns = start_ns + 21 * second; now_ns < start_ns + 600 * second; now_ns += second) {
    gate.hear(0, now_ns);
    ASSERT_FALSE(gate.check_silence(0, now_ns + second / 2));
  }
}

TEST_F(Gate, KeepsTheLedgerBalanced) {
  std::mt19937_64 random(5);
  LedgerMinute sum;
  std::uint64_t checked = 0;
  std::uint64_t passed = 0;
  std::uint64_t flagged = 0;
  const auto take = [&](const std::optional<LedgerMinute>& minute) {
    if (!minute) return;
    EXPECT_EQ(minute->received, minute->stored + minute->rejected);
    EXPECT_LE(minute->duplicates, minute->rejected);
    EXPECT_GT(minute->minute_ns, sum.minute_ns);
    sum.minute_ns = minute->minute_ns;
    sum.received += minute->received;
    sum.stored += minute->stored;
    sum.rejected += minute->rejected;
    sum.flagged += minute->flagged;
    sum.missing += minute->missing;
    sum.filled += minute->filled;
    sum.late += minute->late;
  };
  for (std::uint64_t i = 1; i < 5'000; ++i) {
    const MarketEvent event = trade(i - random() % std::min<std::uint64_t>(i, 20) + 100, 10'000,
                                    start_ns + static_cast<Nanos>(i) * second / 10);
    take(gate.roll(0, event.receive_ns));
    const Findings findings = gate.check(event);
    ++checked;
    passed += findings.rejected() ? 0U : 1U;
    flagged += !findings.rejected() && !findings.empty() ? 1U : 0U;
    if (i % 100 == 0) {
      gate.count_reject(0);
      ++checked;
    }
    if (i % 250 == 0 && !findings.rejected()) gate.count_late(0);
  }
  take(gate.flush(0));
  EXPECT_EQ(sum.received, checked);
  EXPECT_EQ(sum.stored, passed);
  EXPECT_EQ(sum.flagged, flagged);
  EXPECT_EQ(sum.missing - sum.filled, gate.missing(0));
  EXPECT_GT(sum.rejected, 49U);
  EXPECT_GT(sum.filled, 0U);
  EXPECT_FALSE(gate.flush(0));
}

TEST_F(Gate, SaysTheSameOfTheSameEvents) {
  std::mt19937_64 random(9);
  QualityGate other = gate;
  std::size_t told_count = 0;
  for (std::uint64_t i = 1; i < 20'000; ++i) {
    if (i == 10'000) other = gate;  // a copy goes on where the original is
    const auto instrument = static_cast<InstrumentIndex>(random() % 2);
    const auto cents = static_cast<std::int64_t>(random() % 50 == 0 ? 20'000 : 10'000 + random() % 300);
    MarketEvent event = trade(random() % 4 == 0 ? i : i + random() % 10, cents,
                              start_ns + static_cast<Nanos>(i + random() % 3) * second, instrument);
    if (random() % 1'000 == 0) event.event_ns -= 10 * 86'400 * second;
    const auto ours = told(gate.check(event));
    ASSERT_EQ(told(other.check(event)), ours);
    told_count += ours.size();
    const auto silence = gate.check_silence(1 - instrument, event.receive_ns);
    ASSERT_EQ(other.check_silence(1 - instrument, event.receive_ns).has_value(), silence.has_value());
    ASSERT_EQ(other.roll(instrument, event.receive_ns), gate.roll(instrument, event.receive_ns));
  }
  EXPECT_GT(told_count, 1'000U);
}

TEST(QualityConfig, MustMakeSense) {
  const auto refuses = [](auto change) {
    QualityConfig config;
    change(config);
    EXPECT_THROW(QualityGate{config}, std::invalid_argument);
  };
  refuses([](QualityConfig& c) { c.outlier_window = outlier_window_max + 1; });
  refuses([](QualityConfig& c) { c.outlier_window = outlier_window_min - 1; });
  refuses([](QualityConfig& c) { c.outlier_z = 0; });
  refuses([](QualityConfig& c) { c.outlier_pct_min = -1; });
  refuses([](QualityConfig& c) { c.outlier_shift = 1; });
  refuses([](QualityConfig& c) { c.silence_factor = 0.5; });
  refuses([](QualityConfig& c) { c.divergence_pct = -1; });
  EXPECT_NO_THROW(QualityGate{QualityConfig{}});
}

}  // namespace
}  // namespace tapeline
