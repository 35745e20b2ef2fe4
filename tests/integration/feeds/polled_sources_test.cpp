#include <atomic>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feeds/alpha_vantage/source.hpp"
#include "feeds/alpha_vantage/wire.hpp"
#include "feeds/coingecko/source.hpp"
#include "feeds/coingecko/wire.hpp"
#include "feeds/yahoo/source.hpp"
#include "feeds/yahoo/wire.hpp"
#include "fixture.hpp"
#include "server.hpp"

namespace tapeline::feeds {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace tapeline::feeds::testing;

const std::string canary = "CANARYKEY0123456";

const std::string quote =
    R"({"Global Quote": {"01. symbol": "IBM", "02. open": "280.1", "03. high": "285", "04. low": "279",)"
    R"( "05. price": "283.5100",)"
    R"( "06. volume": "1613801", "07. latest trading day": "2025-07-11", "08. previous close": "282.3",)"
    R"( "09. change": "1.2",)"
    R"( "10. change percent": "0.4259%"}})";

const std::string chart =
    R"({"chart":{"result":[{"meta":{"currency":"USD","symbol":"AAPL","regularMarketTime":1752264000,)"
    R"("dataGranularity":"1m",)"
    R"("range":"1d"},"timestamp":[1752263880,1752263940],"indicators":{"quote":[{"open":[211.1,211.2],)"
    R"("high":[211.3,211.4],)"
    R"("low":[211.0,211.1],"close":[211.2,211.3],"volume":[1000,1200]}]}}],"error":null}})";

const std::string prices = R"({"bitcoin":{"usd":61837.63,"last_updated_at":1752263940},"ethereum":{"usd":2950.5,)"
                           R"("last_updated_at":1752263940}})";

/// A source on an io_context of its own.
struct Running {
  template <class Make>
  explicit Running(Make make) : source(make(context)) {
    source->start(sink);
  }
  bool until(const std::function<bool()>& is_done) { return run_until(context, is_done); }
  bool until_frames(std::size_t count) {
    return until([&] { return sink.frames.size() >= count; });
  }
  bool until_rounds(std::uint64_t count) {
    return until([&] { return source->status().rounds >= count; });
  }

