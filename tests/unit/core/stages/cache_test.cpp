#include "core/stages/cache.hpp"

#include <atomic>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include "tests/support/redis_values.hpp"

namespace tapeline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Takes as much as it is told to, and remembers it.
class RecordingSink final : public CacheSink {
 public:
  SinkReadiness readiness() noexcept override { return state; }
  void on_instrument(InstrumentIndex, SourceCode, const InstrumentRow& names) noexcept override {
    symbols.emplace_back(names.symbol);
  }
  std::size_t latest(std::span<const CachedLatest> changed) noexcept override {
    const std::size_t taken = std::min(changed.size(), latest_max);
    for (const CachedLatest& change : changed.first(taken))
      prices.emplace_back(change.instrument, change.latest.price_mantissa);
    return taken;
  }
  std::size_t alerts(std::span<const CachedAlert> fired) noexcept override {
    const std::size_t taken = std::min(fired.size(), alerts_max);
    for (const CachedAlert& one : fired.first(taken)) alert_ids.push_back(one.alert.id_sequence);
    return taken;
  }

  void give_up(const CachedAlert& alert) noexcept override { given_up.push_back(alert.alert.id_sequence); }

  SinkReadiness state = SinkReadiness::ready;
  std::size_t latest_max = 1'000'000;
  std::size_t alerts_max = 1'000'000;
  std::vector<std::string> symbols;
  std::vector<std::pair<InstrumentIndex, std::int64_t>> prices;
  std::vector<std::uint64_t> alert_ids;
  std::vector<std::uint64_t> given_up;
};

constexpr Nanos at_every_poll = 0;
constexpr Nanos once = 3'600 * nanos_per_second;  // the first poll flushes, no later one does

class CacheStage : public testing::Test {
 protected:
  void put_price(InstrumentIndex instrument, std::int64_t price) {
    Update& update = claim(UpdateKind::latest, instrument);
    update.as_latest = test::latest_value(price);
    ring_.publish();
  }
  void put_alert(std::uint64_t id, Nanos receive_ns = 0) {
    Update& update = claim(UpdateKind::alert, 0);
    update.receive_ns = receive_ns;
    update.as_alert = test::alert_row(1, id);
    ring_.publish();
  }
  Update& claim(UpdateKind kind, InstrumentIndex instrument) {
    Update* update = ring_.try_claim();
    if (update == nullptr) throw std::logic_error("the ring of the test is full");
    update->kind = kind;
    update->instrument = instrument;
    return *update;
  }
  Cache stage(Nanos flush_interval_ns) {
    return Cache(ring_, {&first_, &second_}, {.flush_interval_ns = flush_interval_ns});
  }

