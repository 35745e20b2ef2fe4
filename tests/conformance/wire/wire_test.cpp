// Laws of every wire parser: broken input is named, never swallowed; strange input changes nothing; nothing crashes.
#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "feeds/registry.hpp"
#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds {
namespace {

using testing::Parsed;
using testing::Request;

enum class Format { json, csv };

/// A valid body of a source. '@' marks where an unknown field may stand in front of the known ones.
struct Sample {
  const char* source;
  Request request;
  Format format;
  std::string body;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all{
      {"alpha_vantage",
       {.channel = 1, .context = "IBM"},
       Format::json,
       R"~({@"Global Quote": {@"01. symbol": "IBM", "05. price": "219.3000", "06. volume": "6154450", )~"
       R"~("07. latest trading day": "2026-05-15"}})~"},
      {"alpha_vantage",
       {.channel = 1, .context = "IBM"},
       Format::csv,
       "symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\n"
       "IBM,218.2,220.9,217.6,219.3,6154450,2026-05-15,218.37,0.93,0.4259%\r\n"},
      {"alpha_vantage",
       {.channel = 2, .context = "IBM 300"},
       Format::json,
       R"~({@"Meta Data": {@"2. Symbol": "IBM", "6. Time Zone": "US/Eastern"}, "Time Series (5min)": {)~"
       R"~("2026-05-15 16:00:00": {@"1. open": "1.1", "2. high": "1.4", "3. low": "1.0", )~"
       R"~("4. close": "1.3", "5. volume": "17"},)~"
       R"~("2026-05-15 15:55:00": {"1. open": "1.1", "2. high": "1.4", "3. low": "1.0", )~"
       R"~("4. close": "1.3", "5. volume": "18"}}})~"},
      {"alpha_vantage",
       {.channel = 2, .context = "IBM 300"},
       Format::csv,
       "timestamp,open,high,low,close,volume\r\n2026-05-15 16:00:00,1.1,1.4,1.0,1.3,17\r\n"
       "2026-05-15 15:55:00,1.1,1.4,1.0,1.3,18\r\n"},
      {"alpha_vantage",
       {.channel = 3, .context = "IBM"},
       Format::csv,
       "timestamp,open,high,low,close,volume\n2026-05-15,1.1,1.4,1.0,1.3,17\n2026-05-14,1.1,1.4,1.0,1.3,18\n"},
      {"coingecko",
       {.channel = 1, .context = "usd,eur"},
       Format::json,
       R"({"bitcoin":{@"usd":83749,"eur":74795.25,"last_updated_at":1791367550},)"
       R"("shiba-inu":{"usd":8.69e-05,"eur":null}})"},
      {"coingecko",
       {.channel = 2, .context = "usd"},
       Format::json,
       R"([{@"id":"bitcoin","current_price":77356,"last_updated":"2026-09-02T20:41:30.000Z"},)"
       R"({"id":"x","current_price":1e-8}])"},
      {"coingecko",
       {.channel = 3, .context = "bitcoin/usd"},
       Format::json,
       R"({@"prices":[[1791367550000,83749],[1791367850000,8.5e4]],"market_caps":[[1,2]],"total_volumes":[]})"},
      {"coingecko",
       {.channel = 4, .context = "bitcoin/usd 1800"},
       Format::json,
       "[[1791367200000,1,2,0.5,1.5],[1791369000000,1.5,2e0,1,1]]"},
      {"yahoo",
       {.channel = 2, .context = "", .http_status = 0},
       Format::json,
       R"({@"type":"pricing","message":"CgRBQVBMFc0slkIYgOinu4xoOADYAQQ="})"},
      {"yahoo",
       {.channel = 1, .context = "AAPL 60"},
       Format::json,
       R"({@"chart":{@"result":[{@"meta":{@"symbol":"AAPL","dataGranularity":"1m"},"timestamp":[60,120],)"
       R"("indicators":{@"quote":)"
       R"([{@"low":[1,2],"close":[2,3.25],"volume":[3,null],"open":[1,2],"high":[2,4]}]}}],"error":null}})"},
      {"binance",
       {.channel = 1, .context = "", .http_status = 0},
       Format::json,
       R"({@"stream":"btcusdt@trade","data":{@"e":"trade","E":1,"s":"BTCUSDT","t":3719,"p":"61837.63","q":"0.00054",)"
       R"("T":1723161255399,"m":true,"M":true}})"},
      {"binance",
       {.channel = 1, .context = "", .http_status = 0},
       Format::json,
       R"({@"e":"depthUpdate","E":1,"s":"S","U":1,"u":2,"b":[["1","2"]],"a":[]})"},
      {"binance",
       {.channel = 1, .context = "", .http_status = 0},
       Format::json,
       R"({@"e":"kline","E":1723161255399,"s":"S","k":{@"t":1723161240000,"i":"1m","o":"1","h":"2","l":"1",)"
       R"("c":"2","v":"3","x":true}})"},
      {"binance",
       {.channel = 2, .context = "S 1 9"},
       Format::json,
       R"([{@"id":5,"price":"61837.63","qty":"0.00054","time":1723161255399,"isBuyerMaker":true}])"},
      {"coinbase",
       {.channel = 1, .context = "", .http_status = 0},
       Format::json,
       R"({@"type":"match","trade_id":5,"side":"buy","size":"0.1","price":"4450.09","product_id":"ETH-USD",)"
       R"("sequence":7,"time":"2021-11-02T11:30:50.808413Z"})"},
      {"coinbase",
       {.channel = 1, .context = "", .http_status = 0},
       Format::json,
       R"({@"type":"ticker","product_id":"ETH-USD","best_bid":"1","best_ask":"2","time":"2021-11-02T11:30:50Z"})"},
      {"coinbase",
       {.channel = 2, .context = "ETH-USD 1 9"},
       Format::json,
       R"([{@"trade_id":5,"side":"sell","size":"0.1","price":"4450.09","time":"2021-11-02T11:30:50.808413Z"}])"},
      {"kraken",
       {.channel = 1, .context = "", .http_status = 0},
       Format::json,
       R"({@"channel":"trade","type":"update","data":[{@"symbol":"BTC/USD","side":"buy","price":62710.5,"qty":1e-08,)"
       R"("ord_type":"market","trade_id":5,"timestamp":"2026-07-09T17:20:01.130001Z"}]})"},
      {"kraken",
       {.channel = 2, .context = "BTC/USD 1 9"},
       Format::json,
       R"({@"error":[],"result":{"XXBTZUSD":[["30243.4","0.3",1688669597.8277369,"b","m","",5]],"last":"1"}})"},
  };
  return all;
}

std::string with_fields(const Sample& sample, std::string_view fields) {
  std::string body;
  for (std::size_t i = 0; i < sample.body.size(); ++i) {
    // The '@' of a stream's name is no mark: it follows no brace.
    if (sample.body[i] == '@' && i > 0 && sample.body[i - 1] == '{') {
      body += fields;
    } else {
      body += sample.body[i];
    }
  }
  return body;
}

std::string plain(const Sample& sample) { return with_fields(sample, ""); }

bool says_something(const Parsed& parsed) { return !parsed.events().empty() || !parsed.ignored().empty(); }

bool complains(const Parsed& parsed) {
  return std::any_of(parsed.events().begin(), parsed.events().end(), [](const WireEvent& event) {
    return event.kind == EventKind::reject || event.kind == EventKind::refusal;
  });
}

/// What a later stage relies on, whatever the input was.
void expect_sound(const Parsed& parsed) {
  EXPECT_TRUE(says_something(parsed));
  for (const WireEvent& event : parsed.events()) {
    if (event.kind == EventKind::tick || event.kind == EventKind::source_bar) {
      EXPECT_EQ(event.reason, Reason::none);
      EXPECT_GT(event.price.mantissa, 0);
      EXPECT_GE(event.size.mantissa, 0);
    } else if (event.kind == EventKind::quote) {
      EXPECT_GE(event.price.mantissa, 0);
      EXPECT_GE(event.ask.mantissa, 0);
    } else {
      EXPECT_TRUE(event.kind == EventKind::reject || event.kind == EventKind::refusal);
      EXPECT_NE(event.reason, Reason::none);
      EXPECT_FALSE(event.text.empty());
    }
  }
}

/// A CSV body may end anywhere after the last column has begun: such a prefix is a whole, shorter file.
bool is_whole_csv(std::string_view body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r')) body.remove_suffix(1);
  const std::string_view header = body.substr(0, body.find_first_of("\r\n"));
  const std::size_t last_line = body.find_last_of('\n');
  if (last_line == std::string_view::npos) return false;
  const std::string_view row = body.substr(last_line + 1);
  if (std::count(row.begin(), row.end(), ',') != std::count(header.begin(), header.end(), ',')) return false;
  return row.back() != ',' || !header.ends_with("volume");  // an empty last column counts where it is one that we need
}

class WireConformance : public ::testing::Test {
 protected:
  WireParser& parser(std::string_view source) {
    const Entry* const entry = find_source(source);
    auto& made = parsers_[static_cast<std::size_t>(entry - registry().data())];
    if (!made) made = entry->make_parser();
    return *made;
  }

