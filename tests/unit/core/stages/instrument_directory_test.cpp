#include "core/stages/instrument_directory.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr SourceCode binance{4};
constexpr SourceCode kraken{6};

TEST(InstrumentDirectory, NumbersInstrumentsInOrderOfAppearance) {
  InstrumentDirectory directory({});
  EXPECT_TRUE(directory.find_or_add(binance, "BTCUSDT").is_new);
  EXPECT_EQ(directory.find_or_add(binance, "ETHUSDT").instrument, 1U);
  EXPECT_EQ(directory.find_or_add(kraken, "BTCUSDT").instrument, 2U);
  EXPECT_EQ(directory.find_or_add(binance, "BTCUSDT").instrument, 0U);
  EXPECT_FALSE(directory.find_or_add(binance, "BTCUSDT").is_new);
}

TEST(InstrumentDirectory, TellsNamesApartThatShareAPrefixOrAreManyThousands) {
  InstrumentDirectory directory({});
  for (InstrumentIndex i = 0; i < 20'000; ++i) {
    ASSERT_EQ(directory.find_or_add(binance, "COIN" + std::to_string(i)).instrument, i);
  }
  for (InstrumentIndex i = 0; i < 20'000; ++i) {
    ASSERT_EQ(directory.find_or_add(binance, "COIN" + std::to_string(i)).instrument, i);
  }
}

TEST(InstrumentDirectory, TakesTheConfiguredNameElseTheNativeOne) {
  const InstrumentDirectory directory({{binance, "BTCUSDT", "BTC-USD"}});
  EXPECT_EQ(directory.symbol_of(binance, "BTCUSDT"), "BTC-USD");
  EXPECT_EQ(directory.symbol_of(kraken, "BTCUSDT"), "BTCUSDT");
}

TEST(InstrumentDirectory, RefusesNamesThatMustNotReachSqlOrKeys) {
  InstrumentDirectory directory({});
  for (const std::string& name :
       {std::string(), std::string("A B"), std::string("X\r\nFLUSHALL"), std::string("'; DROP"), std::string("*"),
        std::string(64, 'A'), std::string("A\0B", 3), std::string("\xff")}) {
    EXPECT_EQ(directory.find_or_add(binance, name).instrument, no_instrument) << name;
  }
  for (const char* name : {"BTC-USD", "bitcoin/usd", "EURUSD=X", "^GSPC", "BRK.B", "0P0000XTS7"}) {
    EXPECT_NE(directory.find_or_add(binance, name).instrument, no_instrument) << name;
  }
}

}  // namespace
}  // namespace tapeline
