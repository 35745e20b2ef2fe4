// Changed options: what they decide is computed from the journal, the rest comes from the snapshot.
#include <filesystem>

#include <gtest/gtest.h>

#include "core/journal/segment_files.hpp"
#include "tests/conformance/snapshot/market.hpp"
#include "tests/conformance/snapshot/pipeline.hpp"

namespace tapeline::conformance {
namespace {

class Graft : public testing::Test {
 protected:
  static constexpr std::size_t split = 500;

  /// A snapshot of the middle, made under the settings as they were.
  std::shared_ptr<const Snapshot> snapshot() {
    Pipeline before(Settings(), market.journal());
    before.advance(market.ends()[split]);
    const std::string path = market.folder() + "/before";
    save_pipeline(before.parser(), before.kernels(), path, 1);
    return std::make_shared<const Snapshot>(std::move(*Snapshot::open(path)));
  }
  static std::vector<std::string> names(const std::vector<StalePart>& parts) {
    std::vector<std::string> result;
    for (const StalePart& part : parts) result.push_back((part.is_new ? "new " : "changed ") + part.name);
    return result;
  }
  /// Under new settings with the whole journal there: as if the settings had never been others.
  void expect_as_if_always(const Settings& settings, const std::vector<std::string>& stale) {
    const auto saved = snapshot();
    Pipeline whole(settings, market.journal());
    whole.advance(market.ends().back());
    Pipeline grafted(settings, market.journal());
    EXPECT_EQ(names(stale_parts(*saved, grafted.kernels().parts())), stale);
    ASSERT_TRUE(restore_pipeline(saved, grafted.parser(), grafted.kernels()));
    grafted.advance(market.ends().back());
    EXPECT_EQ(behind(grafted.said(), 0), behind(whole.said(), 0));
    EXPECT_EQ(grafted.latest(), whole.latest());
  }

  Market market{900, 5};
};

TEST_F(Graft, AnotherRule) {
  Settings settings;
  settings.rules.push_back({.name = "new", .when = "rsi > 60", .cooldown_s = 0});
  expect_as_if_always(
      settings, {"changed rules of bars of 1 s", "changed rules of bars of 5 s", "changed rules of bars of sources"});
}

TEST_F(Graft, AnotherIndicator) {
  Settings settings;
  settings.indicators.custom.push_back({.name = "slow", .kind = IndicatorKind::ema, .length = 9, .intervals_s = {5}});
  expect_as_if_always(settings, {"changed custom indicators of bars of 5 s", "changed rules of bars of 5 s",
                                 "changed custom indicators of bars of sources", "changed rules of bars of sources"});
}

TEST_F(Graft, AnotherLength) {
  Settings settings;
  settings.indicators.rsi_length = 5;
  expect_as_if_always(
      settings, {"changed indicators of bars of 1 s", "changed signals of bars of 1 s", "changed rules of bars of 1 s",
                 "changed indicators of bars of 5 s", "changed signals of bars of 5 s", "changed rules of bars of 5 s",
                 "changed indicators of bars of sources", "changed signals of bars of sources",
                 "changed rules of bars of sources", "changed latest indicators"});
}

TEST_F(Graft, OtherBars) {
  Settings settings;
  settings.bars.intervals_s = {1, 2, 5};
  expect_as_if_always(settings,
                      {"new bars of 2 s", "new indicators of bars of 2 s", "new custom indicators of bars of 2 s",
                       "new signals of bars of 2 s", "new rules of bars of 2 s", "changed latest indicators"});
}

TEST_F(Graft, FewerBars) {
  Settings settings;
  settings.bars.intervals_s = {5};
  expect_as_if_always(settings, {"changed latest indicators"});
}

TEST_F(Graft, OtherThresholdsOfQuality) {
  Settings settings;
  settings.quality.outlier_z = 20;
  expect_as_if_always(settings, {"changed quality gate"});
}

TEST_F(Graft, WhatDecidesTheTicksDecidesEverything) {
  Settings settings;
  settings.quality.outlier = Action::reject;
  const auto saved = snapshot();
  Pipeline grafted(settings, market.journal());
  // All but the counts and what sources deliver as bars.
  EXPECT_EQ(stale_parts(*saved, grafted.kernels().parts()).size() + 6, grafted.kernels().parts().size());
  expect_as_if_always(settings, names(stale_parts(*saved, grafted.kernels().parts())));
}

TEST_F(Graft, WhereTheJournalNoLongerReachesBackWhatIsUnchangedKeepsItsHistory) {
  const auto saved = snapshot();
  Settings settings;
  settings.indicators.custom.push_back({.name = "slow", .kind = IndicatorKind::ema, .length = 9});
  Pipeline whole(settings, market.journal());
  whole.advance(market.ends().back());
  ASSERT_GT(list_segments(market.journal().directory).size(), 2U);
  std::filesystem::remove(segment_path(market.journal().directory, 0));

  Pipeline grafted(settings, market.journal());
  ASSERT_TRUE(restore_pipeline(saved, grafted.parser(), grafted.kernels()));
  grafted.advance(market.ends().back());
  const auto rows_of = [&](const Pipeline& pipeline, RowKind kind) {
    std::vector<Said> rows;
    for (Said& said : behind(pipeline.said(), market.ends()[split])) {
      if (!said.bytes.starts_with("told") && static_cast<RowKind>(said.bytes.front()) == kind)
        rows.push_back(std::move(said));
    }
    return rows;
  };
  // Standard indicators with all their bars_seen, signals, the gate's verdicts, the ledger.
  for (const RowKind kind : {RowKind::tick, RowKind::bar, RowKind::signal, RowKind::quality, RowKind::completeness}) {
    EXPECT_FALSE(rows_of(whole, kind).empty());
    EXPECT_EQ(rows_of(grafted, kind), rows_of(whole, kind)) << "rows of kind " << static_cast<int>(kind);
  }
}

}  // namespace
}  // namespace tapeline::conformance