  SpscRing<Update> ring_{1'024};
  RecordingSink first_;
  RecordingSink second_;
};

TEST_F(CacheStage, GivesTheNewestOfEachInstrumentOnce) {
  Cache cache = stage(at_every_poll);
  for (std::int64_t price = 1; price <= 100; ++price) put_price(0, price);
  put_price(2, 7);
  cache.poll();
  cache.poll();
  EXPECT_THAT(first_.prices, ElementsAre(std::pair(0U, 100), std::pair(2U, 7)));
  EXPECT_EQ(first_.prices, second_.prices);
  EXPECT_TRUE(cache.drained());
}

TEST_F(CacheStage, KeepsValuesUntilTheIntervalIsOverButAlertsNot) {
  Cache cache = stage(once);
  cache.poll();
  put_price(0, 1);
  put_alert(5);
  cache.poll();
  EXPECT_THAT(first_.prices, IsEmpty());
  EXPECT_THAT(first_.alert_ids, ElementsAre(5));
  EXPECT_FALSE(cache.drained());
}

TEST_F(CacheStage, NapsUntilItsBellRings) {
  constexpr Nanos nap_ns = 600 * nanos_per_second;
  Cache cache = stage(once);
  const Nanos begin_ns = steady_now_ns();
  std::atomic<bool> is_awake{false};
  std::thread sleeper([&] {
    EXPECT_TRUE(cache.wait(nap_ns));
    is_awake = true;
  });
  while (!is_awake) {  // again and again: it may not sleep yet
    cache.alert_bell().ring();
    std::this_thread::yield();
  }
  sleeper.join();
  EXPECT_LT(steady_now_ns() - begin_ns, nap_ns);
}

TEST_F(CacheStage, AnnouncesInstrumentsToEverySinkAlsoToOneThatIsAway) {
  Cache cache = stage(at_every_poll);
  second_.state = SinkReadiness::away;
  claim(UpdateKind::instrument, 0).as_instrument = test::instrument_row("BTC-USD");
  ring_.publish();
  cache.poll();
  EXPECT_THAT(first_.symbols, ElementsAre("BTC-USD"));
  EXPECT_THAT(second_.symbols, ElementsAre("BTC-USD"));
}

TEST_F(CacheStage, HoldsNoSinkBackForAnotherThatIsAway) {
  Cache cache = stage(at_every_poll);
  first_.state = SinkReadiness::away;
  put_price(0, 1);
  put_alert(1);
  cache.poll();
  put_price(0, 2);
  put_alert(2);
  cache.poll();
  EXPECT_THAT(second_.prices, ElementsAre(std::pair(0U, 1), std::pair(0U, 2)));
  EXPECT_THAT(second_.alert_ids, ElementsAre(1, 2));
  EXPECT_THAT(first_.alert_ids, IsEmpty());
  EXPECT_FALSE(cache.drained()) << "alerts wait for the sink that is away";

  first_.state = SinkReadiness::ready;
  cache.poll();
  EXPECT_THAT(first_.prices, ElementsAre(std::pair(0U, 2)));
  EXPECT_THAT(first_.alert_ids, ElementsAre(1, 2));
  EXPECT_THAT(second_.alert_ids, ElementsAre(1, 2)) << "nothing twice";
  EXPECT_TRUE(cache.drained());
}

TEST_F(CacheStage, GivesEverythingAgainToASinkThatHasReturned) {
  Cache cache = stage(at_every_poll);
  put_price(0, 1);
  put_price(1, 2);
  cache.poll();
  first_.prices.clear();
  first_.state = SinkReadiness::returned;
  cache.poll();
  EXPECT_THAT(first_.prices, ElementsAre(std::pair(0U, 1), std::pair(1U, 2)));
}

TEST_F(CacheStage, GivesAgainWhatWasNotTaken) {
  Cache cache = stage(at_every_poll);
  first_.latest_max = 1;
  first_.alerts_max = 1;
  put_price(0, 1);
  put_price(1, 2);
  put_alert(1);
  put_alert(2);
  cache.poll();
  EXPECT_THAT(first_.prices, ElementsAre(std::pair(0U, 1)));
  EXPECT_THAT(first_.alert_ids, ElementsAre(1));
  first_.alerts_max = 100;
  cache.poll();
  EXPECT_THAT(first_.prices, ElementsAre(std::pair(0U, 1), std::pair(1U, 2)));
  EXPECT_THAT(first_.alert_ids, ElementsAre(1, 2));
}

TEST_F(CacheStage, GivesUpTheOldestAlertsOfASinkThatIsAwayAndHoldsNobodyUp) {
  Cache cache(ring_, {&first_, &second_}, {.flush_interval_ns = at_every_poll, .alerts_waiting_max = 3});
  first_.state = SinkReadiness::away;
  cache.poll();
  for (std::uint64_t id = 1; id <= 8; ++id) {
    put_alert(id);
    cache.poll();
  }
  EXPECT_TRUE(ring_.peek().empty()) << "the kernels go on";
  EXPECT_THAT(second_.alert_ids, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(second_.given_up, IsEmpty());
  EXPECT_THAT(first_.given_up, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(cache.alerts_settled(), 5U) << "snapshots go on";
  EXPECT_EQ(cache.alerts_waiting(), 3U);

  first_.state = SinkReadiness::returned;
  cache.poll();
  EXPECT_THAT(first_.alert_ids, ElementsAre(6, 7, 8));
  EXPECT_EQ(cache.alerts_settled(), 8U);
  EXPECT_EQ(cache.alerts_waiting(), 0U);
  EXPECT_TRUE(cache.drained());
}

TEST_F(CacheStage, GivesNothingUpForASinkThatIsReadyButSlow) {
  Cache cache(ring_, {&first_, &second_}, {.flush_interval_ns = at_every_poll, .alerts_waiting_max = 3});
  first_.alerts_max = 1;
  for (std::uint64_t id = 1; id <= 8; ++id) put_alert(id);
  cache.poll();
  EXPECT_FALSE(ring_.peek().empty()) << "what finds no room waits in the ring";
  while (!cache.drained()) cache.poll();
  EXPECT_THAT(first_.given_up, IsEmpty());
  EXPECT_THAT(first_.alert_ids, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_EQ(first_.alert_ids, second_.alert_ids);
}

TEST_F(CacheStage, SettlesAlertsThatNoRestartTellsAgainAndGivesThemAllTheSame) {
  constexpr Nanos hour_ns = 3'600 * nanos_per_second;
  Cache cache(ring_, {&first_, &second_}, {.flush_interval_ns = at_every_poll, .told_again_within_ns = hour_ns});
  first_.state = SinkReadiness::away;
  const Nanos now_ns = wall_now_ns();
  put_alert(1, now_ns - 3 * hour_ns);
  put_alert(2, now_ns - 2 * hour_ns);
  put_alert(3, now_ns);
  cache.poll();
  EXPECT_EQ(cache.alerts_settled(), 2U);
  EXPECT_EQ(cache.alerts_waiting(), 3U);
  first_.state = SinkReadiness::returned;
  cache.poll();
  EXPECT_THAT(first_.alert_ids, ElementsAre(1, 2, 3));
  EXPECT_EQ(cache.alerts_settled(), 3U);
}

TEST_F(CacheStage, DoesNotWaitAtTheEndForValuesOfASinkThatIsAway) {
  Cache cache = stage(at_every_poll);
  first_.state = SinkReadiness::away;
  put_price(0, 1);
  cache.poll();
  EXPECT_TRUE(cache.drained());
}

}  // namespace
}  // namespace tapeline