 private:
  std::array<std::unique_ptr<WireParser>, 16> parsers_;
};

TEST_F(WireConformance, EverySourceHasASample) {
  for (const Entry& entry : registry()) {
    EXPECT_TRUE(std::any_of(samples().begin(), samples().end(), [&](const Sample& s) {
      return entry.name == s.source;
    })) << entry.name;
  }
}

TEST_F(WireConformance, SamplesAreValid) {
  for (const Sample& sample : samples()) {
    const Parsed parsed{parser(sample.source), sample.request, plain(sample)};
    expect_sound(parsed);
    for (const WireEvent& event : parsed.events()) {
      EXPECT_TRUE(event.reason == Reason::none || event.reason == Reason::no_data) << sample.body << event.text;
    }
  }
}

TEST_F(WireConformance, EveryTruncationIsNamed) {
  for (const Sample& sample : samples()) {
    const std::string body = plain(sample);
    for (std::size_t size = 0; size < body.size(); ++size) {
      const std::string_view cut = std::string_view{body}.substr(0, size);
      if (sample.format == Format::csv && is_whole_csv(cut)) continue;
      const Parsed parsed{parser(sample.source), sample.request, cut};
      EXPECT_TRUE(complains(parsed)) << cut;
      EXPECT_TRUE(parsed.ignored().empty()) << cut;
    }
  }
}

TEST_F(WireConformance, UnknownFieldsChangeNothing) {
  for (const Sample& sample : samples()) {
    if (sample.format == Format::csv || sample.body.find("{@") == std::string::npos) continue;
    const std::string strange =
        with_fields(sample, R"("zz":{"a":[1,{"b":null,"c":"}]\"\\"},true],"d":-1.5e3},"yy":[],"xx":"\u0000",)");
    EXPECT_GT(strange.size(), plain(sample).size());
    EXPECT_EQ((Parsed{parser(sample.source), sample.request, strange}.lines()),
              (Parsed{parser(sample.source), sample.request, plain(sample)}.lines()));
  }
}

