#include "feeds/coingecko/wire.hpp"

#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds::coingecko {
namespace {

using testing::Parsed;
using testing::Request;
using Lines = std::vector<std::string>;

const std::string at_receipt = std::to_string(testing::receive_ns);

Lines simple(std::string_view body, const char* currencies) {
  Parser parser;
  return Parsed{parser, {.channel = simple_price, .context = currencies}, body}.lines();
}

Lines markets(std::string_view body, const char* currency) {
  Parser parser;
  return Parsed{parser, {.channel = coins_markets, .context = currency}, body}.lines();
}

TEST(CoingeckoWire, EachCoinAndCurrencyIsATick) {
  EXPECT_EQ(
      simple(R"({"bitcoin":{"usd":83749,"usd_24h_change":-2.58,"eur":74795.5,"last_updated_at":1791367550},)"
             R"("shiba-inu":{"usd":8.69e-05,"eur":7.5E-5,"last_updated_at":1791367500}})",
             "usd,eur"),
      (Lines{"bitcoin/usd 1791367550000000000 83749 0 0 unknown", "bitcoin/eur 1791367550000000000 74795.5 0 0 unknown",
             "shiba-inu/usd 1791367500000000000 0.0000869 0 0 unknown",
             "shiba-inu/eur 1791367500000000000 0.000075 0 0 unknown"}));
}

TEST(CoingeckoWire, WithoutAContextEveryCurrencyIsTaken) {
  EXPECT_EQ(
      simple(
          R"({"bitcoin":{"usd":1,"usd_market_cap":2,"usd_24h_vol":3,"usd_24h_change":4,"eur":5,"last_updated_at":10}})",
          ""),
      (Lines{"bitcoin/usd 10000000000 1 0 0 unknown", "bitcoin/eur 10000000000 5 0 0 unknown"}));
}

TEST(CoingeckoWire, WithoutAStampTheReceiptCounts) {
  EXPECT_EQ(simple(R"({"bitcoin":{"usd":49357}})", "usd"), (Lines{"bitcoin/usd " + at_receipt + " 49357 0 0 unknown"}));
}

TEST(CoingeckoWire, ACoinWithoutAPriceIsARejectOfItsSymbol) {
  EXPECT_EQ(simple(R"({"bitcoin":{},"ethereum":{"usd":null,"last_updated_at":10},"monero":{"usd":150}})", "usd"),
            (Lines{"bitcoin/usd " + at_receipt + " no_data", "ethereum/usd 10000000000 no_data",
                   "monero/usd " + at_receipt + " 150 0 0 unknown"}));
}

TEST(CoingeckoWire, MarketsAreTicksByIdNotByTicker) {
  EXPECT_EQ(markets(R"([{"id":"bitcoin","symbol":"btc","current_price":77356,"roi":{"times":1.5,"currency":"usd"},)"
                    R"("last_updated":"2026-09-02T20:41:30.250Z"},)"
                    R"({"id":"bitcoin-clone","symbol":"btc","current_price":2.40527e-07,"roi":null},)"
                    R"({"id":"dead-coin","symbol":"dead","current_price":null,"last_updated":null}])",
                    "usd"),
            (Lines{"bitcoin/usd 1788381690250000000 77356 0 0 unknown",
                   "bitcoin-clone/usd " + at_receipt + " 0.000000240527 0 0 unknown",
                   "dead-coin/usd " + at_receipt + " no_data"}));
}

TEST(CoingeckoWire, RejectsNameTheField) {
  Parser parser;
  const auto reject = [&](const char* body) {
    const Parsed parsed{parser, {.channel = simple_price, .context = "usd"}, body};
    EXPECT_EQ(parsed.events().size(), 1u) << body;
    EXPECT_EQ(parsed.events()[0].kind, EventKind::reject) << body;
    return std::string{to_string(parsed.events()[0].reason)} + ": " + std::string{parsed.events()[0].text};
  };
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":-1}})"), "non_positive_price: price is not positive: '-1'");
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":[1]}})"), "not_a_number: price is not a number: '['");
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":1.2345678901234567891}})"),
            "out_of_precision: price has more than 18 significant digits: '1.2345678901234567891'");
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":1,"last_updated_at":99999999999999}})"),
            "bad_timestamp: last_updated is no valid time: '99999999999999'");
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":1})"), "unparsable: the body is no whole JSON of prices");
  EXPECT_EQ(reject(R"([{"id":"bitcoin","current_price":1}])"), "unparsable: the body is no whole JSON of prices");
}