  boost::asio::io_context context;
  KeepingSink sink;
  std::unique_ptr<Source> source;
};

template <class Config>
auto maker(Config config, TransportConfig transport_config = transport()) {
  return [=](boost::asio::io_context& context) { return make_source(context, config, transport_config); };
}

alpha_vantage::Config quotes_of(const Server& server, const std::vector<std::string>& symbols) {
  alpha_vantage::Config config;
  config.enabled = true;
  config.base_url = server.url("http");
  config.api_key = Secret(canary);
  config.request_spacing_ms = 1;
  config.requests_per_day = 0;
  for (const std::string& symbol : symbols) config.symbols.push_back({symbol, symbol});
  return config;
}

yahoo::Config charts_of(const Server& server, const std::vector<std::string>& symbols) {
  yahoo::Config config;
  config.enabled = true;
  config.base_url = server.url("http");
  config.request_spacing_ms = 1;
  for (const std::string& symbol : symbols) config.symbols.push_back({symbol, symbol});
  return config;
}

coingecko::Config coins_of(const Server& server, const std::vector<std::string>& natives) {
  coingecko::Config config;
  config.enabled = true;
  config.base_url = server.url("http");
  for (const std::string& native : natives) config.symbols.push_back({native, native});
  return config;
}

Server answering(std::function<Answer(const SeenRequest&)> respond) {
  return Server(Server::Respond(std::move(respond)));
}

/// Names and values of a target's query.
std::map<std::string, std::string> query_of(const std::string& target) {
  std::map<std::string, std::string> query;
  std::size_t begin = target.find('?');
  while (begin != std::string::npos) {
    const std::size_t end = target.find('&', begin + 1);
    const std::string pair = target.substr(begin + 1, end == std::string::npos ? end : end - begin - 1);
    const std::size_t equals = pair.find('=');
    query[pair.substr(0, equals)] = pair.substr(equals + 1);
    begin = end;
  }
  return query;
}

std::string path_of(const std::string& target) { return target.substr(0, target.find('?')); }

/// The key stands nowhere but in the request.
void expect_no_key(const Running& running) {
  const SourceStatus& status = running.source->status();
  for (const std::string& text : {status.name, status.state, status.last_error})
    EXPECT_THAT(text, Not(HasSubstr(canary)));
  for (const KeptFrame& frame : running.sink.frames) {
    EXPECT_THAT(frame.context, Not(HasSubstr(canary)));
    EXPECT_THAT(frame.payload, Not(HasSubstr(canary)));
  }
}

TEST(AlphaVantageSource, AsksForEachQuoteAtOnce) {
  Server server = answering([](const SeenRequest&) { return answer(200, quote); });
  Running running(maker(quotes_of(server, {"IBM", "MSFT"})));
  ASSERT_TRUE(running.until_rounds(1)) << running.source->status().last_error;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(path_of(requests[0].target), "/query");
  EXPECT_THAT(query_of(requests[0].target), (std::map<std::string, std::string>{
                                                {"function", "GLOBAL_QUOTE"}, {"symbol", "IBM"}, {"apikey", canary}}));
  EXPECT_EQ(query_of(requests[1].target)["symbol"], "MSFT");

  ASSERT_EQ(running.sink.frames.size(), 2U);
  const KeptFrame& frame = running.sink.frames[0];
  EXPECT_EQ(frame.source, alpha_vantage::code);
  EXPECT_EQ(frame.channel, alpha_vantage::global_quote);
  EXPECT_EQ(frame.http_status, 200);
  EXPECT_EQ(frame.context, "IBM");
  EXPECT_EQ(frame.payload, quote);
  EXPECT_EQ(running.sink.frames[1].context, "MSFT");
  EXPECT_EQ(running.source->status().state, "polling");
  EXPECT_EQ(running.source->status().frames, 2U);
  EXPECT_EQ(running.source->status().errors, 0U);
  EXPECT_EQ(server.connections(), 1);
  expect_no_key(running);
}

TEST(AlphaVantageSource, AsksForIntradayBars) {
  Server server = answering([](const SeenRequest&) { return answer(200, "{}"); });
  alpha_vantage::Config config = quotes_of(server, {"IBM"});
  config.function = alpha_vantage::Function::intraday;
  config.interval_minutes = 5;
  Running running(maker(config));
  ASSERT_TRUE(running.until_frames(1));
  EXPECT_THAT(query_of(server.requests().at(0).target),
              (std::map<std::string, std::string>{{"function", "TIME_SERIES_INTRADAY"},
                                                  {"symbol", "IBM"},
                                                  {"interval", "5min"},
                                                  {"outputsize", "compact"},
                                                  {"apikey", canary}}));
  EXPECT_EQ(running.sink.frames[0].channel, alpha_vantage::intraday);
  EXPECT_EQ(running.sink.frames[0].context, "IBM 300");
}

TEST(AlphaVantageSource, KeepsTheKeyOutOfAnEchoingBody) {
  Server server = answering([](const SeenRequest&) {
    return answer(200, R"({"Information": "We have detected your API key as )" + canary + " and " + canary +
                           R"( and our standard API rate limit is 25 requests per day."})");
  });
  Running running(maker(quotes_of(server, {"IBM"})));
  ASSERT_TRUE(running.until_rounds(1));
  EXPECT_EQ(running.sink.frames.at(0).payload, R"({"Information": "We have detected your API key as *** and *** )"
                                               R"(and our standard API rate limit is 25 requests per day."})");
  EXPECT_THAT(running.source->status().state, AllOf(HasSubstr("waiting"), HasSubstr("quota")));
  expect_no_key(running);
}

TEST(AlphaVantageSource, KeepsTheKeyOutOfErrors) {
  Server server = answering([](const SeenRequest&) {
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", After::close};
  });
  Running running(maker(quotes_of(server, {"IBM"})));
  ASSERT_TRUE(running.until([&] { return running.source->status().errors >= 2; }));
  EXPECT_FALSE(running.source->status().last_error.empty());
  EXPECT_TRUE(running.sink.frames.empty());
  expect_no_key(running);
}