TEST_F(WireConformance, WhatFollowsABodyIsNotRead) {
  for (const Sample& sample : samples()) {
    const std::string body = plain(sample);
    for (std::size_t size = 0; size <= body.size(); ++size) {
      const std::string_view cut = std::string_view{body}.substr(0, size);
      const auto expected = Parsed{parser(sample.source), sample.request, cut, '\0'}.lines();
      for (const char after : {'}', ']', ',', '"', '{', '0', ' '}) {
        EXPECT_EQ((Parsed{parser(sample.source), sample.request, cut, after}.lines()), expected)
            << cut << " then " << after;
      }
    }
  }
}

TEST_F(WireConformance, AParserRemembersNothingOfTheLastFrame) {
  for (const Sample& first : samples()) {
    for (const Sample& second : samples()) {
      if (std::string_view{first.source} != second.source) continue;
      const auto fresh = find_source(second.source)->make_parser();
      const auto used = find_source(second.source)->make_parser();
      const Parsed before{*used, first.request, plain(first)};
      EXPECT_EQ((Parsed{*used, second.request, plain(second)}.lines()),
                (Parsed{*fresh, second.request, plain(second)}.lines()));
    }
  }
}

TEST_F(WireConformance, BytesThatAreNoTextAreNamed) {
  for (const Sample& sample : samples()) {
    const std::string body = plain(sample);
    for (const char bad : {'\0', '\xff', '\xc3', '\x80', '\x1b'}) {
      for (std::size_t at = 0; at < body.size(); ++at) {
        std::string broken = body;
        broken[at] = bad;
        expect_sound(Parsed{parser(sample.source), sample.request, broken});
      }
    }
  }
}

TEST_F(WireConformance, RandomBytesNeverCrash) {
  constexpr int inputs = 20'000;
  constexpr std::string_view alphabet = "{}[]\",:.-+eE0123456789 \n\\truefalsn";
  std::mt19937_64 random{20'260'101};
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  for (int i = 0; i < inputs; ++i) {
    const Sample& sample = samples()[below(samples().size())];
    std::string body;
    switch (below(4)) {
      case 0:  // noise
        for (std::size_t n = below(200); n > 0; --n) body += static_cast<char>(below(256));
        break;
      case 1:  // noise in the alphabet of JSON
        body = below(2) == 0 ? "{" : "[";
        for (std::size_t n = below(200); n > 0; --n) body += alphabet[below(alphabet.size())];
        break;
      case 2:  // a valid body with a few bytes changed
        body = plain(sample);
        for (std::size_t n = 1 + below(4); n > 0; --n) body[below(body.size())] = static_cast<char>(below(256));
        break;
      default: {  // a valid body with a piece cut out or doubled
        body = plain(sample);
        const std::size_t begin = below(body.size());
        const std::string piece = body.substr(begin, below(40));
        if (below(2) == 0) {
          body.erase(begin, piece.size());
        } else {
          body.insert(below(body.size()), piece);
        }
      }
    }
    const Parsed parsed{parser(sample.source), sample.request, body};
    expect_sound(parsed);
    if (HasFailure()) {
      ADD_FAILURE() << "input " << i << ": " << ::testing::PrintToString(body);
      return;
    }
  }
}

TEST_F(WireConformance, DeepNestingNeverCrashes) {
  for (const Sample& sample : samples()) {
    for (const char* opening : {"[", "{\"chart\":", "{\"data\":", "[{\"id\":", "{\"error\":{\"status\":"}) {
      std::string body;
      for (int depth = 0; depth < 200'000; ++depth) body += opening;
      expect_sound(Parsed{parser(sample.source), sample.request, body});
    }
  }
}

}  // namespace
}  // namespace tapeline::feeds
