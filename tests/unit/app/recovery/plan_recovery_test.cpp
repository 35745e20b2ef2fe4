#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/explain/recompute.hpp"
#include "app/recovery/recovery.hpp"
#include "core/journal/journal_writer.hpp"
#include "core/snapshot/snapshot_store.hpp"
#include "core/stages/pipeline_state.hpp"
#include "tests/conformance/snapshot/market.hpp"

namespace tapeline::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PlanRecovery : public testing::Test {
 protected:
  PlanRecovery() : config(usual()), directory(snapshot_directory(market.journal().directory)) {
    std::filesystem::create_directories(directory);
    take({100, 200, 300});
    limits.journal_begin = sizeof(SegmentHeader);
    limits.journal_end = limits.checkpoint = market.ends().back();
  }

  static Config usual() {
    Config config;
    config.bars.intervals_s = {1, 5};
    config.sources.binance.symbols = {{"BTC-USD", "BTCUSDT"}};
    return config;
  }
  [[nodiscard]] JournalPosition end(std::size_t frame) const { return market.ends()[frame]; }
  void take(const std::vector<std::size_t>& frames) const {
    Recomputation recomputation(config, market.journal(), Recovery{});
    for (const std::size_t frame : frames) {
      recomputation.advance(end(frame), [](const Row&) {});
      save_pipeline(recomputation.parser(), recomputation.kernels(), snapshot_path(directory, end(frame)), 1);
    }
  }
  Recovery plan() {
    told.clear();
    const auto catalog = make_row_catalog(config.indicators, config.rules, configuration_hash(config));
    return plan_recovery(config, catalog, market.journal(), limits,
                         [this](Severity, std::string text) { told.push_back(std::move(text)); });
  }
  [[nodiscard]] bool is_there(std::size_t frame) const {
    return std::filesystem::exists(snapshot_path(directory, end(frame)));
  }

  conformance::Market market{400};
  Config config;
  std::string directory;
  RecoveryLimits limits;
  std::vector<std::string> told;
};

TEST_F(PlanRecovery, TakesTheNewest) {
  const Recovery recovery = plan();
  ASSERT_TRUE(recovery.snapshot);
  EXPECT_EQ(recovery.start_position, end(300));
  EXPECT_THAT(told, ElementsAre(HasSubstr("restores")));
}

TEST_F(PlanRecovery, WithoutSnapshotsOrWithThemOffReplaysTheJournal) {
  config.snapshots.enabled = false;
  EXPECT_FALSE(plan().snapshot);
  config.snapshots.enabled = true;
  std::filesystem::remove_all(directory);
  const Recovery recovery = plan();
  EXPECT_FALSE(recovery.snapshot);
  EXPECT_EQ(recovery.start_position, limits.journal_begin);
  EXPECT_THAT(told, ElementsAre(HasSubstr("there is no snapshot")));
}

TEST_F(PlanRecovery, NeverTakesOneAheadOfTheCheckpoint) {
  limits.checkpoint = end(300) - 1;
  EXPECT_EQ(plan().start_position, end(200));
  EXPECT_THAT(told, Contains(HasSubstr("ahead of the database")));
  limits.checkpoint = end(200);
  EXPECT_EQ(plan().start_position, end(200));
  limits.checkpoint = 0;
  EXPECT_FALSE(plan().snapshot);
  EXPECT_TRUE(is_there(300));
}

TEST_F(PlanRecovery, RemovesWhatTheJournalHasLost) {
  limits.journal_end = limits.checkpoint = end(250);
  EXPECT_EQ(plan().start_position, end(200));
  EXPECT_THAT(told, Contains(HasSubstr("ahead of the journal")));
  EXPECT_FALSE(is_there(300));
}

TEST_F(PlanRecovery, RemovesThoseOfAnotherJournal) {
  // Other frames, some of which end where the last of the snapshot did.
  std::filesystem::remove_all(directory);
  const conformance::Market other(400, 99);
  std::filesystem::create_directories(snapshot_directory(other.journal().directory));
  Recomputation recomputation(config, other.journal(), Recovery{});
  recomputation.advance(other.ends()[300], [](const Row&) {});
  std::filesystem::create_directories(directory);
  const std::string path = snapshot_path(directory, other.ends()[300]);
  save_pipeline(recomputation.parser(), recomputation.kernels(), path, 1);
  EXPECT_FALSE(plan().snapshot);
  EXPECT_THAT(told, Contains(HasSubstr("is of another journal")));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(PlanRecovery, NamesADamagedOneAndTakesAnOlder) {
  const std::string path = snapshot_path(directory, end(300));
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5'000);
    file.put('\x55');
  }
  EXPECT_EQ(plan().start_position, end(200));
  EXPECT_THAT(told, Contains(testing::AllOf(HasSubstr(path), HasSubstr("is damaged"))));
}

TEST_F(PlanRecovery, RebuildsWhatHasChangedFromTheJournalsBeginning) {
  config.indicators.rsi_length = 5;
  const Recovery recovery = plan();
  ASSERT_TRUE(recovery.snapshot);
  EXPECT_EQ(recovery.snapshot->position(), end(300));
  EXPECT_EQ(recovery.start_position, limits.journal_begin);
  EXPECT_THAT(told, ElementsAre(testing::AllOf(HasSubstr("indicators of bars of 5 s (other options)"),
                                               HasSubstr("journal's beginning"))));
}

TEST_F(PlanRecovery, TakesAnOlderOneWholeWhereTheOptionsWereChangedBack) {
  config.indicators.rsi_length = 5;
  std::filesystem::remove(snapshot_path(directory, end(300)));
  take({350});
  EXPECT_EQ(plan().start_position, end(350));
  config = usual();
  EXPECT_EQ(plan().start_position, end(200));
}

TEST_F(PlanRecovery, SaysWhereTheJournalNoLongerReachesBack) {
  config.indicators.rsi_length = 5;
  limits.journal_begin = segment_bytes_min + sizeof(SegmentHeader);
  ASSERT_LT(limits.journal_begin, end(300));
  EXPECT_EQ(plan().start_position, limits.journal_begin);
  EXPECT_THAT(told, Contains(HasSubstr("no longer reaches back")));
  limits.journal_begin = end(299) + 1;  // the last frame that it has seen is gone
  EXPECT_FALSE(plan().snapshot);
  EXPECT_THAT(told, Contains(HasSubstr("the journal begins behind it")));
}

TEST_F(PlanRecovery, AnInstrumentOfAnotherNameOrCalendarIsAnotherInstrument) {
  config.sources.binance.symbols = {{"XBT-USD", "BTCUSDT"}};
  EXPECT_FALSE(plan().snapshot);
  EXPECT_THAT(told, Contains(HasSubstr("BTCUSDT of binance is now XBT-USD, and was BTC-USD")));
  config = usual();
  config.calendars.instruments["BTC-USD"].time_zone = "Asia/Tokyo";
  EXPECT_FALSE(plan().snapshot);
  EXPECT_THAT(told, Contains(HasSubstr("another calendar")));
}

TEST_F(PlanRecovery, ANewSubscriptionChangesNothing) {
  config.sources.binance.symbols.push_back({"NEW-USD", "NEWUSDT"});
  EXPECT_EQ(plan().start_position, end(300));
}

}  // namespace
}  // namespace tapeline::app