struct RefusalCase {
  std::uint16_t http_status;
  const char* body;
  Reason reason;
};

TEST(CoingeckoWire, RecognisesTheFiveShapesOfErrors) {
  const std::array cases{
      RefusalCase{429, R"({"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}})",
                  Reason::refused_rate_limit},
      RefusalCase{200, R"({"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}})",
                  Reason::refused_rate_limit},
      RefusalCase{422, R"({"error":"Missing parameter ids"})", Reason::refused_permanent},
      RefusalCase{200, R"({"error":"Missing parameter ids"})", Reason::refused_permanent},
      RefusalCase{404, R"({"error":"coin not found"})", Reason::no_data},
      RefusalCase{500, R"({"status":500,"error":"Internal Server Error"})", Reason::server_error},
      RefusalCase{200, R"({"status":500,"error":"Internal Server Error"})", Reason::server_error},
      RefusalCase{401, R"({"error":{"status":{"timestamp":"x","error_code":10012,"error_message":"time range"}}})",
                  Reason::refused_permanent},
      RefusalCase{200, R"({"error":{"status":{"timestamp":"x","error_code":10012,"error_message":"time range"}}})",
                  Reason::refused_permanent},
      RefusalCase{401, R"({"timestamp":"x","error_code":10010,"status":{"error_message":"change your root URL"}})",
                  Reason::refused_permanent},
      RefusalCase{200, R"({"timestamp":"x","error_code":10010,"status":{"error_message":"change your root URL"}})",
                  Reason::refused_permanent},
      RefusalCase{200, R"({"error":"something new"})", Reason::refused_temporary},
      RefusalCase{200, "{}", Reason::no_data},
      RefusalCase{200, "[]", Reason::no_data},
      RefusalCase{400, "{}", Reason::refused_permanent},
      RefusalCase{403, "<!DOCTYPE html><title>error code: 1020</title>", Reason::refused_permanent},
      RefusalCase{200, "<html></html>", Reason::server_error},
      RefusalCase{429, "Throttled", Reason::refused_rate_limit},
      RefusalCase{503, R"({"bitcoin":{"usd":1}})", Reason::server_error},
      RefusalCase{200, "", Reason::server_error},
  };
  Parser parser;
  for (const RefusalCase& c : cases) {
    for (const Channel channel : {simple_price, coins_markets}) {
      if (std::string_view{c.body} == "[]" && channel == simple_price) continue;
      EXPECT_EQ(
          (Parsed{parser, {.channel = channel, .context = "usd", .http_status = c.http_status}, c.body}.refusal()),
          c.reason)
          << c.http_status << ' ' << c.body;
    }
  }
}

// "status" is the id of a coin.
TEST(CoingeckoWire, ACoinNamedLikeAnErrorIsACoin) {
  EXPECT_EQ(simple(R"({"status":{"usd":0.03,"last_updated_at":10}})", "usd"),
            (Lines{"status/usd 10000000000 0.03 0 0 unknown"}));
}

TEST(CoingeckoWire, AKeyInTheWordsOfAnErrorIsNotPassedOn) {
  Parser parser;
  const Parsed parsed{
      parser, {.channel = simple_price, .context = "usd"}, R"({"error":"Invalid key CG-abcdefghijkl"})"};
  EXPECT_EQ(parsed.refusal(), Reason::refused_permanent);
  EXPECT_EQ(parsed.events()[0].text.find("CG-"), std::string_view::npos);
}

