#include "feeds/simulator/minute_bars.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/check.hpp"
#include "feeds/simulator/new_york.hpp"

namespace tapeline::feeds::simulator {
namespace {

void extend(SourceBar& bar, const SourceBar& next) {
  bar.high = std::max(bar.high, next.high);
  bar.low = std::min(bar.low, next.low);
  bar.close = next.close;
  bar.volume += next.volume;
}

bool starts_before(const SourceBar& bar, Nanos time_ns) { return bar.start_ns < time_ns; }

/// One minute of the made-up past, as a multiple of the price at its end.
struct PastMinute {
  Nanos start_ns;
  double open, high, low, close;
  double volume;
};

constexpr double pull_per_minute = 1.0 / 240;
constexpr int moves_per_minute = 4;

PastMinute past_minute(Nanos start_ns, double& level, double activity, const PastShape& shape, Random& random) {
  PastMinute minute{.start_ns = start_ns, .open = level, .high = level, .low = level, .close = level, .volume = 0};
  for (int move = 0; move < moves_per_minute; ++move) {
    const double noise = shape.volatility_per_minute / 2 * activity * random.normal();
    level *= 1 + std::clamp(noise + (1 - level) * pull_per_minute / moves_per_minute, -0.1, 0.1);
    minute.high = std::max(minute.high, level);
    minute.low = std::min(minute.low, level);
  }
  minute.close = level;
  minute.volume = std::round(shape.volume_per_minute * activity * random.log_normal(0.5));
  return minute;
}

}  // namespace

MinuteBars::MinuteBars(const PastShape& shape, Random random) {
  const Nanos end_ns = shape.end_ns - shape.end_ns % nanos_per_minute;
  std::vector<PastMinute> past;
  past.reserve(past_days * 1440);
  double level = 1;
  for (Nanos start_ns = end_ns - past_days * 1440 * nanos_per_minute; start_ns < end_ns; start_ns += nanos_per_minute) {
    const double activity = session_activity(shape.session, start_ns);
    if (activity > 0) past.push_back(past_minute(start_ns, level, activity, shape, random));
  }
  const double scale = shape.last_price / level * shape.ticks_per_unit;
  const auto ticks = [&](double value) { return std::max<std::int64_t>(1, std::llround(value * scale)); };
  bars_.reserve(past.size() + 1440);
  for (const PastMinute& minute : past) {
    bars_.push_back({.start_ns = minute.start_ns,
                     .open = ticks(minute.open),
                     .high = ticks(minute.high),
                     .low = ticks(minute.low),
                     .close = ticks(minute.close),
                     .volume = minute.volume});
  }
}

void MinuteBars::add(Nanos time_ns, std::int64_t ticks, double volume) {
  const Nanos start_ns = time_ns - time_ns % nanos_per_minute;
  const SourceBar point{
      .start_ns = start_ns, .open = ticks, .high = ticks, .low = ticks, .close = ticks, .volume = volume};
  if (!bars_.empty() && bars_.back().start_ns == start_ns) {
    extend(bars_.back(), point);
    return;
  }
  if (bars_.size() >= bars_max) bars_.erase(bars_.begin(), bars_.begin() + bars_max / 4);
  bars_.push_back(point);
}

std::span<const SourceBar> MinuteBars::between(Nanos from_ns, Nanos to_ns) const noexcept {
  const auto first = std::lower_bound(bars_.begin(), bars_.end(), from_ns, starts_before);
  const auto last = std::lower_bound(first, bars_.end(), std::max(from_ns, to_ns), starts_before);
  return {first, last};
}

std::int64_t MinuteBars::close_before(Nanos time_ns) const noexcept {
  if (bars_.empty()) return 0;
  const auto after = std::lower_bound(bars_.begin(), bars_.end(), time_ns, starts_before);
  return after == bars_.begin() ? bars_.front().open : std::prev(after)->close;
}

std::vector<SourceBar> join(std::span<const SourceBar> minutes, BarGrid grid) {
  std::vector<SourceBar> joined;
  for (const SourceBar& minute : minutes) {
    const Nanos start_ns = minute.start_ns - (minute.start_ns - grid.offset_ns) % grid.width_ns;
    if (!joined.empty() && joined.back().start_ns == start_ns) {
      extend(joined.back(), minute);
    } else {
      joined.push_back(minute);
      joined.back().start_ns = start_ns;
    }
  }
  return joined;
}

SourceBar join_all(std::span<const SourceBar> minutes) {
  TL_CHECK(!minutes.empty());
  SourceBar bar = minutes.front();
  for (const SourceBar& minute : minutes.subspan(1)) extend(bar, minute);
  return bar;
}

}  // namespace tapeline::feeds::simulator
