// One bar while ticks are still folded into it, in exact integers.
//
// Units     Prices are mantissas at price_exponent, the volume one at volume_exponent; a finer tick refines the bar.
// Ordering  Open and close are decided by (event time, trade id), not by arrival: shuffled ticks give the same bar.
//           Ticks without a trade id that carry one stamp count in order of arrival.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"

namespace tapeline {

struct OpenBar {
  Nanos start_ns = 0;
  Nanos end_ns = 0;  // the first moment after it
  Nanos open_event_ns = 0;
  Nanos close_event_ns = 0;
  std::uint64_t open_trade_id = 0;
  std::uint64_t close_trade_id = 0;
  std::int64_t open = 0;
  std::int64_t high = 0;
  std::int64_t low = 0;
  std::int64_t close = 0;
  Int128 volume = 0;
  std::uint32_t trades = 0;
  std::int8_t price_exponent = 0;
  std::int8_t volume_exponent = 0;
  bool is_partial = false;
  bool has_gap = false;        // the source counts ticks that did not come
  bool is_backfilled = false;  // delivered by the source, and not when it happened

  void archive(auto& archive) {
    archive(start_ns, end_ns, open_event_ns, close_event_ns, open_trade_id, close_trade_id, open, high, low, close,
            volume, trades, price_exponent, volume_exponent, is_partial, has_gap, is_backfilled);
  }
};

/// A price and a size of one moment: what a bar is made of.
struct BarTick {
  Nanos event_ns;
  std::uint64_t trade_id;
  Decimal price;
  Decimal size;
};

[[nodiscard]] inline OpenBar begin_bar(Nanos start_ns, Nanos end_ns, const BarTick& tick) noexcept {
  const std::int64_t price = tick.price.mantissa;
  return {.start_ns = start_ns,
          .end_ns = end_ns,
          .open_event_ns = tick.event_ns,
          .close_event_ns = tick.event_ns,
          .open_trade_id = tick.trade_id,
          .close_trade_id = tick.trade_id,
          .open = price,
          .high = price,
          .low = price,
          .close = price,
          .volume = tick.size.mantissa,
          .trades = 1,
          .price_exponent = tick.price.exponent,
          .volume_exponent = tick.size.exponent};
}

/// Brings the bar's prices to the finer of its own and `exponent`; false, and unchanged, when one would not fit 64 bits.
[[nodiscard]] inline bool refine_prices(OpenBar& bar, std::int8_t exponent) noexcept {
  if (exponent >= bar.price_exponent) return true;
  const auto open = mantissa_at({bar.open, bar.price_exponent}, exponent);
  const auto high = mantissa_at({bar.high, bar.price_exponent}, exponent);
  const auto low = mantissa_at({bar.low, bar.price_exponent}, exponent);
  const auto close = mantissa_at({bar.close, bar.price_exponent}, exponent);
  if (!open || !high || !low || !close) return false;
  bar.open = *open;
  bar.high = *high;
  bar.low = *low;
  bar.close = *close;
  bar.price_exponent = exponent;
  return true;
}

/// Adds `size` to the exact volume; false, and unchanged, when the scales are too far apart for 128 bits.
[[nodiscard]] inline bool add_volume(OpenBar& bar, Decimal size) noexcept {
  Int128 sum = 0;
  const int coarser = size.exponent - bar.volume_exponent;
  if (coarser >= 0 && coarser <= decimal_digits_max) {
    // As nearly always: the product of 64 by 64 bits fits.
    if (__builtin_add_overflow(bar.volume, Int128{size.mantissa} * power_of_ten(coarser), &sum)) return false;
    bar.volume = sum;
    return true;
  }
  const std::int8_t exponent = std::min(bar.volume_exponent, size.exponent);
  const auto widen = [](Int128 mantissa, int shift, Int128& widened) {
    // Two factors, because 10^30 does not fit 64 bits.
    const int first = std::min(shift, decimal_digits_max);
    return !__builtin_mul_overflow(mantissa, Int128{power_of_ten(first)}, &widened) &&
           !__builtin_mul_overflow(widened, Int128{power_of_ten(shift - first)}, &widened);
  };
  Int128 held = 0;
  Int128 added = 0;
  if (!widen(bar.volume, bar.volume_exponent - exponent, held)) return false;
  if (!widen(size.mantissa, size.exponent - exponent, added)) return false;
  if (__builtin_add_overflow(held, added, &sum)) return false;
  bar.volume = sum;
  bar.volume_exponent = exponent;
  return true;
}

/// The part of fold_tick() that cannot fail: `price` is the tick's, at the bar's scale.
inline void fold_price(OpenBar& bar, const BarTick& tick, std::int64_t price) noexcept {
  if (tick.event_ns < bar.open_event_ns || (tick.event_ns == bar.open_event_ns && tick.trade_id < bar.open_trade_id)) {
    bar.open = price;
    bar.open_event_ns = tick.event_ns;
    bar.open_trade_id = tick.trade_id;
  }
  if (tick.event_ns > bar.close_event_ns ||
      (tick.event_ns == bar.close_event_ns && tick.trade_id >= bar.close_trade_id)) {
    bar.close = price;
    bar.close_event_ns = tick.event_ns;
    bar.close_trade_id = tick.trade_id;
  }
  bar.high = std::max(bar.high, price);
  bar.low = std::min(bar.low, price);
  ++bar.trades;
}

/// Folds one more tick in; false, and unchanged, when its scale does not fit beside the bar's.
[[nodiscard]] inline bool fold_tick(OpenBar& bar, const BarTick& tick) noexcept {
  if (tick.price.exponent >= bar.price_exponent) [[likely]] {
    const auto price = mantissa_at(tick.price, bar.price_exponent);
    if (!price || !add_volume(bar, tick.size)) return false;
    fold_price(bar, tick, *price);
    return true;
  }
  OpenBar finer = bar;
  if (!refine_prices(finer, tick.price.exponent) || !add_volume(finer, tick.size)) return false;
  fold_price(finer, tick, tick.price.mantissa);
  bar = finer;
  return true;
}

}  // namespace tapeline
