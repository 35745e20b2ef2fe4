// Laws that every kernel of whole bars keeps, and what each of them promises of its own.
#include <array>

#include <gtest/gtest.h>

#include "tests/conformance/kernels/bar_members.hpp"
#include "tests/conformance/kernels/oracle.hpp"
#include "tests/conformance/kernels/saved_state.hpp"
#include "tests/conformance/kernels/series.hpp"

namespace tapeline::conformance {
namespace {

constexpr std::array<std::uint32_t, 5> lengths{1, 2, 3, 14, 30};

BarSeries wild_bars(std::size_t count = 130) { return bars_of(random_walk(count, 97'000, 900), 700); }

BarSeries scaled(BarSeries bars, BarFactors factors) {
  for (IndicatorBar& bar : bars) {
    for (std::int64_t* price : {&bar.open, &bar.high, &bar.low, &bar.close}) *price *= factors.price;
    bar.volume *= factors.volume;
  }
  return bars;
}

template <class K>
K fed(std::uint32_t length, Bars bars) {
  K kernel = Member<K>::make(length);
  for (const IndicatorBar& bar : bars) kernel.update(bar);
  return kernel;
}

template <class K>
class BarKernelLaws : public testing::Test {
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

using BarMembers = testing::Types<Atr, Vwap, ChangeSince, ChangeSession, VolumeZScore>;
TYPED_TEST_SUITE(BarKernelLaws, BarMembers);

TYPED_TEST(BarKernelLaws, BeginsUndefinedAndEndsDefined) {
  this->for_each_length([](std::uint32_t length) {
    EXPECT_FALSE(Member<TypeParam>::make(length).value());
    EXPECT_TRUE(fed<TypeParam>(length, wild_bars()).value());
  });
}

TYPED_TEST(BarKernelLaws, CopyAtAnySplitContinuesAsIfUninterrupted) {
  this->for_each_length([](std::uint32_t length) {
    const BarSeries bars = wild_bars();
    const TypeParam whole = fed<TypeParam>(length, bars);
    for (std::size_t split = 0; split <= bars.size(); ++split) {
      TypeParam rest = TypeParam(fed<TypeParam>(length, Bars(bars).first(split)));
      for (const IndicatorBar& bar : Bars(bars).subspan(split)) rest.update(bar);
      ASSERT_TRUE(rest == whole) << "split at " << split;
    }
  });
}

TYPED_TEST(BarKernelLaws, SavedAndRestoredAtAnySplitContinuesAsIfUninterrupted) {
  this->for_each_length([](std::uint32_t length) {
    const BarSeries bars = wild_bars();
    const TypeParam whole = fed<TypeParam>(length, bars);
    const TypeParam elsewhere = fed<TypeParam>(length, bars_of(random_walk(37, 5'000, 100), 50));
    for (std::size_t split = 0; split <= bars.size(); ++split) {
      TypeParam before = fed<TypeParam>(length, Bars(bars).first(split));
      for (const TypeParam& other : {Member<TypeParam>::make(length), elsewhere}) {
        TypeParam rest = restored(before, other);
        ASSERT_TRUE(rest == before) << "split at " << split;
        for (const IndicatorBar& bar : Bars(bars).subspan(split)) rest.update(bar);
        ASSERT_TRUE(rest == whole) << "split at " << split;
      }
    }
    TypeParam last = whole;
    expect_cuts_are_found(last, Member<TypeParam>::make(length));
  });
}

TYPED_TEST(BarKernelLaws, DifferentHistoriesAreDifferentStates) {
  this->for_each_length([](std::uint32_t length) {
    const BarSeries bars = wild_bars();
    BarSeries other = bars;
    other.back().close += 1;
    other.back().volume += 1;
    EXPECT_FALSE(fed<TypeParam>(length, bars) == fed<TypeParam>(length, other));
  });
}

TYPED_TEST(BarKernelLaws, ResetIsAsConstructed) {
  this->for_each_length([](std::uint32_t length) {
    TypeParam kernel = fed<TypeParam>(length, wild_bars());
    kernel.reset();
    EXPECT_TRUE(kernel == Member<TypeParam>::make(length));
  });
}

TYPED_TEST(BarKernelLaws, PricesScaleAndRatiosDoNot) {
  this->for_each_length([](std::uint32_t length) {
    const BarSeries bars = wild_bars();
    const TypeParam plain = fed<TypeParam>(length, bars);
    std::int64_t factor = 1;
    for (int power = 0; power <= 9; ++power, factor *= 10) {
      const BarFactors factors{factor, 1'000'000'000 / factor};
      expect_near(fed<TypeParam>(length, scaled(bars, factors)), plain, static_cast<double>(factor), 1e-12);
    }
  });
}

TYPED_TEST(BarKernelLaws, RescaledHistoryIsAsIfAlwaysFiner) {
  this->for_each_length([](std::uint32_t length) {
    constexpr BarFactors factors{1'000'000, 100};
    const BarSeries bars = wild_bars();
    const BarSeries finer = scaled(bars, factors);
    for (std::size_t split = 0; split < bars.size(); split += 7) {
      TypeParam kernel = fed<TypeParam>(length, Bars(bars).first(split));
      ASSERT_TRUE(kernel.fits(factors));
      kernel.rescale(factors);
      for (const IndicatorBar& bar : Bars(finer).subspan(split)) kernel.update(bar);
      const TypeParam always_finer = fed<TypeParam>(length, finer);
      expect_near(kernel, always_finer, 1.0, 1e-12);
      if constexpr (!std::is_same_v<TypeParam, Atr>) {  // the others are exact
        EXPECT_TRUE(kernel == always_finer);
      }
    }
  });
}

TYPED_TEST(BarKernelLaws, RescaleThatDoesNotFitIsSeen) {
  this->for_each_length([](std::uint32_t length) {
    BarSeries bars = bars_of(line(100, 1'000'000'000'000, 1), 10);
    for (IndicatorBar& bar : bars) bar.volume = (Int128{1} << 108) - bar.volume;
    const TypeParam kernel = fed<TypeParam>(length, bars);
    EXPECT_TRUE(kernel.fits({1, 1}));
    EXPECT_FALSE(kernel.fits({1'000'000'000'000'000'000, 1'000'000'000'000'000'000}));
  });
}

TEST(Atr, ReadyExactlyAfterWarmup) {
  for (const std::uint32_t length : lengths) {
    Atr atr(length);
    for (const IndicatorBar& bar : wild_bars()) {
      EXPECT_EQ(atr.value().has_value(), atr.ready());
      atr.update(bar);
    }
    const BarSeries bars = wild_bars();
    EXPECT_FALSE(fed<Atr>(length, Bars(bars).first(length)).ready());
    EXPECT_TRUE(fed<Atr>(length, Bars(bars).first(length + 1)).ready());
    EXPECT_EQ(atr.warmup(), length + 1);
    EXPECT_EQ(atr.bars_since_seed(), bars.size() - length - 1);
  }
}

TEST(Atr, AgreesWithWilderInHigherPrecision) {
  const Series quiet_and_leaps =
      then(then(quiet(5'000, 9'700'000'000'000, 168'000), line(20'000, 5, 0)), random_walk(3'000, 4'000'000, 90'000));
  for (const std::uint32_t length : lengths) {
    for (const std::int64_t reach : {std::int64_t{0}, std::int64_t{40'000}}) {
      Atr atr(length);
      WilderRange oracle(length);
      for (const IndicatorBar& bar : bars_of(quiet_and_leaps, reach)) {
        atr.update(bar);
        oracle.update(bar);
        if (!atr.ready()) continue;
        const auto expected = static_cast<double>(oracle.value());
        ASSERT_NEAR(*atr.value(), expected, expected * 1e-9 + 1e-260);  // a flat market's fades to 0
      }
    }
  }
}

TEST(Atr, FlatIsZeroAndSteadyIsTheRange) {
  EXPECT_EQ(fed<Atr>(14, bars_of(line(100, 10'000, 0), 0)).value(), 0);
  EXPECT_DOUBLE_EQ(*fed<Atr>(14, bars_of(line(100, 10'000, 7), 0)).value(), 7);
  EXPECT_DOUBLE_EQ(*fed<Atr>(14, bars_of(line(100, 10'000, -7), 0)).value(), 7);
}

TEST(Atr, TwoStartsConvergeAsDocumented) {
  const BarSeries bars = wild_bars(400);
  Atr early(14);
  Atr late(14);
  double apart = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    early.update(bars[i]);
    if (i < 50) continue;
    late.update(bars[i]);
    if (!late.ready()) continue;
    const double difference = std::abs(*early.value() - *late.value());
    if (late.bars_since_seed() == 0) apart = difference;
    const double left = apart * std::pow(13.0 / 14, static_cast<double>(late.bars_since_seed()));
    EXPECT_NEAR(difference, left, apart * 1e-9) << i;
  }
}

TEST(Vwap, AgreesWithTheSumsOfItsSession) {
  const Series closes = then(random_walk(200, 97'000, 900), quiet(200, 9'700'000'000'000'000, 168'000));
  BarSeries bars = bars_of(closes, 700);
  for (std::size_t i = 90; i < 100; ++i) bars[i].volume = 0;  // across the beginning of a session
  Vwap vwap;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    vwap.update(bars[i]);
    const std::optional<Quad> expected = session_vwap(Bars(bars).first(i + 1));
    ASSERT_EQ(vwap.value().has_value(), expected.has_value()) << i;
    if (!expected) continue;
    EXPECT_DOUBLE_EQ(*vwap.value(), static_cast<double>(*expected)) << i;
  }
  EXPECT_EQ(session_vwap(Bars(bars).first(98)), std::nullopt) << "a session begun without any trade was among them";
}

TEST(Vwap, SessionsForgetEachOther) {
  const BarSeries bars = wild_bars();
  BarSeries struck = bars;
  struck[30].high = 9'000'000'000'000'000'000;
  Vwap clean;
  Vwap hit;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    clean.update(bars[i]);
    hit.update(struck[i]);
    const bool inside = i >= 30 && bars[i].session == bars[30].session;
    EXPECT_EQ(hit == clean, !inside) << i;
  }
}

TEST(VolumeZScore, AgreesWithTwoPassesOverItsWindow) {
  BarSeries bars = wild_bars(400);
  for (std::size_t i = 100; i < 140; ++i) bars[i].volume = 5;                                       // undefined inside
  for (std::size_t i = 200; i < 300; ++i) bars[i].volume += Int128{9'700'000'000'000'000} * 1'000;  // quiet and huge
  for (const std::uint32_t length : {2U, 20U}) {
    VolumeZScore zscore(length);
    VolumeZScore sample(length, Sigma::sample);
    std::size_t undefined = 0;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      zscore.update(bars[i]);
      sample.update(bars[i]);
      ASSERT_EQ(zscore.ready(), i + 1 >= length);
      if (!zscore.ready()) continue;
      const std::optional<Quad> expected = signed_square_zscore(Bars(bars).first(i + 1).last(length));
      ASSERT_EQ(zscore.value().has_value(), expected.has_value()) << i;
      undefined += static_cast<std::size_t>(!expected);
      if (!expected) continue;
      const double squared = std::abs(*zscore.value()) * *zscore.value();
      EXPECT_NEAR(squared, static_cast<double>(*expected), std::abs(squared) * 1e-12) << i;
      EXPECT_NEAR(*sample.value(), *zscore.value() * std::sqrt((length - 1.0) / length), std::abs(squared) * 1e-12);
    }
    EXPECT_GT(undefined, 20U);
  }
}

TEST(VolumeZScore, OutlierIsForgottenWithItsWindow) {
  const BarSeries bars = wild_bars(200);
  VolumeZScore clean(20);
  VolumeZScore struck(20);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    IndicatorBar other = bars[i];
    if (i == 60) other.volume = (Int128{1} << 109) - 1;
    clean.update(bars[i]);
    struck.update(other);
    EXPECT_EQ(struck == clean, i < 60 || i >= 80) << i;
  }
}

}  // namespace
}  // namespace tapeline::conformance
