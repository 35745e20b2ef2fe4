// Impossible options are refused by the constructors, with a sentence that says what is possible.
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/indicators/indicator_set.hpp"

namespace tapeline {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(IndicatorArguments, LengthsOutsideTheirRangeAreRefused) {
  constexpr std::uint32_t too_long = indicator_length_max + 1;
  const auto refused = [](const char* sentence) { return ThrowsMessage<std::invalid_argument>(HasSubstr(sentence)); };
  EXPECT_THAT([] { Sma(0); }, refused("sma length 0 is impossible: choose one from 1 to 100000"));
  EXPECT_THAT([] { Sma{too_long}; }, refused("sma length 100001 is impossible"));
  EXPECT_THAT([] { Rsi(0); }, refused("rsi length 0 is impossible"));
  EXPECT_THAT([] { Rsi{too_long}; }, refused("rsi length 100001 is impossible"));
  EXPECT_THAT([] { Bollinger(0, 2); }, refused("bollinger length 0 is impossible"));
  EXPECT_THAT([] { Bollinger(too_long, 2); }, refused("bollinger length 100001 is impossible"));
  EXPECT_THAT([] { Volatility(1); }, refused("volatility length 1 is impossible: choose one from 2 to 100000"));
  EXPECT_THAT([] { Volatility{too_long}; }, refused("volatility length 100001 is impossible"));
}

TEST(IndicatorArguments, LimitsOfTheRangeAreTaken) {
  EXPECT_NO_THROW(Sma(1));
  EXPECT_NO_THROW(Sma{indicator_length_max});
  EXPECT_NO_THROW(Rsi(1));
  EXPECT_NO_THROW(Bollinger(1, 0.5));
  EXPECT_NO_THROW(Volatility(2));
}

TEST(IndicatorArguments, BandsWithoutAWidthAreRefused) {
  for (const double width :
       {0.0, -2.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(Bollinger(20, width), std::invalid_argument) << width;
  }
}

TEST(IndicatorArguments, SetRefusesWhatItsKernelsRefuse) {
  IndicatorsConfig config;
  config.volatility_length = 1;
  EXPECT_THROW(IndicatorSet(config, 365), std::invalid_argument);
}

TEST(IndicatorArguments, SetRefusesAYearWithoutBars) {
  for (const double periods :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(IndicatorSet(IndicatorsConfig{}, periods), std::invalid_argument) << periods;
  }
}

}  // namespace
}  // namespace tapeline
