#include "core/indicators/lanes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/exact_quotient.hpp"
#include "core/indicators/bollinger.hpp"

namespace tapeline {
namespace {

constexpr double absent = std::numeric_limits<double>::quiet_NaN();

/// All distances within it, N * S2 and S1 * S1 are at most 2^52.
std::int64_t reach_of(std::size_t length) noexcept { return std::int64_t{1} << (26 - std::bit_width(length)); }

/// N * close is below 2^53.
std::int64_t close_end(std::size_t length) noexcept {
  return (std::int64_t{1} << 53) / static_cast<std::int64_t>(length) - reach_of(length);
}

}  // namespace

Lanes::Lanes(std::uint32_t rsi_length, std::uint32_t length, double width)
    : rsi_length_(checked_length("rsi", rsi_length, Rsi::length_min)),
      length_(checked_length("bollinger", length, Bollinger::length_min)),
      width_(width),
      keep_(RsiSums::keep(rsi_length)),
      past_(length),
      full_range_(length) {
  const Bollinger checked(length, width);
}

bool Lanes::rescale(std::size_t lane, std::int64_t factor) noexcept {
  near_[lane / pack_size].has_base = false;
  sums_[lane].gain *= static_cast<double>(factor);
  sums_[lane].loss *= static_cast<double>(factor);
  for (std::size_t row = 0; row < held_; ++row) {
    if (__builtin_mul_overflow(past_[row][lane], factor, &past_[row][lane])) return false;
  }
  return true;
}

void Lanes::consume(std::span<const Row> rows, const Values& units, Outputs out) noexcept {
  if (rows.empty()) return;
  const std::array<RsiSums, count> sums = sums_;
  for (std::size_t begin = 0; begin < count; begin += pack_size) {
    const IntPack is_far = compute(begin, rows, units, out);
    for (std::size_t lane = begin; lane < begin + pack_size; ++lane) {
      if (is_far[lane - begin] == 0) continue;
      sums_[lane] = sums[lane];
      compute_full_range(lane, rows, units[lane], out);
    }
  }
  seen_ += rows.size();
  remember(rows);
}

/// What the window of rows[row] has no longer; null while windows fill.
const Lanes::Row* Lanes::leaving_row(std::span<const Row> rows, std::size_t row) const noexcept {
  if (row >= length_) return &rows[row - length_];
  return held_ + row >= length_ ? &past_[held_ + row - length_] : nullptr;
}

/// As many of the last rows as a window is long: the next one leaves the first of them.
void Lanes::remember(std::span<const Row> rows) noexcept {
  const auto fresh = rows.last(std::min<std::size_t>(rows.size(), length_));
  const std::size_t kept = std::min(held_, length_ - fresh.size());
  std::copy(past_.begin() + static_cast<std::ptrdiff_t>(held_ - kept),
            past_.begin() + static_cast<std::ptrdiff_t>(held_), past_.begin());
  std::copy(fresh.begin(), fresh.end(), past_.begin() + static_cast<std::ptrdiff_t>(kept));
  held_ = kept + fresh.size();
}

/// From a base among what is remembered, or, before the first block, in it.
void Lanes::find_base(Near& near, std::size_t begin, const Row& first) noexcept {
  const IntPack reach = pack_of(reach_of(length_));
  near.base = load_pack(&(held_ > 0 ? past_.front() : first)[begin]);
  near.sums = near.squares = near.before = pack_of(0.0);
  near.beyond = pack_of(std::int64_t{0});
  for (std::size_t at = 0; at < held_; ++at) {
    const IntPack distance = load_pack(&past_[at][begin]) - near.base;
    near.beyond |= distance + reach;
    near.before = to_doubles(distance);
    near.sums += near.before;
    near.squares += near.before * near.before;
  }
}

IntPack Lanes::compute(std::size_t begin, std::span<const Row> rows, const Values& units, Outputs out) noexcept {
  Near& near = near_[begin / pack_size];
  if (!near.has_base) find_base(near, begin, rows.front());
  const Pack zero = pack_of(0.0);
  const Pack length = pack_of(static_cast<double>(length_));
  const IntPack base = near.base;
  const IntPack reach = pack_of(reach_of(length_));
  const ExactQuotient quotient(length * load_pack(&units[begin]));
  Pack base_sum, gains, losses;
  for (std::size_t i = 0; i < pack_size; ++i) {
    base_sum[i] = static_cast<double>(base[i]) * static_cast<double>(length_);
    gains[i] = sums_[begin + i].gain;
    losses[i] = sums_[begin + i].loss;
  }
  Pack sums = near.sums;
  Pack squares = near.squares;
  Pack before = near.before;
  IntPack beyond = near.beyond;
  // In registers, whatever is stored: the outputs could lie anywhere.
  const Pack width = pack_of(width_);
  const Pack later_keep = pack_of(keep_);
  const std::uint64_t rsi_length = rsi_length_;
  const std::uint64_t window = length_;
  const std::uint64_t seen = seen_;
  const Row* const block = rows.data();
  const auto step = [&]<bool is_settled>(std::bool_constant<is_settled>, std::size_t row, const Row* left) {
    const std::uint64_t changes = seen + row;  // since the first close, this one's among them
    const std::size_t at = row * out.stride + begin;
    const IntPack distance = load_pack(&block[row][begin]) - base;  // closes are positive: it fits
    beyond |= distance + reach;
    const Pack now = to_doubles(distance);
    const Pack change = now - before;
    before = now;
    const Pack gain = larger(change, zero);
    const Pack loss = larger(-change, zero);
    // What RsiSums does: seeded() first, after() later. The first close is no change.
    const Pack keep = is_settled || changes > rsi_length ? later_keep : pack_of(1.0);
    const Pack new_gains = gains * keep + gain;
    const Pack new_losses = losses * keep + loss;
    if constexpr (is_settled) {
      gains = new_gains;
      losses = new_losses;
    } else {
      const auto is_tiny = (gain == loss) & (gains + losses < pack_of(0x1p-900));
      gains = is_tiny ? gains : new_gains;
      losses = is_tiny ? losses : new_losses;
    }
    const Pack index = pack_of(100.0) * gains / (gains + losses);  // 0 / 0 where it is flat: not a number
    store_pack(is_settled || changes >= rsi_length ? index : pack_of(absent), out.rsi + at);
    const Pack leaving = left != nullptr ? to_doubles(load_pack(&(*left)[begin]) - base) : zero;
    const Pack entering = now - leaving;
    sums += entering;
    squares += entering * (now + leaving);
    const Pack spread = square_root(squares * length - sums * sums);
    const Pack middle = quotient.of(sums + base_sum);
    const Pack mid = is_settled || changes + 1 >= window ? middle : pack_of(absent);
    const Pack band = width * quotient.of(spread);
    store_pack(mid, out.mid + at);
    store_pack(mid + band, out.upper + at);
    store_pack(mid - band, out.lower + at);
  };
  // A row halves at most what is above 0, or makes it 0 or 1 at least: sums that are not small yet do not become tiny within a block of this size.
  constexpr std::size_t rows_max = 256;
  const Pack total = gains + losses;
  const IntPack is_small = (total != zero) & (total < pack_of(0x1p-600));
  const bool never_tiny = rows.size() <= rows_max && (is_small[0] | is_small[1] | is_small[2] | is_small[3]) == 0;
  const std::size_t settled =
      never_tiny ? std::min<std::size_t>(rows.size(), std::max(length_, rsi_length_ + 1)) : rows.size();
  for (std::size_t row = 0; row < settled; ++row) step(std::false_type{}, row, leaving_row(rows, row));
  for (std::size_t row = settled; row < rows.size(); ++row) step(std::true_type{}, row, &block[row - window]);
  for (std::size_t i = 0; i < pack_size; ++i) sums_[begin + i] = {gains[i], losses[i]};
  near.beyond = beyond;
  near.sums = sums;
  near.squares = squares;
  near.before = before;
  // The reach is a power of two: nothing is left of the bits of those within, but of a negative one all are.
  const auto bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(reach[0])));
  const IntPack is_far = (beyond >> bits) | (base >= pack_of(close_end(length_)));
  near.has_base = (is_far[0] | is_far[1] | is_far[2] | is_far[3]) == 0;
  return is_far;
}

