#include "core/quality/outlier.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <random>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

const QualityConfig config;

PriceLevel add(OutlierWindow& window, std::string_view price) {
  return window.add(*parse_decimal(price), config).level;
}

/// 64 prices around 100, 0.1 apart at most.
OutlierWindow warm() {
  OutlierWindow window;
  for (std::int64_t i = 0; i < 64; ++i) {
    EXPECT_EQ(window.add({10'000 + i * 7 % 11, -2}, config).level, PriceLevel::ordinary);
  }
  return window;
}

TEST(OutlierWindow, NamesAPriceThatIsFarOff) {
  OutlierWindow window = warm();
  const auto judgement = window.add({90'000, -2}, config);
  EXPECT_EQ(judgement.level, PriceLevel::outlier);
  EXPECT_DOUBLE_EQ(judgement.median, 100.05);
  EXPECT_NEAR(judgement.z, 0.6745 * 799.95 / 0.03, 0.01);
  EXPECT_EQ(add(window, "0.01"), PriceLevel::outlier);
  EXPECT_EQ(add(window, "100.02"), PriceLevel::ordinary);
}

TEST(OutlierWindow, LeavesSmallMovesOfAQuietMarketAlone) {
  OutlierWindow window = warm();
  EXPECT_EQ(add(window, "101.05"), PriceLevel::ordinary);  // z is 22, but it is less than a percent
  EXPECT_EQ(add(window, "101.06"), PriceLevel::outlier);
}

TEST(OutlierWindow, LeavesLargeMovesOfAWildMarketAlone) {
  OutlierWindow window;
  for (std::int64_t i = 0; i < 64; ++i) window.add({100 + i * 37 % 50, 0}, config);
  EXPECT_EQ(add(window, "190"), PriceLevel::ordinary);
  EXPECT_EQ(add(window, "500"), PriceLevel::outlier);
}

TEST(OutlierWindow, OneUnitIsNoOutlierWhereAllPricesAreEqual) {
  OutlierWindow window;
  for (int i = 0; i < 64; ++i) add(window, "0.00000041");
  EXPECT_EQ(add(window, "0.00000042"), PriceLevel::ordinary);  // 2.4 %
  EXPECT_EQ(add(window, "0.0000004"), PriceLevel::ordinary);
  EXPECT_EQ(add(window, "0.00000082"), PriceLevel::outlier);
}

TEST(OutlierWindow, JudgesNothingBeforeItHasSeenEnough) {
  OutlierWindow window;
  for (std::uint32_t i = 0; i < outlier_window_min; ++i) {
    EXPECT_EQ(add(window, i % 2 == 0 ? "1" : "1000"), PriceLevel::ordinary);
  }
  EXPECT_EQ(window.count(), outlier_window_min);
}

TEST(OutlierWindow, OutliersLeaveNoTrace) {
  OutlierWindow with = warm();
  const OutlierWindow before = with;
  ASSERT_EQ(add(with, "250"), PriceLevel::outlier);
  ASSERT_EQ(add(with, "3"), PriceLevel::outlier);
  EXPECT_EQ(with.median(), before.median());
  EXPECT_EQ(with.count(), before.count());
  OutlierWindow without = before;
  ASSERT_EQ(add(with, "100.01"), PriceLevel::ordinary);
  ASSERT_EQ(add(without, "100.01"), PriceLevel::ordinary);
  for (std::int64_t i = 0; i < 200; ++i) {
    const Decimal price{10'000 + i * 13 % 17 + (i % 10 == 0 ? 150 : 0), -2};
    ASSERT_EQ(with.add(price, config), without.add(price, config));
    ASSERT_EQ(with.median(), without.median());
  }
}

TEST(OutlierWindow, AcceptsANewLevelAfterSoManyInARow) {
  OutlierWindow window = warm();
  for (std::uint32_t i = 1; i < config.outlier_shift; ++i) ASSERT_EQ(add(window, "120"), PriceLevel::outlier) << i;
  EXPECT_EQ(add(window, "120.1"), PriceLevel::new_level);
  EXPECT_EQ(window.count(), 1U);
  EXPECT_EQ(window.median(), 120.1);
  for (int i = 0; i < 30; ++i) ASSERT_EQ(add(window, "120.1"), PriceLevel::ordinary);
  EXPECT_EQ(add(window, "100"), PriceLevel::outlier);
}

TEST(OutlierWindow, OutliersOfBothSidesAreNoLevel) {
  OutlierWindow window = warm();
  for (int i = 0; i < 50; ++i) ASSERT_EQ(add(window, i % 2 == 0 ? "150" : "50"), PriceLevel::outlier);
}

TEST(OutlierWindow, AnAcceptedPriceEndsTheRow) {
  OutlierWindow window = warm();
  for (std::uint32_t i = 0; i < 5 * config.outlier_shift; ++i) {
    ASSERT_EQ(add(window, (i + 1) % config.outlier_shift == 0 ? "100" : "150"),
              (i + 1) % config.outlier_shift == 0 ? PriceLevel::ordinary : PriceLevel::outlier);
  }
}

/// The definition, word for word.
class Oracle {
 public:
  PriceLevel add(Decimal price) {
    const double x = to_double(price);
    PriceLevel level = PriceLevel::ordinary;
    if (prices_.size() >= outlier_window_min) {
      const double m = median({prices_.begin(), prices_.end()});
      std::vector<double> deviations;
      for (const double p : prices_) deviations.push_back(std::abs(p - m));
      const double mad = std::max(median(deviations), to_double(Decimal{1, finest_}) / 4);
      const double distance = std::abs(x - m);
      if (distance > config.outlier_z * mad / 0.6745 && distance > config.outlier_pct_min / 100 * m) {
        run_ = (x > m) == above_ ? run_ + 1 : 1;
        above_ = x > m;
        if (run_ < config.outlier_shift) return PriceLevel::outlier;
        prices_.clear();
        finest_ = 0;
        level = PriceLevel::new_level;
      }
    }
    run_ = 0;
    finest_ = std::min(finest_, price.exponent);
    prices_.push_back(x);
    if (prices_.size() > config.outlier_window) prices_.pop_front();
    return level;
  }

 private:
  static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
  }

  std::deque<double> prices_;
  std::int8_t finest_ = 0;
  std::uint32_t run_ = 0;
  bool above_ = false;
};

TEST(OutlierWindow, AgreesWithItsDefinitionAtEveryPrice) {
  std::mt19937_64 random(11);
  for (const double move : {0.0001, 0.003, 0.02}) {
    OutlierWindow window;
    Oracle oracle;
    double price = 4'321;
    std::array<int, 3> levels{};
    for (int i = 0; i < 20'000; ++i) {
      price *= 1 + move * (static_cast<double>(random() % 2'001) / 1'000 - 1);
      if (random() % 500 == 0) price *= random() % 2 == 0 ? 1.4 : 1 / 1.4;
      const double shown = random() % 100 == 0 ? price * (random() % 2 == 0 ? 10 : 0.1) : price;
      const Decimal tick{static_cast<std::int64_t>(shown * 1'000) + 1, -3};
      const PriceLevel level = window.add(tick, config).level;
      ASSERT_EQ(level, oracle.add(tick)) << i;
      ++levels[static_cast<std::size_t>(level)];
    }
    EXPECT_GT(levels[0], 10'000);
    EXPECT_GT(levels[1], 50);
    EXPECT_GT(levels[2], 0);
  }
}

TEST(OutlierWindow, CopiesThatSeeTheSameAreEqual) {
  OutlierWindow window = warm();
  OutlierWindow copy = window;
  add(copy, "170");
  EXPECT_NE(copy, window);
  add(window, "170");
  EXPECT_EQ(copy, window);
}

}  // namespace
}  // namespace tapeline
