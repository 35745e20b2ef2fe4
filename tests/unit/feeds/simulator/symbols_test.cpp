#include "feeds/simulator/symbols.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "feeds/simulator/request.hpp"
#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

TEST(Symbols, HaveANameAtEverySource) {
  const SymbolSpec bitcoin = demo_symbols().front();
  EXPECT_EQ(binance_name(bitcoin), "BTCUSDT");
  EXPECT_EQ(coingecko_id(bitcoin), "bitcoin");
  EXPECT_EQ(yahoo_name(bitcoin), "BTC-USD");
  EXPECT_EQ(alpha_vantage_name(bitcoin), "");
  const SymbolSpec ibm{.name = "IBM", .kind = AssetKind::equity};
  EXPECT_EQ(binance_name(ibm), "");
  EXPECT_EQ(coingecko_id(ibm), "");
  EXPECT_EQ(yahoo_name(ibm), "IBM");
  EXPECT_EQ(alpha_vantage_name(ibm), "IBM");
}

TEST(Symbols, AreReadFromText) {
  const SymbolSpec spec = parse_symbol("PEPE:crypto:0.00000869:8:3");
  EXPECT_EQ(spec.name, "PEPE");
  EXPECT_EQ(spec.price_decimals, 8);
  EXPECT_EQ(spec.weight, 3);
  EXPECT_EQ(coingecko_id(spec), "pepe");
  for (const char* wrong : {"BTC", "BTC:bond:1:2", "BTC:crypto:x:2", "BTC:crypto:100:9", "btc:crypto:100:2",
                            "BTC:crypto:-5:2", "BTC:crypto:0.1:2", "BTC:crypto:100:2:0", "IBM:equity:100:5"}) {
    EXPECT_THROW(static_cast<void>(parse_symbol(wrong)), std::invalid_argument) << wrong;
  }
}

TEST(Target, IsSplitAndDecoded) {
  const Target target = parse_target("/v8/finance/chart/EURUSD%3DX?interval=1m&range=1d&empty=&flag&plus=a+b");
  EXPECT_EQ(target.path, "/v8/finance/chart/EURUSD=X");
  EXPECT_EQ(target.get("interval"), "1m");
  EXPECT_EQ(target.get("empty"), "");
  EXPECT_EQ(target.get("plus"), "a b");
  EXPECT_EQ(target.get("nothing"), "");
  EXPECT_EQ(target.parameters.size(), 5U);
}

TEST(Text, WritesNumbersAsTheSourcesDo) {
  const auto fixed = [](std::int64_t mantissa, int decimals, int shown) {
    std::string out;
    append_fixed(out, mantissa, decimals, shown);
    return out;
  };
  EXPECT_EQ(fixed(6'183'763, 2, 8), "61837.63000000");
  EXPECT_EQ(fixed(5, 5, 8), "0.00005000");
  EXPECT_EQ(fixed(-66, 2, 4), "-0.6600");
  EXPECT_EQ(fixed(7, 0, 0), "7");
  const auto shortest = [](double value) {
    std::string out;
    append_double(out, value);
    return out;
  };
  EXPECT_EQ(shortest(49251), "49251");
  EXPECT_EQ(shortest(100000), "100000");
  EXPECT_EQ(shortest(8.69e-05), "8.69e-05");
  EXPECT_EQ(shortest(75.0875015258789), "75.0875015258789");
  EXPECT_EQ(shortest(0), "0");
  std::string quoted;
  append_json_string(quoted, "a\"b\\c\n");
  EXPECT_EQ(quoted, R"("a\"b\\c\u000a")");
}

}  // namespace
}  // namespace tapeline::feeds::simulator
