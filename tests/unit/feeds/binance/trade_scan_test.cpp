#include <array>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "feeds/binance/wire.hpp"
#include "feeds/binance/wire_trade_scan.hpp"

namespace tapeline::feeds::binance {
namespace {

const std::string combined_trade =
    R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,)"
    R"("p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}})";
const std::string raw_trade =
    R"({"e":"trade","E":1723161255343,"s":"ETHUSDT","t":1,"p":"2683.80000000","q":"1.00000000","T":1723161255342,"m":false,"M":true})";

/// The scan's and the JSON path's reading of the same bytes, with the padding that a journal gives.
struct Readings {
  explicit Readings(const std::string& message) : padded(message + std::string(frame_padding_bytes, '\0')) {
    const std::string_view payload(padded.data(), message.size());
    scanned = scan_trade(payload);
    Frame frame;
    frame.receive_ns = 1'723'161'255'000'000'000;
    frame.payload = payload;
    parse_as_json(parser, frame, parsed);
  }
  std::string padded;
  Parser parser;
  std::optional<WireEvent> scanned;
  WireOutput parsed;
};

void expect_equal(const WireEvent& scanned, const WireEvent& parsed, const std::string& message) {
  EXPECT_EQ(scanned.kind, parsed.kind) << message;
  EXPECT_EQ(scanned.symbol, parsed.symbol) << message;
  EXPECT_EQ(scanned.event_ns, parsed.event_ns) << message;
  EXPECT_EQ(scanned.price, parsed.price) << message;
  EXPECT_EQ(scanned.size, parsed.size) << message;
  EXPECT_EQ(scanned.trade_id, parsed.trade_id) << message;
  EXPECT_EQ(scanned.side, parsed.side) << message;
}

TEST(TradeScan, TakesTheUsualShapesAndAgreesWithTheJsonPath) {
  for (const std::string& message : {combined_trade, raw_trade}) {
    const Readings readings(message);
    ASSERT_TRUE(readings.scanned) << message;
    ASSERT_EQ(readings.parsed.events.size(), 1U);
    expect_equal(*readings.scanned, readings.parsed.events[0], message);
  }
}

TEST(TradeScan, LeavesEverySurpriseToTheJsonPath) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string message = combined_trade;
    message.replace(message.find(from), from.size(), to);
    return message;
  };
  for (const std::string& message :
       {with("61837.63000000", "0.00000000"), with("61837.63000000", "-1.5"), with("61837.63000000", "1e5"),
        with("61837.63000000", "61837"), with("61837.63000000", "1234567890123456789.5"), with("3735683259", "03"),
        with("3735683259", "-1"), with("1723161255342", "1723161255342000"), with("\"M\":true", "\"M\":null"),
        with("\"M\":true", "\"M\":true,\"X\":1"), with(",\"m\"", ", \"m\""), with("\"BTCUSDT\"", "\"BTC\\u0055SDT\""),
        with("\"trade\"", "\"aggTrade\""), with("}}", "}"), with("}}", "}} "), std::string(), std::string("{"),
        combined_trade.substr(0, combined_trade.size() - 30)}) {
    EXPECT_FALSE(Readings(message).scanned) << message;
  }
}

TEST(TradeScan, AgreesWithTheJsonPathOnMutatedMessages) {
  std::mt19937_64 random(20'240'808);
  constexpr std::string_view alphabet = "0123456789.-+eE\"{}:,@_truefalsnmMTpqs\\ \x01\xff";
  std::size_t taken = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string message = random() % 2 == 0 ? combined_trade : raw_trade;
    for (std::uint64_t changes = random() % 3 + 1; changes > 0; --changes) {
      const std::size_t at = random() % message.size();
      const char letter = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0: message[at] = letter; break;
        case 1: message.insert(at, 1, letter); break;
        default: message.erase(at, 1); break;
      }
    }
    const Readings readings(message);
    if (!readings.scanned) continue;
    ++taken;
    ASSERT_EQ(readings.parsed.events.size(), 1U) << message;
    expect_equal(*readings.scanned, readings.parsed.events[0], message);
  }
  EXPECT_GT(taken, 1'000U) << "mutations that keep the shape, such as another digit, must be among them";
}

}  // namespace
}  // namespace tapeline::feeds::binance
