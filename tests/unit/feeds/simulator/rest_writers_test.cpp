#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "feeds/simulator/http_routes.hpp"

namespace tapeline::feeds::simulator {
namespace {

using simdjson::dom::element;

class Rest : public testing::Test {
 protected:
  explicit Rest(Session session = Session::always, const char* start = "2025-07-11T17:00:00Z")
      : now_ns_(parse_utc(start).value()), market_({.equity_session = session, .start_ns = now_ns_}) {
    advance(150 * nanos_per_second + 300 * nanos_per_millisecond);
  }
  void advance(Nanos duration_ns) {
    now_ns_ += duration_ns;
    market_.advance_to(now_ns_);
  }
  HttpReply get(std::string_view target) { return route(market_, history_, {}, target, now_ns_).reply; }
  element json(std::string_view target) {
    reply_ = get(target);
    return parser_.parse(reply_.body);
  }

  Nanos now_ns_;
  Market market_;
  TradeTape tape_{market_, {.start_ns = now_ns_}};
  TradeHistory history_{market_, tape_};
  HttpReply reply_;
  simdjson::dom::parser parser_;
};

class RestInSessions : public Rest {
 protected:
  RestInSessions() : Rest(Session::new_york) {}
};

class RestOnSunday : public Rest {
 protected:
  RestOnSunday() : Rest(Session::new_york, "2025-07-13T17:00:00Z") {}
};

double number(element value) { return std::stod(std::string(std::string_view(value))); }

TEST_F(Rest, QuotesAsAlphaVantageDoes) {
  const element quote = json("/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=any")["Global Quote"];
  EXPECT_EQ(reply_.body.find("{\n    \"Global Quote\": {\n        \"01. symbol\": \"IBM\",\n        \"02. open\": \""),
            0U);
  EXPECT_EQ(reply_.body.substr(reply_.body.size() - 10), "%\"\n    }\n}");
  EXPECT_EQ(std::string_view(quote["07. latest trading day"]), "2025-07-11");
  EXPECT_LE(number(quote["04. low"]), number(quote["05. price"]));
  EXPECT_GE(number(quote["03. high"]), number(quote["05. price"]));
  EXPECT_NEAR(number(quote["05. price"]) - number(quote["08. previous close"]), number(quote["09. change"]), 1e-9);
  EXPECT_EQ(std::string_view(quote["05. price"]).size(), std::string_view("190.4500").size());
}

TEST_F(Rest, QuotesAsCsvWithCrLf) {
  const HttpReply reply = get("/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=any&datatype=csv");
  EXPECT_EQ(reply.body.find("symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\nIBM,"),
            0U);
  EXPECT_EQ(reply.body.substr(reply.body.size() - 3), "%\r\n");
}

TEST_F(Rest, GivesIntradayBarsNewestFirst) {
  const element body = json("/query?function=TIME_SERIES_INTRADAY&symbol=MSFT&interval=5min&apikey=any");
  EXPECT_EQ(std::string_view(body["Meta Data"]["2. Symbol"]), "MSFT");
  EXPECT_EQ(std::string_view(body["Meta Data"]["3. Last Refreshed"]), "2025-07-11 12:55:00");
  EXPECT_EQ(std::string_view(body["Meta Data"]["6. Time Zone"]), "US/Eastern");
  const simdjson::dom::object series = body["Time Series (5min)"];
  std::vector<std::string> stamps;
  for (const auto& [stamp, bar] : series) {
    stamps.emplace_back(stamp);
    EXPECT_LE(number(bar["3. low"]), number(bar["4. close"]));
    EXPECT_GE(number(bar["2. high"]), number(bar["1. open"]));
  }
  ASSERT_EQ(stamps.size(), 100U);
  EXPECT_EQ(stamps.front(), "2025-07-11 12:55:00");  // the bar of 13:00 is still open
  EXPECT_EQ(stamps[1], "2025-07-11 12:50:00");
}

TEST_F(Rest, GivesIntradayCsvWithTheSameNumbers) {
  const HttpReply reply =
      get("/query?function=TIME_SERIES_INTRADAY&symbol=MSFT&interval=1min&apikey=any&datatype=csv&outputsize=full");
  EXPECT_EQ(reply.body.find("timestamp,open,high,low,close,volume\r\n2025-07-11 13:01:00,"), 0U);
  EXPECT_GT(split(reply.body, '\n').size(), 7U * 1440U);
}

TEST_F(RestInSessions, HasNoBarsOutsideTradingHours) {
  const element body =
      json("/query?function=TIME_SERIES_INTRADAY&symbol=IBM&interval=60min&apikey=any&outputsize=full");
  int bars = 0;
  const simdjson::dom::object series = body["Time Series (60min)"];
  for (const auto& [stamp, bar] : series) {
    const std::string hour(stamp.substr(11, 2));
    EXPECT_GE(hour, "09") << stamp;
    EXPECT_LE(hour, "15") << stamp;
    ++bars;
  }
  EXPECT_GT(bars, 30);
}

TEST_F(RestOnSunday, QuotesTheLastTradingDay) {
  const element quote = json("/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=any")["Global Quote"];
  EXPECT_EQ(std::string_view(quote["07. latest trading day"]), "2025-07-11");
  const element result = json("/v8/finance/chart/AAPL?interval=1m&range=1d")["chart"]["result"].at(0);
  const simdjson::dom::array stamps = result["timestamp"];
  EXPECT_GE(stamps.size(), 390U);
}

TEST_F(Rest, RefusesAsAlphaVantageDoes) {
  EXPECT_EQ(get("/query?function=GLOBAL_QUOTE&symbol=NONE&apikey=any").body, "{\n    \"Global Quote\": {}\n}");
  EXPECT_EQ(get("/query?function=TIME_SERIES_INTRADAY&symbol=NONE&interval=5min&apikey=any").body,
            "{\n    \"Error Message\": \"Invalid API call. Please retry or visit the documentation "
            "(https://www.alphavantage.co/documentation/) for TIME_SERIES_INTRADAY.\"\n}");
  const HttpReply keyless = get("/query?function=GLOBAL_QUOTE&symbol=IBM");
  EXPECT_EQ(keyless.status, 200U);
  EXPECT_EQ(keyless.body.find("{\n    \"Error Message\": \"the parameter apikey is invalid or missing."), 0U);
  EXPECT_EQ(get("/query?function=NONE&apikey=any").status, 200U);
}

TEST_F(Rest, PricesAsCoinGeckoDoes) {
  const element body = json(
      "/api/v3/simple/price?ids=bitcoin,dogecoin&vs_currencies=usd,eur&include_market_cap=true&include_24hr_vol=true"
      "&include_24hr_change=true&include_last_updated_at=true");
  std::string keys;
  const simdjson::dom::object bitcoin = body["bitcoin"];
  for (const auto& [key, value] : bitcoin) keys += std::string(key) + " ";
  EXPECT_EQ(
      keys,
      "usd usd_market_cap usd_24h_vol usd_24h_change eur eur_market_cap eur_24h_vol eur_24h_change last_updated_at ");
  EXPECT_NEAR(double(body["bitcoin"]["usd"]), market_.assets()[0].price(), 1e-9);
  EXPECT_EQ(std::int64_t(body["bitcoin"]["last_updated_at"]), now_ns_ / nanos_per_second);
  EXPECT_GT(double(body["dogecoin"]["usd"]), 0);
}

TEST_F(Rest, RoundsAsPrecisionSays) {
  EXPECT_EQ(get("/api/v3/simple/price?ids=bitcoin&vs_currencies=usd&precision=0").body.find('.'), std::string::npos);
  EXPECT_NE(get("/api/v3/simple/price?ids=bitcoin&vs_currencies=eur&precision=full").body.find('.'), std::string::npos);
}

TEST_F(Rest, LeavesOutWhatCoinGeckoDoesNotKnow) {
  EXPECT_EQ(get("/api/v3/simple/price?ids=nonesuch&vs_currencies=usd").body, "{}");
  EXPECT_EQ(get("/api/v3/simple/price?ids=bitcoin&vs_currencies=xyz&include_last_updated_at=true").body,
            R"({"bitcoin":{}})");
  const HttpReply spaced = get("/api/v3/simple/price?ids=bitcoin,%20ethereum&vs_currencies=usd");
  EXPECT_EQ(spaced.body.find("ethereum"), std::string::npos);
  const HttpReply missing = get("/api/v3/simple/price?vs_currencies=usd");
  EXPECT_EQ(missing.status, 422U);
  EXPECT_EQ(missing.body, R"({"error":"Missing parameter ids"})");
}

TEST_F(Rest, ListsMarketsByCapitalisation) {
  const element body = json("/api/v3/coins/markets?vs_currency=usd");
  std::string ids;
  const simdjson::dom::array coins = body;
  for (const element coin : coins) {
    ids += std::string(std::string_view(coin["id"])) + " ";
    EXPECT_GE(double(coin["high_24h"]), double(coin["low_24h"]));
    EXPECT_TRUE(parse_utc(std::string_view(coin["last_updated"])).has_value());
    EXPECT_TRUE(coin["roi"].is_null());
  }
  EXPECT_EQ(ids, "bitcoin ethereum solana dogecoin ");
  EXPECT_TRUE(json("/api/v3/coins/markets?vs_currency=usd&ids=ethereum").at(0)["max_supply"].is_null());
  EXPECT_EQ(get("/api/v3/coins/markets?vs_currency=usd&per_page=1&page=9").body, "[]");
  EXPECT_EQ(get("/api/v3/coins/markets").status, 422U);
}

TEST_F(Rest, ChartsAsYahooDoes) {
  const element result = json("/v8/finance/chart/AAPL?interval=1m&range=1d")["chart"]["result"].at(0);
  EXPECT_EQ(std::string_view(result["meta"]["symbol"]), "AAPL");
  EXPECT_EQ(std::string_view(result["meta"]["dataGranularity"]), "1m");
  EXPECT_EQ(std::string_view(result["meta"]["exchangeTimezoneName"]), "America/New_York");
  const simdjson::dom::array stamps = result["timestamp"];
  const element quote = result["indicators"]["quote"].at(0);
  for (const char* field : {"volume", "close", "low", "open", "high"}) {
    EXPECT_EQ(simdjson::dom::array(quote[field]).size(), stamps.size()) << field;
  }
  std::int64_t before = 0;
  std::size_t index = 0;
  for (const element stamp : stamps) {
    const std::int64_t seconds = stamp;
    EXPECT_GT(seconds, before);
    before = seconds;
    const bool live = ++index == stamps.size();
    EXPECT_EQ(seconds % 60 == 0, !live);
  }
  EXPECT_EQ(before, now_ns_ / nanos_per_second);  // the live point, off the grid
  const auto last = static_cast<std::size_t>(stamps.size() - 1);
  EXPECT_EQ(std::int64_t(quote["volume"].at(last)), 0);
  const double close = quote["close"].at(last);
  EXPECT_EQ(close, static_cast<double>(static_cast<float>(double(result["meta"]["regularMarketPrice"]))));
}

TEST_F(Rest, ChartsTheCoinAtThePriceOfTheOtherSources) {
  const element result = json("/v8/finance/chart/BTC-USD?interval=5m&range=1d")["chart"]["result"].at(0);
  EXPECT_EQ(double(result["meta"]["regularMarketPrice"]), market_.assets()[0].price());
  EXPECT_EQ(std::string_view(result["meta"]["instrumentType"]), "CRYPTOCURRENCY");
}

TEST_F(RestInSessions, ChartsDaysFromTheirOpening) {
  const element result = json("/v8/finance/chart/AAPL?interval=1d&range=5d")["chart"]["result"].at(0);
  const simdjson::dom::array stamps = result["timestamp"];
  EXPECT_EQ(std::int64_t(stamps.at(stamps.size() - 2)), parse_utc("2025-07-11T13:30:00Z").value() / nanos_per_second);
  EXPECT_EQ(simdjson::dom::array(result["indicators"]["adjclose"].at(0)["adjclose"]).size(), stamps.size());
  const element hours = json("/v8/finance/chart/AAPL?interval=1h&range=1d")["chart"]["result"].at(0);
  EXPECT_EQ(std::int64_t(hours["timestamp"].at(0)), parse_utc("2025-07-11T13:30:00Z").value() / nanos_per_second);
}

TEST_F(Rest, RefusesAsYahooDoes) {
  const HttpReply unknown = get("/v8/finance/chart/NONE?interval=1m&range=1d");
  EXPECT_EQ(unknown.status, 404U);
  EXPECT_EQ(unknown.body, R"({"chart":{"result":null,"error":{"code":"Not Found",)"
                          R"("description":"No data found, symbol may be delisted"}}})");
  EXPECT_EQ(get("/v8/finance/chart/AAPL?interval=7d").status, 400U);
  EXPECT_EQ(get("/v8/finance/chart/AAPL?interval=1m&range=7x").status, 400U);
  EXPECT_EQ(get("/v8/finance/chart/AAPL?interval=1m&period1=1700000000&period2=1700604800").status, 422U);
}

TEST_F(Rest, ChartsNothingWithoutTimestamps) {
  const HttpReply empty = get("/v8/finance/chart/AAPL?interval=5m&period1=1700000000&period2=1700604800");
  EXPECT_EQ(empty.body.find("\"timestamp\""), std::string::npos);
  EXPECT_NE(empty.body.find(R"("indicators":{"quote":[{}]}}],"error":null}})"), std::string::npos);
}

TEST_F(Rest, PrefersCannedResponses) {
  const std::vector<CannedResponse> canned{{.target = parse_target("/query?symbol=IBM"),
                                            .reply = {.status = 503, .content_type = "text/html", .body = "<p>"}}};
  const RoutedReply routed =
      route(market_, history_, canned, "/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=k", now_ns_);
  EXPECT_TRUE(routed.canned);
  EXPECT_EQ(routed.reply.status, 503U);
  EXPECT_FALSE(route(market_, history_, canned, "/query?function=GLOBAL_QUOTE&symbol=MSFT&apikey=k", now_ns_).canned);
  EXPECT_EQ(get("/nowhere").status, 404U);
}

TEST_F(RestInSessions, DaysAsAlphaVantageDoes) {
  const element body = json("/query?function=TIME_SERIES_DAILY&symbol=IBM&apikey=any");
  EXPECT_EQ(std::string_view(body["Meta Data"]["3. Last Refreshed"]), "2025-07-11 13:02:30");  // the day goes on
  EXPECT_EQ(std::string_view(body["Meta Data"]["5. Time Zone"]), "US/Eastern");
  const auto days = body["Time Series (Daily)"].get_object();
  EXPECT_EQ((*days.begin()).key, "2025-07-11");
  const std::string csv = get("/query?function=TIME_SERIES_DAILY&symbol=IBM&apikey=any&datatype=csv").body;
  EXPECT_EQ(csv.find("timestamp,open,high,low,close,volume\r\n2025-07-11,"), 0U);
  EXPECT_NE(get("/query?function=TIME_SERIES_DAILY&symbol=IBM&apikey=any&outputsize=full").body.find("premium feature"),
            std::string::npos);
}

TEST_F(Rest, HistoriesAsCoinGeckoDoes) {
  const auto candles = json("/api/v3/coins/bitcoin/ohlc?vs_currency=usd&days=1").get_array();
  EXPECT_GE(candles.size(), 48U);
  std::int64_t before_ms = 0;
  for (const element candle : candles) {
    const std::int64_t end_ms = candle.at(0);
    EXPECT_EQ(end_ms % 1'800'000, 0);
    EXPECT_GT(end_ms, before_ms);
    EXPECT_GE(double(candle.at(2).get_double()), double(candle.at(3).get_double()));
    before_ms = end_ms;
  }
  EXPECT_GT(before_ms * nanos_per_millisecond, now_ns_);  // the last one is still open: its stamp is its end
  const auto prices = json("/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days=1")["prices"].get_array();
  EXPECT_GE(prices.size(), 288U);
  EXPECT_EQ(std::int64_t(prices.at(prices.size() - 1).at(0)), now_ns_ / nanos_per_millisecond);
  EXPECT_EQ(get("/api/v3/coins/nocoin/ohlc?vs_currency=usd&days=1").status, 404U);
  EXPECT_EQ(get("/api/v3/coins/bitcoin/ohlc?vs_currency=usd").status, 422U);
  EXPECT_EQ(get("/api/v3/coins/bitcoin/ohlc?vs_currency=zzz&days=1").status, 422U);
}

}  // namespace
}  // namespace tapeline::feeds::simulator
