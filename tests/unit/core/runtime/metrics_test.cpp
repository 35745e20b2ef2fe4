#include "core/runtime/metrics.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

TEST(LatencyHistogram, IsExactForSmallValuesAndWithinASixteenthAbove) {
  LatencyHistogram histogram;
  std::mt19937_64 random(3);
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 100'000; ++i) values.push_back(random() >> (random() % 60 + 2));
  for (const std::uint64_t value : values) histogram.record(static_cast<std::int64_t>(value));
  std::sort(values.begin(), values.end());
  for (const double quantile : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto exact = values[static_cast<std::size_t>(quantile * static_cast<double>(values.size() - 1))];
    EXPECT_GE(histogram.quantile_ns(quantile), exact);
    EXPECT_LE(histogram.quantile_ns(quantile), exact + exact / 16);
  }
  EXPECT_EQ(histogram.count(), values.size());
  EXPECT_EQ(histogram.max_ns(), values.back());
}

TEST(LatencyHistogram, HoldsEveryDurationThereIs) {
  for (unsigned bit = 0; bit < 63; ++bit) {
    for (const std::int64_t value : {std::int64_t{1} << bit, (std::int64_t{1} << bit) - 1}) {
      LatencyHistogram histogram;
      histogram.record(value);
      EXPECT_GE(histogram.quantile_ns(0.5), static_cast<std::uint64_t>(value));
    }
  }
  LatencyHistogram histogram;
  histogram.record(INT64_MAX);
  EXPECT_EQ(histogram.max_ns(), static_cast<std::uint64_t>(INT64_MAX));
}

TEST(LatencyHistogram, CountsAndSumsWhatWasAtMostALimit) {
  LatencyHistogram histogram;
  for (const std::int64_t value : {5, 15, 16, 1'000, 1'000'000}) histogram.record(value);
  EXPECT_EQ(histogram.sum_ns(), 1'001'036U);
  EXPECT_EQ(histogram.count_at_most(4), 0U);
  EXPECT_EQ(histogram.count_at_most(15), 2U);
  EXPECT_EQ(histogram.count_at_most(999), 3U);
  EXPECT_EQ(histogram.count_at_most(1'023), 4U);
  EXPECT_EQ(histogram.count_at_most(UINT64_MAX), histogram.count());
}

TEST(LatencyHistogram, CountsNegativeDurationsApart) {
  LatencyHistogram histogram;
  histogram.record(-1);
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.negative_count(), 1U);
  EXPECT_EQ(histogram.quantile_ns(0.99), 0U);
}

}  // namespace
}  // namespace tapeline
