// Laws that every kernel keeps, whatever it computes.
#include <array>

#include <gtest/gtest.h>

#include "tests/conformance/kernels/members.hpp"
#include "tests/conformance/kernels/saved_state.hpp"
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

using Members = testing::Types<Sma, Ema, Rsi, Bollinger, SampleBollinger, Macd, Volatility, Change>;
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

TYPED_TEST(KernelLaws, SavedAndRestoredAtAnySplitContinuesAsIfUninterrupted) {
  this->for_each_length([](std::uint32_t length) {
    const Series closes =
        then(random_walk(80, 97'000, 900), then({4'000'000'000'000'000'000}, random_walk(60, 97'000, 900)));
    const TypeParam whole = fed<TypeParam>(length, closes);
    const TypeParam elsewhere = fed<TypeParam>(length, random_walk(37, 5'000, 100));
    for (std::size_t split = 0; split <= closes.size(); ++split) {
      const auto middle = closes.begin() + static_cast<std::ptrdiff_t>(split);
      TypeParam before = fed<TypeParam>(length, Series(closes.begin(), middle));
      for (const TypeParam& other : {Member<TypeParam>::make(length), elsewhere}) {
        TypeParam rest = restored(before, other);
        ASSERT_TRUE(rest == before) << "split at " << split;
        for (auto close = middle; close != closes.end(); ++close) rest.update(*close);
        ASSERT_TRUE(rest == whole) << "split at " << split;
      }
    }
    TypeParam last = whole;
    expect_cuts_are_found(last, Member<TypeParam>::make(length));
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

// The state of these is a function of the last warmup() closes alone; the recursive ones never quite forget.
template <class K>
class WindowedKernelLaws : public KernelLaws<K> {};

using WindowedMembers = testing::Types<Sma, Bollinger, SampleBollinger, Volatility, Change>;
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

TYPED_TEST(KernelLaws, FlatMarketHasNoMoves) {
  this->for_each_length([](std::uint32_t length) {
    TypeParam kernel = fed<TypeParam>(length, line(500, 4'637'700, 0));
    const TypeParam before = kernel;
    kernel.update(4'637'700);
    EXPECT_TRUE(kernel.value() == before.value());
    if (!kernel.value()) return;  // Rsi: 0 / 0
    for (const Number& number : Member<TypeParam>::read(*kernel.value())) {
      const bool is_price = number.value == 4'637'700;
      EXPECT_TRUE(is_price || number.value == 0 || number.value == -1) << number.value;  // -1: no percent_b
    }
  });
}

// A mirrored market mirrors what measures moves.
TEST(Macd, RiseAndFallAreEachOthersMirror) {
  Macd rise({});
  Macd fall({});
  for (std::size_t i = 0; i < 300; ++i) {
    rise.update(1'000'000 + static_cast<std::int64_t>(i) * 7);
    fall.update(1'000'000 - static_cast<std::int64_t>(i) * 7);
    ASSERT_EQ(rise.ready(), i + 1 >= 26);
    if (!rise.ready()) continue;
    EXPECT_EQ(rise.value()->line, -fall.value()->line);
    EXPECT_EQ(rise.value()->signal.has_value(), i + 1 >= 26 + 9 - 1);
    // On a line an average lags by (N - 1) / 2: the two by 7 mantissas apart for each step.
    EXPECT_NEAR(rise.value()->line, 7 * (25 - 11) / 2.0, 1e-9);
  }
  EXPECT_NEAR(*rise.value()->histogram, 0, 1e-9);
}

TEST(Ema, TwoStartsConvergeAsDocumented) {
  const Series closes = random_walk(400, 97'000, 500);
  for (const std::uint32_t length : {2U, 14U, 50U}) {
    Ema early(length);
    Ema late(length);
    double apart = 0;
    for (std::size_t i = 0; i < closes.size(); ++i) {
      early.update(closes[i]);
      if (i < 100) continue;
      late.update(closes[i]);
      if (!late.ready()) continue;
      if (late.bars_since_seed() == 0) apart = std::abs(*early.value() - *late.value());
      const double keep = (length - 1.0) / (length + 1.0);
      const double faded_apart = apart * std::pow(keep, static_cast<double>(late.bars_since_seed()));
      EXPECT_NEAR(std::abs(*early.value() - *late.value()), faded_apart, 1e-9 * apart) << i;
      EXPECT_EQ(early.bars_since_seed(), late.bars_since_seed() + 100);
    }
  }
}

TEST(Ema, OutlierFadesAsDocumented) {
  const Series closes = random_walk(2'000, 97'000, 50);
  Ema clean(20);
  Ema struck(20);
  for (std::size_t i = 0; i < closes.size(); ++i) {
    clean.update(closes[i]);
    struck.update(i == 60 ? 9'000'000'000'000'000'000 : closes[i]);
    if (i < 60) continue;
    const double left = 2.0 / 21 * 9e18 * std::pow(19.0 / 21, static_cast<double>(i - 60));
    EXPECT_NEAR(*struck.value() - *clean.value(), left, left * 1e-9 + 1e-9) << i;
  }
}

}  // namespace
}  // namespace tapeline::conformance