TEST(CoingeckoWire, RecordedPricesAreExactlyTheNumbersOfTheFiles) {
  const auto folder = testing::payload_folder("coingecko");
  if (folder.empty() || access(testing::python, X_OK) != 0) GTEST_SKIP() << testing::no_payloads;
  struct File {
    const char* channel;
    const char* currencies;
    const char* name;
  };
  const std::array files{
      File{"simple_price", "krw", "simple_price/simple_price_krw_2026.json"},
      File{"simple_price", "usd", "simple_price/simple_price_two_coins_2024.json"},
      File{"simple_price", "usd,eur", "simple_price/simple_price_usd_eur_2026.json"},
      File{"simple_price", "usd", "simple_price/simple_price_vol_change_2023.json"},
      File{"simple_price", "usd", "simple_price/simple_price_vol_change_2024.json"},
      File{"simple_price", "usd", "price_for_multiple_coins.json"},
      File{"simple_price", "usd,eur", "price_for_multiple_coins_in_different_currencies.json"},
      File{"simple_price", "usd", "price_for_one_coin_0.json"},
      File{"simple_price", "myr", "price_for_one_coin_in_a_different_currency_0.json"},
      File{"simple_price", "usd", "simple_price_for_one_coin.json"},
      File{"simple_price", "usd", "btc_to_usd_exchange_rate_0.json"},
      File{"simple_price", "usd", "jkorf_GetPrices.txt"},
      File{"coins_markets", "usd", "2026/markets_2026-09-02_trimmed_fields.json"},
      File{"coins_markets", "usd", "2026/markets_2026-09-12_subset.json"},
      File{"coins_markets", "usd", "2026/markets_shib_dead_null.json"},
      File{"coins_markets", "eth", "market_data_for_multiple_coins_in_eth_0.json"},
      File{"coins_markets", "usd", "market_data_for_a_coin_0.json"},
      File{"coins_markets", "myr", "market_data_for_a_coin_in_myr_0.json"},
      File{"coins_markets", "usd", "jkorf_GetMarkets.txt"},
  };
  Parser parser;
  for (const File& file : files) {
    SCOPED_TRACE(file.name);
    const std::string text = testing::contents(folder / file.name);
    const std::size_t begin = std::min(text.find('{'), text.find('['));
    ASSERT_NE(begin, std::string::npos);
    const Channel channel = std::string_view{file.channel} == "simple_price" ? simple_price : coins_markets;
    const Lines got = Parsed{parser, {.channel = channel, .context = file.currencies}, text.substr(begin)}.lines();
    EXPECT_FALSE(got.empty());
    EXPECT_EQ(got, testing::expected_numbers("coingecko", file.channel, file.currencies, folder / file.name));
  }
}

TEST(CoingeckoWire, RecordedErrorsAreWhatTheyAre) {
  const auto folder = testing::payload_folder("coingecko");
  if (folder.empty()) GTEST_SKIP() << testing::no_payloads;
  const std::array files{
      RefusalCase{200, "errors/200_empty_unknown_id.json", Reason::no_data},
      RefusalCase{0, "errors/401_10010_wrong_key_host.json", Reason::refused_permanent},
      RefusalCase{0, "errors/401_time_range_10012.json", Reason::refused_permanent},
      RefusalCase{0, "errors/404_coin_not_found.json", Reason::no_data},
      RefusalCase{0, "errors/429_rate_limit.json", Reason::refused_rate_limit},
      RefusalCase{422, "btc_to_usd_exchange_rate_1.json", Reason::refused_permanent},
      RefusalCase{0, "price_for_one_coin_1.json", Reason::refused_permanent},
      RefusalCase{0, "ohlc_data_for_one_coin_in_the_last_7_days_1.json", Reason::server_error},
  };
  Parser parser;
  for (const RefusalCase& file : files) {
    const std::string body = testing::contents(folder / file.body);
    EXPECT_FALSE(body.empty()) << file.body;
    EXPECT_EQ(
        (Parsed{parser, {.channel = simple_price, .context = "usd", .http_status = file.http_status}, body}.refusal()),
        file.reason)
        << file.body;
  }
}

}  // namespace
}  // namespace tapeline::feeds::coingecko