TEST(AlphaVantageSource, StopsOneSymbolThatIsRefusedForGood) {
  Server server = answering([](const SeenRequest& request) {
    return answer(
        200, request.target.find("symbol=BAD") != std::string::npos
                 ? R"({"Error Message": "Invalid API call. Please retry or visit the documentation for GLOBAL_QUOTE."})"
                 : quote);
  });
  alpha_vantage::Config config = quotes_of(server, {"BAD", "IBM"});
  config.poll_seconds = 0;
  Running running(maker(config));
  ASSERT_TRUE(running.until_rounds(3)) << running.source->status().last_error;
  std::size_t bad = 0;
  for (const SeenRequest& request : server.requests()) bad += query_of(request.target)["symbol"] == "BAD" ? 1U : 0U;
  EXPECT_EQ(bad, 1U);
  EXPECT_THAT(running.source->status().last_error, AllOf(HasSubstr("BAD"), HasSubstr("refused")));
  EXPECT_EQ(running.sink.frames.at(0).context, "BAD");  // what it said is journaled all the same
}

TEST(AlphaVantageSource, SaysWhenEverythingIsRefused) {
  Server server = answering([](const SeenRequest&) {
    return answer(200, R"({"Error Message": "the parameter apikey is invalid or missing."})");
  });
  Running running(maker(quotes_of(server, {"IBM", "MSFT"})));
  ASSERT_TRUE(running.until([&] { return running.source->status().state.starts_with("refused"); }));
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_THAT(running.source->status().last_error, HasSubstr("MSFT"));
}

TEST(AlphaVantageSource, ThrowsForAnAddressOrAKeyThatIsNone) {
  boost::asio::io_context context;
  alpha_vantage::Config config;
  config.symbols = {{"IBM", "IBM"}};
  config.base_url = "www.alphavantage.co";
  EXPECT_THROW((void)make_source(context, config, transport()), std::invalid_argument);
  config.base_url = "http://127.0.0.1";
  config.api_key = Secret(canary + "\n");
  try {
    (void)make_source(context, config, transport());
    FAIL() << "a line end in a key would end the request line";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("api_key"), Not(HasSubstr(canary))));
  }
}

TEST(AlphaVantageSource, CountsItsRequestsOverRestarts) {
  const TemporaryFolder folder;
  Server server = answering([](const SeenRequest&) { return answer(200, quote); });
  TransportConfig counted = transport();
  counted.quota_directory = (folder.path() / "budget").string();
  alpha_vantage::Config config = quotes_of(server, {"A", "B", "C"});
  config.requests_per_day = 5;
  {
    Running running(maker(config, counted));
    ASSERT_TRUE(running.until_rounds(1));
    EXPECT_EQ(running.source->status().quota_left, 2);
    EXPECT_EQ(running.source->status().quota_per_day, 5);
  }
  Running running(maker(config, counted));
  running.source->poll_now();  // all three are wanted, for two there is quota
  ASSERT_TRUE(
      running.until([&] { return running.source->status().quota_left == 0 && running.sink.frames.size() == 2; }));
  running.source->poll_now();
  ASSERT_TRUE(running.until_rounds(2));
  EXPECT_EQ(server.requests().size(), 5U);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "budget")) {
    EXPECT_THAT(entry.path().string(), Not(HasSubstr(canary)));
    std::ifstream in(entry.path());
    EXPECT_THAT(std::string(std::istreambuf_iterator<char>(in), {}), Not(HasSubstr(canary)));
  }
}

TEST(AlphaVantageSource, NamesASymbolThatIsUnknownAndAsksForTheOthers) {
  Server server = answering([](const SeenRequest& request) {
    return answer(200, request.target.find("symbol=NONE") != std::string::npos ? R"({"Global Quote": {}})" : quote);
  });
  Running running(maker(quotes_of(server, {"NONE", "IBM"})));
  ASSERT_TRUE(running.until_rounds(1));
  EXPECT_THAT(running.source->status().unknown_symbols, ElementsAre("NONE"));
  EXPECT_THAT(running.source->status().last_error, AllOf(HasSubstr("NONE"), HasSubstr("unknown")));
  EXPECT_EQ(running.sink.frames.size(), 2U);
}

TEST(CoinGeckoSource, NamesACoinThatIsMissingInTheAnswerForAll) {
  Server server = answering([](const SeenRequest&) { return answer(200, prices); });
  Running running(maker(coins_of(server, {"bitcoin/usd", "no-coin/usd", "ethereum/usd"})));
  ASSERT_TRUE(running.until_rounds(1));
  EXPECT_THAT(running.source->status().unknown_symbols, ElementsAre("no-coin/usd"));
  EXPECT_EQ(running.source->status().state, "polling");
}

