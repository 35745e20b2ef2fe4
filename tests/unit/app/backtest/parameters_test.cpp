#include "app/backtest/parameters.hpp"

#include <stdexcept>

#include <gmock/gmock.h>

namespace tapeline::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Config with_ema() {
  Config config;
  config.indicators.custom = {{.name = "slow", .kind = IndicatorKind::ema, .length = 50}};
  return config;
}

std::string problem(std::string_view text) {
  try {
    static_cast<void>(parse_parameter(text, with_ema()));
    return "";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(Parameters, AreRangesOrLists) {
  EXPECT_THAT(parse_parameter("rsi_length=7:21:7", {}).values, ElementsAre(7, 14, 21));
  EXPECT_THAT(parse_parameter("rsi_length=7:20:7", {}).values, ElementsAre(7, 14));
  EXPECT_THAT(parse_parameter("fraction=0.1:0.3:0.1", {}).values, ElementsAre(0.1, 0.2, 0.3));
  EXPECT_THAT(parse_parameter("rsi_buy_below=30,20", {}).values, ElementsAre(30, 20));
  EXPECT_THAT(parse_parameter("slow.length=9", with_ema()).values, ElementsAre(9));
}

TEST(Parameters, AreSetWhereTheyBelong) {
  const Config base = with_ema();
  const std::vector<backtest::Parameter> parameters{{"rsi_length", {}}, {"fee_bps", {}}, {"slow.length", {}}};
  const Config config = with_parameters(base, parameters, {9, 2.5, 30});
  EXPECT_EQ(config.indicators.rsi_length, 9U);
  EXPECT_EQ(config.backtest.fee_bps, 2.5);
  EXPECT_EQ(config.indicators.custom[0].length, 30U);
  EXPECT_EQ(config.indicators.sma_length, base.indicators.sma_length);
}

TEST(Parameters, AMistakeNamesItsCure) {
  EXPECT_THAT(problem("rsi_lenght=7"), HasSubstr("did you mean rsi_length?"));
  EXPECT_THAT(problem("rsi_length"), HasSubstr("NAME=FIRST:LAST:STEP"));
  EXPECT_THAT(problem("rsi_length=7:21"), HasSubstr("FIRST:LAST:STEP"));
  EXPECT_THAT(problem("rsi_length=7:21:0"), HasSubstr("a step above 0"));
  EXPECT_THAT(problem("rsi_length=seven"), HasSubstr("with numbers"));
  EXPECT_THAT(problem("rsi_length=7,"), HasSubstr("with numbers"));
  EXPECT_THAT(problem("rsi_length=7.5"), HasSubstr("no whole number"));
  EXPECT_THAT(problem("rsi_length=0"), HasSubstr("not between 1 and"));
  EXPECT_THAT(problem("fraction=0.1:100:0.0000001"), HasSubstr("larger step"));
  EXPECT_THROW(static_cast<void>(with_parameters({}, {{"rsi_buy_below", {}}}, {70})), std::invalid_argument);
}

}  // namespace
}  // namespace tapeline::app
