// Frames of the streamer: every field that was recorded, and what a frame that is none becomes.
#include <gmock/gmock.h>
#include <pricing.pb.h>
#include <simdjson.h>

#include "feeds/yahoo/wire.hpp"
#include "feeds/yahoo/wire_streamer.hpp"
#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds::yahoo {
namespace {

using testing::Parsed;
using Lines = std::vector<std::string>;

const testing::Request message{.channel = streamer, .http_status = 0};

// {id: "AAPL", price: 75.08750152587890625, time: 1788379200000, market_hours: 0, price_hint: 2}
const std::string aapl = "CgRBQVBMFc0slkIYgOinu4xoOADYAQQ=";

Lines lines(const std::string& text) {
  Parser parser;
  return Parsed{parser, message, text}.lines();
}

TEST(YahooStreamer, ReadsBothVersionsOfItsMessages) {
  const Lines expected{"AAPL 1788379200000000000 75.0875 0 0 unknown"};
  EXPECT_EQ(lines(R"({"type":"pricing","message":")" + aapl + "\"}"), expected);
  EXPECT_EQ(lines(aapl), expected);
  EXPECT_EQ(lines(aapl + "\n"), expected);
}

TEST(YahooStreamer, AbsentIsNotZero) {
  PricingData pricing;
  ASSERT_TRUE(unpack_pricing(aapl, pricing));
  EXPECT_TRUE(pricing.has_market_hours());
  EXPECT_EQ(pricing.market_hours(), 0);
  EXPECT_FALSE(pricing.has_day_volume());
}

TEST(YahooStreamer, IgnoresOtherTypesByTheirName) {
  Parser parser;
  const Parsed parsed{parser, message, R"({"type":"heartbeat"})"};
  EXPECT_TRUE(parsed.events().empty());
  EXPECT_EQ(parsed.ignored(), "heartbeat");
}

TEST(YahooStreamer, NamesWhatIsNoPrice) {
  for (const char* text :
       {"", "{", "{}", R"({"type":"pricing"})", R"({"type":"pricing","message":"CgRB"})", "CgRBQVBMFYUrikM", "####",
        "AAAA", R"({"type":"pricing","message":7})", "[]", "Too Many Requests"}) {
    Parser parser;
    const Parsed parsed{parser, message, text};
    ASSERT_EQ(parsed.events().size(), 1U) << text;
    EXPECT_EQ(parsed.events()[0].kind, EventKind::reject) << text;
  }
}

TEST(YahooStreamer, NamesFieldsThatAreMissing) {
  const auto packed = [](const PricingData& pricing) {
    // Serialized here, encoded by the test's own few lines: nothing of the reader is used.
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::string bytes = pricing.SerializeAsString();
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
      std::uint32_t three = 0;
      for (std::size_t k = 0; k < 3; ++k)
        three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
      for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : alphabet[(three >> (18 - 6 * k)) & 63U];
    }
    return text;
  };
  PricingData pricing;
  pricing.set_id("A\x1b");
  EXPECT_THAT(lines(packed(pricing)), ::testing::ElementsAre(::testing::HasSubstr("missing_field")));
  pricing.set_time(1'788'379'200'000);
  EXPECT_THAT(lines(packed(pricing)), ::testing::ElementsAre(::testing::HasSubstr("missing_field")));
  pricing.set_price(0);
  EXPECT_EQ(lines(packed(pricing)), Lines{"A? 1788379200000000000 non_positive_price"});
  pricing.set_price(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(lines(packed(pricing)), Lines{"A? 1788379200000000000 not_a_number"});
  pricing.set_price(1.5F);
  pricing.set_price_hint(1'000'000'000'000);
  EXPECT_EQ(lines(packed(pricing)), Lines{"A? 1788379200000000000 1.5 0 0 unknown"});
  pricing.set_time(std::numeric_limits<std::int64_t>::max());
  EXPECT_THAT(lines(packed(pricing)), ::testing::ElementsAre(::testing::HasSubstr("bad_timestamp")));
}

/// Field by field, under the names that EXPECTED_decoded.json has.
std::map<std::string, std::string> fields_of(const PricingData& p) {
  std::map<std::string, std::string> fields;
  const auto put = [&](const char* name, bool is_there, auto value) {
    if (!is_there) return;
    std::ostringstream text;
    text.precision(17);
    if constexpr (std::is_floating_point_v<decltype(value)>) {
      text << static_cast<double>(value);
    } else {
      text << value;
    }
    fields[name] = text.str();
  };
#define PUT(name) put(#name, p.has_##name(), p.name())
  PUT(id), PUT(price), PUT(time), PUT(currency), PUT(exchange), PUT(quote_type), PUT(market_hours), PUT(change_percent);
  PUT(day_volume), PUT(day_high), PUT(day_low), PUT(change), PUT(short_name), PUT(open_price), PUT(last_size);
  PUT(price_hint), PUT(vol_24hr), PUT(vol_all_currencies), PUT(from_currency), PUT(last_market);
  PUT(circulating_supply), PUT(market_cap), PUT(previous_close), PUT(bid), PUT(ask), PUT(bid_size), PUT(ask_size);
#undef PUT
  return fields;
}

TEST(YahooStreamer, RecordedFramesHaveExactlyTheExpectedFields) {
  const auto folder = testing::payload_folder("yahoo");
  if (folder.empty()) GTEST_SKIP() << testing::no_payloads;
  simdjson::dom::parser reader;
  const auto expected = reader.load((folder / "streamer/EXPECTED_decoded.json").string());
  std::size_t frames = 0;
  for (const auto& [name, fields] : expected.get_object()) {
    const auto file = folder / "streamer" / (std::string{name} + ".json");
    if (!std::filesystem::exists(file)) continue;  // of some only the decoded values were kept
    SCOPED_TRACE(name);
    simdjson::dom::parser frame_reader;
    PricingData pricing;
    ASSERT_TRUE(unpack_pricing(std::string_view{frame_reader.load(file.string())["message"]}, pricing));
    std::map<std::string, std::string> wanted;
    for (const auto& [key, value] : fields.get_object()) {
      std::ostringstream text;
      text.precision(17);
      if (value.is_string()) {
        text << std::string_view{value};
      } else if (value.is_int64()) {
        text << std::int64_t{value};
      } else {
        text << double{value};
      }
      wanted[std::string{key}] = text.str();
    }
    EXPECT_EQ(fields_of(pricing), wanted);
    ++frames;
  }
  EXPECT_GE(frames, 10U);
}

}  // namespace
}  // namespace tapeline::feeds::yahoo
