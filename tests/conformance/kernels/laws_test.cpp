// Laws that every kernel keeps, whatever it computes.
#include <array>

#include <gtest/gtest.h>

#include "tests/conformance/kernels/members.hpp"
#include "tests/conformance/kernels/series.hpp"

namespace tapeline::conformance {
namespace {

constexpr std::array<std::uint32_t, 6> lengths{1, 2, 3, 14, 20, 50};

template <class K>
K fed(std::uint32_t length, const Series& closes) {
  K kernel = Member<K>::make(length);
  for (const std::int64_t close : closes) kernel.update(close);
  return kernel;
}

/// `ratio` is how much larger the closes behind `actual` are.
template <class K>
void expect_near(const K& actual, const K& expected, double ratio, double relative) {
  const auto a = actual.value();
  const auto e = expected.value();
  ASSERT_EQ(a.has_value(), e.has_value());
  if (!a) return;
  const auto numbers_a = Member<K>::read(*a);
  const auto numbers_e = Member<K>::read(*e);
  for (std::size_t i = 0; i < numbers_a.size(); ++i) {
    const double wanted = numbers_e[i].value * (numbers_e[i].priced ? ratio : 1.0);
    EXPECT_NEAR(numbers_a[i].value, wanted, std::abs(wanted) * relative) << "number " << i;
  }
}

template <class K>
class KernelLaws : public testing::Test {
 protected:
  template <class Law>
  static void for_each_length(Law law) {
    for (const std::uint32_t length : lengths) {
      if (length < Member<K>::length_min) continue;
      SCOPED_TRACE(length);
      law(length);
    }
  }
};

using Members = testing::Types<Sma, Rsi, Bollinger, Volatility, Change>;
TYPED_TEST_SUITE(KernelLaws, Members);

TYPED_TEST(KernelLaws, ReadyExactlyAfterWarmup) {
  this->for_each_length([](std::uint32_t length) {
    TypeParam kernel = Member<TypeParam>::make(length);
    std::size_t seen = 0;
    for (const std::int64_t close : random_walk(200, 10'000, 100)) {
      EXPECT_EQ(kernel.ready(), seen >= kernel.warmup()) << seen;
      EXPECT_EQ(kernel.value().has_value(), kernel.ready()) << seen;
      EXPECT_EQ(kernel.peek(close).has_value(), seen + 1 >= kernel.warmup()) << seen;
      kernel.update(close);
      ++seen;
    }
    EXPECT_TRUE(kernel.ready());
  });
}

TYPED_TEST(KernelLaws, PeekForetellsUpdateAndChangesNothing) {
  this->for_each_length([](std::uint32_t length) {
    TypeParam kernel = Member<TypeParam>::make(length);
    // the leap makes values that the fast path cannot hold
    const Series leap = then(random_walk(120, 10'000, 100), {4'000'000'000'000'000'000, 3, 12'000});
    for (const std::int64_t close : then(leap, random_walk(120, 10'000, 100, 2))) {
      const TypeParam before = kernel;
      const auto foretold = kernel.peek(close);
      EXPECT_TRUE(kernel == before);
      kernel.update(close);
      EXPECT_TRUE(kernel.value() == foretold);
    }
  });
}

TYPED_TEST(KernelLaws, CopyAtAnySplitContinuesAsIfUninterrupted) {
  this->for_each_length([](std::uint32_t length) {
    const Series closes = random_walk(130, 97'000, 900);
    const TypeParam whole = fed<TypeParam>(length, closes);
    for (std::size_t split = 0; split <= closes.size(); ++split) {
      const auto middle = closes.begin() + static_cast<std::ptrdiff_t>(split);
      TypeParam rest = TypeParam(fed<TypeParam>(length, Series(closes.begin(), middle)));
      for (auto close = middle; close != closes.end(); ++close) rest.update(*close);
      ASSERT_TRUE(rest == whole) << "split at " << split;
    }
  });
}

TYPED_TEST(KernelLaws, DifferentHistoriesAreDifferentStates) {
  this->for_each_length([](std::uint32_t length) {
    const Series closes = random_walk(100, 10'000, 100);
    Series other = closes;
    other.back() += 1;
    EXPECT_FALSE(fed<TypeParam>(length, closes) == fed<TypeParam>(length, other));
  });
}

TYPED_TEST(KernelLaws, ResetIsAsConstructed) {
  this->for_each_length([](std::uint32_t length) {
    TypeParam kernel = fed<TypeParam>(length, random_walk(77, 10'000, 100));
    kernel.reset();
    EXPECT_TRUE(kernel == Member<TypeParam>::make(length));
  });
}

TYPED_TEST(KernelLaws, PricesScaleAndRatiosDoNot) {
  this->for_each_length([](std::uint32_t length) {
    const Series closes = random_walk(150, 123'456'789, 1'234'567);
    const TypeParam plain = fed<TypeParam>(length, closes);
    std::int64_t factor = 1;
    for (int power = 0; power <= 9; ++power, factor *= 10) {
      Series scaled = closes;
      for (std::int64_t& close : scaled) close *= factor;
      expect_near(fed<TypeParam>(length, scaled), plain, static_cast<double>(factor), 1e-12);
    }
  });
}

TYPED_TEST(KernelLaws, RescaledHistoryIsAsIfAlwaysFiner) {
  this->for_each_length([](std::uint32_t length) {
    const Series closes = random_walk(90, 123'456, 1'234);
    for (std::size_t split = 0; split < closes.size(); split += 7) {
      TypeParam rescaled = Member<TypeParam>::make(length);
      TypeParam finer = Member<TypeParam>::make(length);
      for (std::size_t i = 0; i < closes.size(); ++i) {
        if (i == split) {
          ASSERT_TRUE(rescaled.fits(1'000'000));
          rescaled.rescale(1'000'000);
        }
        rescaled.update(i < split ? closes[i] : closes[i] * 1'000'000);
        finer.update(closes[i] * 1'000'000);
        if (i >= split) expect_near(rescaled, finer, 1.0, 1e-12);
      }
    }
  });
}

TYPED_TEST(KernelLaws, RescaleThatDoesNotFitIsSeen) {
  this->for_each_length([](std::uint32_t length) {
    const TypeParam kernel = fed<TypeParam>(length, line(100, 1'000'000'000'000, 1));
    EXPECT_TRUE(kernel.fits(9'000'000));
    EXPECT_FALSE(kernel.fits(10'000'000));
  });
}

// The state of these is a function of the last warmup() closes alone; Rsi never quite forgets (Rsi.TwoStartsConverge).
template <class K>
class WindowedKernelLaws : public KernelLaws<K> {};

using WindowedMembers = testing::Types<Sma, Bollinger, Volatility, Change>;
TYPED_TEST_SUITE(WindowedKernelLaws, WindowedMembers);

TYPED_TEST(WindowedKernelLaws, RescaledHistoryIsBitForBitAsIfAlwaysFiner) {
  this->for_each_length([](std::uint32_t length) {
    const Series closes = random_walk(90, 123'456, 1'234);
    Series finer = closes;
    for (std::int64_t& close : finer) close *= 1'000'000;
    TypeParam rescaled = fed<TypeParam>(length, closes);
    rescaled.rescale(1'000'000);
    EXPECT_TRUE(rescaled == fed<TypeParam>(length, finer));
  });
}

TYPED_TEST(WindowedKernelLaws, OutlierIsForgottenWithItsWindow) {
  this->for_each_length([](std::uint32_t length) {
    const Series closes = random_walk(200, 97'000, 50);
    for (const std::int64_t outlier :
         {std::int64_t{1}, std::int64_t{9'700'000}, std::int64_t{9'000'000'000'000'000'000}}) {
      TypeParam clean = Member<TypeParam>::make(length);
      TypeParam struck = Member<TypeParam>::make(length);
      for (std::size_t i = 0; i < closes.size(); ++i) {
        clean.update(closes[i]);
        struck.update(i == 60 ? outlier : closes[i]);
        const bool inside = i >= 60 && i < 60 + clean.warmup();
        EXPECT_EQ(struck == clean, !inside) << i;
      }
    }
  });
}

TYPED_TEST(WindowedKernelLaws, LaterStartIsForgottenWithItsWindow) {
  this->for_each_length([](std::uint32_t length) {
    const Series closes = random_walk(200, 97'000, 50);
    const TypeParam whole = fed<TypeParam>(length, closes);
    for (const std::ptrdiff_t later : {1, 7, 19, 100}) {
      EXPECT_TRUE(fed<TypeParam>(length, Series(closes.begin() + later, closes.end())) == whole) << later;
    }
  });
}

}  // namespace
}  // namespace tapeline::conformance
