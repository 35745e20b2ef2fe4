#include "sinks/redis/encoder.hpp"

#include <gmock/gmock.h>

#include "tests/support/redis_values.hpp"

namespace tapeline::sinks::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string bytes_of(const Latest& latest) {
  Commands commands;
  encode_latest("BTC-USD", latest, 300, commands);
  return commands.bytes();
}

std::string words(std::initializer_list<std::string_view> list) {
  Commands commands;
  commands.add(list);
  return commands.bytes();
}

TEST(RedisEncoder, WritesPricesExactly) {
  Latest latest = test::latest_value(123'456'789'012'345'678);
  latest.price_exponent = -10;
  EXPECT_THAT(bytes_of(latest), HasSubstr(words({"SET", "BTC-USD:price", "12345678.9012345678", "EX", "300"})));
  EXPECT_THAT(bytes_of(latest), HasSubstr(words({"HSET", "market:data", "BTC-USD", "12345678.9012345678"})));
}

TEST(RedisEncoder, WritesRsiAsShortestRoundTrip) {
  EXPECT_THAT(bytes_of(test::latest_value(1, 70.464135021097)),
              HasSubstr(words({"SET", "BTC-USD:rsi", "70.464135021097", "EX", "300"})));
}

TEST(RedisEncoder, TakesAwayAnUndefinedRsi) {
  EXPECT_THAT(bytes_of(test::latest_value(1)), HasSubstr(words({"DEL", "BTC-USD:rsi"})));
  EXPECT_THAT(bytes_of(test::latest_value(1)), Not(HasSubstr("nan")));
}

TEST(RedisEncoder, NamesSignalAndTrend) {
  Latest latest = test::latest_value(1);
  latest.signal = Signal::sell;
  latest.trend = Trend::bullish;
  EXPECT_THAT(bytes_of(latest), HasSubstr(words({"SET", "BTC-USD:signal", "SELL", "EX", "300"})));
  EXPECT_THAT(bytes_of(latest), HasSubstr(words({"SET", "BTC-USD:trend", "bullish", "EX", "300"})));
}

TEST(RedisEncoder, WritesAnAlertAsJson) {
  std::vector<RuleConfig> rules = default_rules();
  rules[0].message = "{symbol}: \"low\" RSI {rsi:.1f}";
  const auto catalog = make_row_catalog({}, rules, "");
  EXPECT_EQ(alert_json(test::alert_row(1'723'161'300'123, 77), {"BTC-USD", "binance", 4096, catalog.get()}),
            R"({"alert_id":"1723161300123-77","rule":"rsi_oversold","rule_version":1,"severity":"info",)"
            R"("symbol":"BTC-USD","source":"binance","interval_s":60,"bar_start":"2024-08-08T23:54:00Z",)"
            R"("bar_end":"2024-08-08T23:55:00Z","signal":"BUY","trend":"bearish","close":61837.63,"rsi":28.25,)"
            R"("sma":62000.5,"bb_upper":63000,"bb_lower":61001,"change_pct":-0.125,"volatility":null,)"
            R"("journal_position":4096,"message":"BTC-USD: \"low\" RSI 28.2","evidence":{"rsi":28.25}})");
}

}  // namespace
}  // namespace tapeline::sinks::redis
