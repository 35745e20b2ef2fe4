#include "feeds/registry.hpp"

#include <gtest/gtest.h>

#include "feeds/alpha_vantage/wire.hpp"
#include "feeds/binance/wire.hpp"
#include "feeds/coinbase/wire.hpp"
#include "feeds/coingecko/wire.hpp"
#include "feeds/kraken/wire.hpp"
#include "feeds/yahoo/wire.hpp"

namespace tapeline::feeds {
namespace {

TEST(Registry, FindsEverySourceByNameAndByCode) {
  for (const Entry& entry : registry()) {
    EXPECT_EQ(find_source(entry.name), &entry);
    EXPECT_EQ(find_source(entry.code), &entry);
  }
}

// The numbers stand in journals and databases: they can never change.
TEST(Registry, KeepsItsNumbers) {
  ASSERT_EQ(source_names(),
            (std::vector<std::string_view>{"alpha_vantage", "coingecko", "yahoo", "binance", "coinbase", "kraken"}));
  EXPECT_EQ(find_source("alpha_vantage")->code, SourceCode{1});
  EXPECT_EQ(find_source("coingecko")->code, SourceCode{2});
  EXPECT_EQ(find_source("yahoo")->code, SourceCode{3});
  EXPECT_EQ(find_source("binance")->code, SourceCode{4});
  EXPECT_EQ(find_source("coinbase")->code, SourceCode{5});
  EXPECT_EQ(find_source("kraken")->code, SourceCode{6});
}

TEST(Registry, KnowsNothingElse) {
  EXPECT_EQ(find_source("Binance"), nullptr);
  EXPECT_EQ(find_source(""), nullptr);
  EXPECT_EQ(find_source(SourceCode{0}), nullptr);
  EXPECT_EQ(find_source(SourceCode{7}), nullptr);
}

TEST(Registry, MakesTheParserOfEachSource) {
  EXPECT_NE(dynamic_cast<alpha_vantage::Parser*>(find_source("alpha_vantage")->make_parser().get()), nullptr);
  EXPECT_NE(dynamic_cast<coingecko::Parser*>(find_source("coingecko")->make_parser().get()), nullptr);
  EXPECT_NE(dynamic_cast<yahoo::Parser*>(find_source("yahoo")->make_parser().get()), nullptr);
  EXPECT_NE(dynamic_cast<binance::Parser*>(find_source("binance")->make_parser().get()), nullptr);
  EXPECT_NE(dynamic_cast<coinbase::Parser*>(find_source("coinbase")->make_parser().get()), nullptr);
  EXPECT_NE(dynamic_cast<kraken::Parser*>(find_source("kraken")->make_parser().get()), nullptr);
}

}  // namespace
}  // namespace tapeline::feeds
