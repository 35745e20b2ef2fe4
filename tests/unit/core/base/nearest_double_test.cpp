#include "core/base/nearest_double.hpp"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

/// By the compiler's own conversion.
void expect_nearest(UInt128 value) {
  ASSERT_EQ(nearest_double(value), static_cast<double>(value))
      << static_cast<std::uint64_t>(value >> 64) << " * 2^64 + " << static_cast<std::uint64_t>(value);
  const auto positive = static_cast<Int128>(value >> 1);
  ASSERT_EQ(nearest_double(positive), static_cast<double>(positive));
  ASSERT_EQ(nearest_double(-positive), static_cast<double>(-positive));
}

TEST(NearestDouble, IsWhatTheCompilerConvertsToForNumbersOfEverySize) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 1'000'000; ++i) {
    const UInt128 bits = UInt128{random()} << 64 | random();
    expect_nearest(bits >> (random() % 128));
  }
}

TEST(NearestDouble, TiesGoToTheEvenOne) {
  for (int size = 53; size < 128; ++size) {
    for (std::uint64_t mantissa :
         {std::uint64_t{1} << 52, (std::uint64_t{1} << 53) - 1, (std::uint64_t{3} << 51) + 1}) {
      const UInt128 exact = size == 53 ? UInt128{mantissa} : UInt128{mantissa} << (size - 53);
      const UInt128 half = size == 53 ? UInt128{0} : UInt128{1} << (size - 54);
      for (const UInt128 value : {exact, exact + half, exact + half - 1, exact + half + 1, exact - 1, exact + 1})
        expect_nearest(value);
    }
  }
  EXPECT_EQ(nearest_double(std::numeric_limits<Int128>::min()), -0x1p127);
  expect_nearest(~UInt128{0});
  expect_nearest(0);
}

}  // namespace
}  // namespace tapeline
