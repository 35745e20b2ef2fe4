#include "sinks/postgres/copy_encoder.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "sinks/postgres/text.hpp"

namespace tapeline::sinks::postgres {
namespace {

constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);
/// Microseconds between 1970-01-01 and 2000-01-01, where PostgreSQL counts from.
constexpr std::int64_t epoch_offset_us = 946'684'800'000'000;
constexpr std::uint16_t trailer = 0xffff;
constexpr std::uint16_t numeric_positive = 0x0000;
constexpr std::uint16_t numeric_negative = 0x4000;

std::int64_t microseconds(Nanos time_ns) noexcept {
  const std::int64_t us = time_ns / 1'000 - (time_ns % 1'000 < 0 ? 1 : 0);
  return us - epoch_offset_us;
}

/// In the byte order of the network.
template <class Integer>
void store(char* to, Integer value) noexcept {
  static_assert(std::endian::native == std::endian::little && std::is_unsigned_v<Integer>);
  if constexpr (sizeof value == 2) value = __builtin_bswap16(value);
  if constexpr (sizeof value == 4) value = __builtin_bswap32(value);
  if constexpr (sizeof value == 8) value = __builtin_bswap64(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace

char* CopyEncoder::extend(std::size_t bytes) {
  if (bytes_.size() - used_ < bytes) bytes_.resize(std::max(2 * bytes_.size(), used_ + bytes));
  char* const end = bytes_.data() + used_;
  used_ += bytes;
  return end;
}

template <class Integer>
void CopyEncoder::put(Integer value) {
  store(extend(sizeof value), value);
}

template <class Integer>
void CopyEncoder::put_field(Integer value) {
  char* const to = extend(sizeof(std::uint32_t) + sizeof value);
  store<std::uint32_t>(to, sizeof value);
  store(to + sizeof(std::uint32_t), value);
}

void CopyEncoder::clear() {
  used_ = 0;
  std::memcpy(extend(signature.size()), signature.data(), signature.size());
  put<std::uint32_t>(0);  // flags
  put<std::uint32_t>(0);  // length of the header's extension
  begins_.clear();
  is_finished_ = false;
}

void CopyEncoder::reopen() noexcept {
  if (is_finished_) used_ -= sizeof trailer;
  is_finished_ = false;
}

void CopyEncoder::begin_row(std::int16_t fields) {
  reopen();
  begins_.push_back(used_);
  put(static_cast<std::uint16_t>(fields));
}

void CopyEncoder::null() { put(static_cast<std::uint32_t>(-1)); }

void CopyEncoder::boolean(bool value) { put_field(static_cast<std::uint8_t>(value)); }
void CopyEncoder::int2(std::int16_t value) { put_field(static_cast<std::uint16_t>(value)); }
void CopyEncoder::int4(std::int32_t value) { put_field(static_cast<std::uint32_t>(value)); }
void CopyEncoder::int8(std::int64_t value) { put_field(static_cast<std::uint64_t>(value)); }

void CopyEncoder::float8(double value) {
  if (std::isnan(value)) return null();
  put_field(std::bit_cast<std::uint64_t>(value));
}

void CopyEncoder::text(std::string_view value) {
  if (!is_storable_text(value)) return text(storable_text(value));
  put(static_cast<std::uint32_t>(value.size()));
  value.copy(extend(value.size()), value.size());
}

void CopyEncoder::jsonb(std::string_view json) {
  constexpr char version = 1;  // of jsonb's binary form: the text follows
  put(static_cast<std::uint32_t>(json.size() + 1));
  *extend(1) = version;
  json.copy(extend(json.size()), json.size());
}

void CopyEncoder::timestamptz(Nanos time_ns) { int8(microseconds(time_ns)); }

void CopyEncoder::numeric(Int128 mantissa, int exponent) {
  // numeric is a number in base 10,000: digits, weight of the first, sign, decimals to show.
  UInt128 rest = mantissa < 0 ? -static_cast<UInt128>(mantissa) : static_cast<UInt128>(mantissa);
  const int scale = -exponent;
  const int fraction_groups = (scale + 3) / 4;
  // The fraction's last group is filled up with zeros on its right.
  int shift = fraction_groups * 4 - scale;
  std::array<std::uint16_t, 24> groups{};
  std::size_t count = 0;  // least significant first
  if (rest != 0 && shift > 0) {
    // Taken apart before it is scaled: 39 digits times 1,000 would not fit 128 bits.
    std::uint32_t power = 1;
    for (int i = 0; i < 4 - shift; ++i) power *= 10;
    std::uint32_t scaled = static_cast<std::uint32_t>(rest % power);
    for (int i = 0; i < shift; ++i) scaled *= 10;
    groups[count++] = static_cast<std::uint16_t>(scaled);
    rest /= power;
  }
  while (rest != 0) {
    groups[count++] = static_cast<std::uint16_t>(rest % 10'000);
    rest /= 10'000;
  }
  std::size_t first = 0;  // trailing zero groups are not stored
  while (first < count && groups[first] == 0) ++first;
  while (count > first && groups[count - 1] == 0) --count;
  const std::size_t stored = count - first;
  const int weight = static_cast<int>(count) - 1 - fraction_groups;

  put(static_cast<std::uint32_t>(8 + 2 * stored));
  put(static_cast<std::uint16_t>(stored));
  put(static_cast<std::uint16_t>(stored == 0 ? 0 : weight));
  put(mantissa < 0 ? numeric_negative : numeric_positive);
  put(static_cast<std::uint16_t>(scale));
  for (std::size_t i = count; i > first; --i) put(groups[i - 1]);
}

std::string_view CopyEncoder::finish() {
  // Once: a batch is sent again after trouble.
  if (!is_finished_) put(trailer);
  is_finished_ = true;
  return {bytes_.data(), used_};
}

std::size_t CopyEncoder::end_of(std::size_t row) const noexcept {
  if (row + 1 < begins_.size()) return begins_[row + 1];
  return used_ - (is_finished_ ? sizeof trailer : 0);
}

std::string CopyEncoder::some_rows(std::size_t first, std::size_t last) const {
  const CopyEncoder empty;
  std::string copy(empty.bytes_.data(), empty.used_);
  if (first < last) copy.append(bytes_.data() + begins_[first], end_of(last - 1) - begins_[first]);
  return copy.append(sizeof trailer, '\xff');
}

std::string CopyEncoder::take_row(std::size_t row) {
  reopen();
  std::string taken = some_rows(row, row + 1);
  const std::size_t begin = begins_[row];
  const std::size_t end = end_of(row);
  std::memmove(bytes_.data() + begin, bytes_.data() + end, used_ - end);
  used_ -= end - begin;
  begins_.erase(begins_.begin() + static_cast<std::ptrdiff_t>(row));
  for (std::size_t i = row; i < begins_.size(); ++i) begins_[i] -= end - begin;
  return taken;
}

}  // namespace tapeline::sinks::postgres
