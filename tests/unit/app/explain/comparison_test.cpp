#include "app/explain/comparison.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <gmock/gmock.h>

namespace tapeline::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Row bar_row() {
  Row row{};
  row.kind = RowKind::bar;
  row.source = SourceCode{4};
  row.position = 4'711;
  row.as_bar = {};
  BarRow& bar = row.as_bar;
  bar.start_ns = 1'700'000'040'000'000'999;
  bar.interval_s = 60;
  bar.open_mantissa = 6'182'400;
  bar.high_mantissa = 6'182'450;
  bar.low_mantissa = 6'182'001;
  bar.close_mantissa = 6'182'410;
  bar.price_exponent = -2;
  bar.volume_mantissa = Int128{123'456'789} * 1'000'000'000'000;
  bar.volume_exponent = -12;
  bar.trades = 3;
  bar.sma = 61824.1;
  bar.rsi = std::numeric_limits<double>::quiet_NaN();
  bar.bb_lower = 0.1 + 0.2;
  return row;
}

/// As PostgreSQL would give it back.
sinks::postgres::StoredRow stored_bar() {
  sinks::postgres::StoredRow stored;
  stored.fields = {{"source_id", "4"},
                   {"interval_s", "60"},
                   {"bar_start", "1700000040000000"},
                   {"open", "61824.00"},
                   {"high", "61824.5"},
                   {"low", "61820.01"},
                   {"close", "61824.10"},
                   {"volume", "123456789"},
                   {"trades", "3"},
                   {"sma", "61824.1"},
                   {"rsi", ""},
                   {"bb_mid", "0"},
                   {"bb_sigma", "0"},
                   {"bb_upper", "0"},
                   {"bb_lower", "0.30000000000000004"},
                   {"percent_b", "0"},
                   {"bandwidth", "0"},
                   {"volatility", "0"},
                   {"volatility_annual", "0"},
                   {"periods_per_year", "0"},
                   {"change", "0"},
                   {"change_pct", "0"},
                   {"bars_seen", "0"},
                   {"signal", "HOLD"},
                   {"signal_reason", "rule"},
                   {"trend", "neutral"},
                   {"is_partial", "f"},
                   {"is_filled", "f"},
                   {"is_source_bar", "f"},
                   {"is_backfilled", "f"},
                   {"journal_position", "4711"}};
  return stored;
}

std::vector<std::string> differing(const sinks::postgres::StoredRow& stored) {
  std::vector<std::string> names;
  for (const ComparedField& field : compare_bar(stored, bar_row())) {
    if (!field.is_same) names.push_back(field.name);
  }
  return names;
}

TEST(Comparison, TakesEqualValuesForEqualHoweverTheyAreWritten) { EXPECT_THAT(differing(stored_bar()), IsEmpty()); }

TEST(Comparison, NamesEveryFieldThatDiffers) {
  const auto reference = compare_bar(stored_bar(), bar_row());
  EXPECT_EQ(reference.size(), stored_bar().fields.size());
  for (const ComparedField& field : reference) {
    auto stored = stored_bar();
    std::string& text = stored.fields.at(field.name);
    text = text == "f" ? "t" : "1" + text;
    EXPECT_THAT(differing(stored), ElementsAre(field.name)) << text;
  }
}

TEST(Comparison, KnowsNoTolerance) {
  const std::pair<const char*, const char*> cases[] = {
      {"bb_lower", "0.3"}, {"bb_lower", "0.30000000000000010"}, {"bb_mid", "-0"}, {"sma", ""}, {"rsi", "50"},
      {"rsi", "NaN"},      {"close", "61824.1000000000000001"}};
  for (const auto& [name, text] : cases) {
    auto stored = stored_bar();
    stored.fields.at(name) = text;
    EXPECT_THAT(differing(stored), ElementsAre(name)) << text;
  }
}

TEST(Comparison, PrintsDoublesSoThatTheyReadBack) {
  EXPECT_EQ(real_text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(real_text(std::numeric_limits<double>::quiet_NaN()), "null");
}

}  // namespace
}  // namespace tapeline::app