void Lanes::compute_full_range(std::size_t lane, std::span<const Row> rows, double unit, Outputs out) noexcept {
  full_range_.reset();
  for (std::size_t row = 0; row < held_; ++row) full_range_.update(past_[row][lane]);
  RsiSums sums = sums_[lane];
  std::int64_t before = held_ > 0 ? past_[held_ - 1][lane] : 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::int64_t close = rows[row][lane];
    full_range_.update(close);
    const std::uint64_t changes = seen_ + row;
    if (changes > 0) {
      const double change = static_cast<double>(close - before);
      const double gain = std::max(0.0, change);
      const double loss = std::max(0.0, -change);
      sums = changes <= rsi_length_ ? sums.seeded(gain, loss) : sums.after(gain, loss, keep_);
    }
    before = close;
    const std::size_t at = row * out.stride + lane;
    if (changes >= rsi_length_) out.rsi[at] = sums.total() == 0 ? absent : sums.index();
    if (changes + 1 < length_) continue;
    const BollingerBands bands =
        bollinger_bands(full_range_.sum(), full_range_.spread(), Int128{close}, length_, width_, unit);
    out.mid[at] = bands.mid;
    out.upper[at] = bands.upper;
    out.lower[at] = bands.lower;
  }
  sums_[lane] = sums;
}

}  // namespace tapeline