TEST(YahooSource, AsksForEachChart) {
  Server server = answering([](const SeenRequest&) { return answer(200, chart); });
  TransportConfig with_agent = transport();
  with_agent.user_agent = "Mozilla/5.0 (test)";
  Running running(maker(charts_of(server, {"AAPL", "^GSPC", "EURUSD=X"}), with_agent));
  ASSERT_TRUE(running.until_rounds(1)) << running.source->status().last_error;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(path_of(requests[0].target), "/v8/finance/chart/AAPL");
  EXPECT_EQ(path_of(requests[1].target), "/v8/finance/chart/%5EGSPC");
  EXPECT_EQ(path_of(requests[2].target), "/v8/finance/chart/EURUSD%3DX");
  // What was missed before it began comes first.
  EXPECT_THAT(query_of(requests[0].target), (std::map<std::string, std::string>{{"interval", "1m"}, {"range", "5d"}}));
  EXPECT_EQ(requests[0].headers.at("user-agent"), "Mozilla/5.0 (test)");
  EXPECT_EQ(running.sink.frames.at(0).channel, yahoo::chart);
  EXPECT_EQ(running.sink.frames.at(0).context, "AAPL 60");
  EXPECT_EQ(running.sink.frames.at(1).context, "^GSPC 60");
  running.source->poll_now();
  ASSERT_TRUE(running.until_rounds(2)) << running.source->status().last_error;
  EXPECT_EQ(query_of(server.requests().at(3).target).at("range"), "1d");
}

TEST(YahooSource, AsksAgainEveryRound) {
  Server server = answering([](const SeenRequest&) { return answer(200, chart); });
  yahoo::Config config = charts_of(server, {"AAPL"});
  config.poll_seconds = 0;
  Running running(maker(config));
  ASSERT_TRUE(running.until_frames(5));
  EXPECT_EQ(server.connections(), 1);
}

TEST(YahooSource, WaitsAsLongAsARateLimitSays) {
  std::atomic<int> asked{0};
  Server server = answering([&](const SeenRequest&) {
    return asked++ == 0 ? answer(429, "Too Many Requests", "Retry-After: 1\r\n") : answer(200, chart);
  });
  Running running(maker(charts_of(server, {"AAPL"})));
  ASSERT_TRUE(running.until_frames(1));
  const Nanos refused_ns = steady_now_ns();
  EXPECT_THAT(running.source->status().state, AllOf(HasSubstr("waiting 1 s"), HasSubstr("rate limit")));
  EXPECT_EQ(running.sink.frames[0].http_status, 429);
  EXPECT_EQ(running.sink.frames[0].payload, "Too Many Requests");
  ASSERT_TRUE(running.until_frames(2));
  EXPECT_GE(steady_now_ns() - refused_ns, nanos_per_second);  // never sooner than it was told
  EXPECT_EQ(running.sink.frames[1].http_status, 200);
}

TEST(YahooSource, WaitsAMinuteWhereARateLimitSaysNothing) {
  Server server = answering([](const SeenRequest&) { return answer(429, "Too Many Requests"); });
  Running running(maker(charts_of(server, {"AAPL"})));
  ASSERT_TRUE(running.until_frames(1));
  EXPECT_THAT(running.source->status().state, HasSubstr("waiting 60 s"));
}

TEST(YahooSource, RetriesServerErrors) {
  std::atomic<int> asked{0};
  Server server = answering(
      [&](const SeenRequest&) { return asked++ < 2 ? answer(502, "<html>Bad Gateway</html>") : answer(200, chart); });
  Running running(maker(charts_of(server, {"AAPL"})));
  ASSERT_TRUE(running.until_frames(3)) << running.source->status().last_error;
  EXPECT_EQ(running.sink.frames[0].http_status, 502);
  EXPECT_EQ(running.sink.frames[0].payload, "<html>Bad Gateway</html>");
  EXPECT_EQ(running.sink.frames[2].http_status, 200);
  EXPECT_EQ(running.source->status().errors, 2U);
}

