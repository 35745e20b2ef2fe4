#include "core/base/exact_quotient.hpp"

#include <random>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

TEST(ExactQuotient, IsWhatADivisionGives) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 2'000; ++round) {
    const double length = static_cast<double>(1 + random() % (round % 7 == 0 ? 100'000 : 300));
    const double divisor = length * std::pow(10.0, static_cast<double>(random() % 31));
    const ExactQuotient quotient(pack_of(divisor));
    for (int i = 0; i < 500; ++i) {
      double x = static_cast<double>(random() >> (random() % 64));
      if (i % 3 == 0) x = std::sqrt(x);
      // next to what divides without a remainder, where a quotient is nearest to being rounded the other way
      if (i % 5 == 0) x = std::nextafter(static_cast<double>(random() >> (10 + random() % 54)) * divisor, i % 2);
      if (x == 0 || x / divisor < 1e-200) continue;
      ASSERT_EQ(quotient.of(pack_of(x))[0], x / divisor) << x << " / " << divisor;
    }
    ASSERT_EQ(quotient.of(pack_of(0.0))[0], 0);
  }
}

}  // namespace
}  // namespace tapeline