TEST(YahooSource, DoesNotLetOneSymbolInTroubleHoldUpTheOthers) {
  Server server = answering([](const SeenRequest& request) {
    return request.target.find("/SICK") != std::string::npos ? answer(500, "Internal Server Error")
                                                             : answer(200, chart);
  });
  Running running(maker(charts_of(server, {"SICK", "AAPL"})));
  EXPECT_TRUE(running.until([&] {
    return !running.sink.frames.empty() && running.sink.frames.back().context == "AAPL 60";
  })) << running.source->status().state;
}

TEST(YahooSource, KeepsThePathOfItsBaseAddress) {
  Server server = answering([](const SeenRequest&) { return answer(200, chart); });
  yahoo::Config config = charts_of(server, {"AAPL"});
  config.base_url += "/through/a/gateway/";
  Running running(maker(config));
  ASSERT_TRUE(running.until_frames(1));
  EXPECT_EQ(path_of(server.requests().at(0).target), "/through/a/gateway/v8/finance/chart/AAPL");
}

TEST(YahooSource, LeavesNothingBehindWhenItIsStopped) {
  Server server = answering([](const SeenRequest& request) {
    return request.target.find("/AAPL") != std::string::npos ? answer(200, chart) : Answer{"", After::hold};
  });
  Running running(maker(charts_of(server, {"AAPL", "HANGS"})));
  ASSERT_TRUE(running.until([&] { return server.requests().size() == 2; }));
  running.source->stop();
  EXPECT_EQ(running.source->status().state, "stopped");
  EXPECT_TRUE(running.until(
      [&] { return running.context.stopped() || running.context.run_one_for(std::chrono::milliseconds(1)) == 0; }));
  EXPECT_EQ(running.sink.frames.size(), 1U);
}

TEST(CoinGeckoSource, AsksForAllCoinsAtOnce) {
  Server server = answering([](const SeenRequest&) { return answer(200, prices); });
  Running running(maker(coins_of(server, {"bitcoin/usd", "ethereum/usd"})));
  ASSERT_TRUE(running.until_rounds(1)) << running.source->status().last_error;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(path_of(requests[0].target), "/api/v3/simple/price");
  EXPECT_THAT(query_of(requests[0].target), (std::map<std::string, std::string>{{"ids", "bitcoin,ethereum"},
                                                                                {"vs_currencies", "usd"},
                                                                                {"include_last_updated_at", "true"},
                                                                                {"precision", "full"}}));
  EXPECT_EQ(requests[0].headers.count("x-cg-demo-api-key"), 0U);
  const KeptFrame& frame = running.sink.frames.at(0);
  EXPECT_EQ(frame.source, coingecko::code);
  EXPECT_EQ(frame.channel, coingecko::simple_price);
  EXPECT_EQ(frame.context, "usd");
  EXPECT_EQ(frame.payload, prices);
}

TEST(CoinGeckoSource, AsksByCurrencyForTheCoinsThatAreWantedInIt) {
  Server server = answering([](const SeenRequest&) { return answer(200, prices); });
  Running running(maker(coins_of(server, {"bitcoin/usd", "ethereum/eur", "bitcoin/eur"})));
  ASSERT_TRUE(running.until_rounds(1));
  std::map<std::string, std::string> ids_by_currency;
  for (const SeenRequest& request : server.requests()) {
    const auto query = query_of(request.target);
    ids_by_currency[query.at("vs_currencies")] = query.at("ids");
  }
  EXPECT_THAT(ids_by_currency, (std::map<std::string, std::string>{{"eur", "ethereum,bitcoin"}, {"usd", "bitcoin"}}));
}

TEST(CoinGeckoSource, SplitsManyCoins) {
  std::vector<std::string> natives;
  for (int i = 0; i < 450; ++i) natives.push_back("coin-" + std::to_string(i) + "/usd");
  Server server = answering([](const SeenRequest&) { return answer(200, prices); });
  Running running(maker(coins_of(server, natives)));
  ASSERT_TRUE(running.until_rounds(1));
  std::set<std::string> seen_ids;
  for (const SeenRequest& request : server.requests()) {
    std::string ids = query_of(request.target)["ids"] + ",";
    std::size_t in_call = 0;
    for (std::size_t comma = ids.find(','); comma != std::string::npos; comma = ids.find(',')) {
      seen_ids.insert(ids.substr(0, comma));
      ids.erase(0, comma + 1);
      ++in_call;
    }
    EXPECT_LE(in_call, 200U);
  }
  EXPECT_EQ(seen_ids.size(), 450U);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(CoinGeckoSource, AsksForMarkets) {
  Server server = answering([](const SeenRequest&) { return answer(200, "[]"); });
  coingecko::Config config = coins_of(server, {"bitcoin/usd"});
  config.endpoint = coingecko::Endpoint::coins_markets;
  Running running(maker(config));
  ASSERT_TRUE(running.until_frames(1));
  const auto request = server.requests().at(0);
  EXPECT_EQ(path_of(request.target), "/api/v3/coins/markets");
  EXPECT_EQ(query_of(request.target)["vs_currency"], "usd");
  EXPECT_EQ(query_of(request.target)["ids"], "bitcoin");
  EXPECT_EQ(running.sink.frames[0].channel, coingecko::coins_markets);
  EXPECT_EQ(running.sink.frames[0].context, "usd");
}

TEST(CoinGeckoSource, SendsItsKeyAsAHeader) {
  Server server = answering([](const SeenRequest& request) {
    return answer(200, R"({"bitcoin":{"usd":1,"echo":")" + request.headers.at("x-cg-demo-api-key") + R"("}})");
  });
  coingecko::Config config = coins_of(server, {"bitcoin/usd"});
  config.api_key = Secret(canary);
  Running running(maker(config));
  ASSERT_TRUE(running.until_frames(1));
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.headers.at("x-cg-demo-api-key"), canary);
  EXPECT_THAT(request.target, Not(HasSubstr(canary)));
  expect_no_key(running);
}

TEST(SourceCheck, TellsOnePrice) {
  Server av_server = answering([](const SeenRequest&) { return answer(200, quote); });
  Server yahoo_server = answering([](const SeenRequest&) { return answer(200, chart); });
  Server coingecko_server = answering([](const SeenRequest&) { return answer(200, prices); });
  const CheckResult of_quote = alpha_vantage::check(quotes_of(av_server, {"IBM"}), transport(), 10'000);
  const CheckResult of_chart = yahoo::check(charts_of(yahoo_server, {"AAPL"}), transport(), 10'000);
  const CheckResult of_coin = coingecko::check(coins_of(coingecko_server, {"bitcoin/usd"}), transport(), 10'000);
  EXPECT_TRUE(of_quote.ok) << of_quote.detail;
  EXPECT_TRUE(of_chart.ok) << of_chart.detail;
  EXPECT_TRUE(of_coin.ok) << of_coin.detail;
  EXPECT_THAT(of_quote.detail, AllOf(HasSubstr("IBM"), HasSubstr("283.51")));
  EXPECT_THAT(of_chart.detail, AllOf(HasSubstr("AAPL"), HasSubstr("211.")));
  EXPECT_THAT(of_coin.detail, AllOf(HasSubstr("bitcoin/usd"), HasSubstr("61837.63")));
  EXPECT_GT(of_quote.latency_ns, 0);
}

TEST(SourceCheck, TellsWhyThereIsNone) {
  Server server = answering([](const SeenRequest&) {
    return answer(200, R"({"Information": "We have detected your API key as )" + canary +
                           R"( and our standard API rate limit is 25 requests per day."})");
  });
  const CheckResult refused = alpha_vantage::check(quotes_of(server, {"IBM"}), transport(), 10'000);
  EXPECT_FALSE(refused.ok);
  EXPECT_FALSE(refused.detail.empty());
  EXPECT_THAT(refused.detail, Not(HasSubstr(canary)));

  Authority authority;
  Server stranger(Server::Respond([](const SeenRequest&) { return answer(200, chart); }), authority.sign("localhost"));
  yahoo::Config config = charts_of(stranger, {"AAPL"});
  config.base_url = stranger.url("https", "localhost");
  const CheckResult untrusted = yahoo::check(config, transport(), 5'000);
  EXPECT_FALSE(untrusted.ok);
  EXPECT_THAT(untrusted.detail, AllOf(HasSubstr("localhost"), HasSubstr("ca_file")));
}

}  // namespace
}  // namespace tapeline::feeds
