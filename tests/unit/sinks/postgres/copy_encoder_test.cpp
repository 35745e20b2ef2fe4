// The bytes of a binary COPY, field by field; the server's own reading of them is tests/integration/postgres.
#include "sinks/postgres/copy_encoder.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace tapeline::sinks::postgres {
namespace {

constexpr std::size_t header_bytes = 19;
constexpr std::size_t trailer_bytes = 2;

/// What the encoder has put between the header and the trailer.
std::string body(CopyEncoder& encoder) {
  const std::string_view all = encoder.finish();
  return std::string(all.substr(header_bytes, all.size() - header_bytes - trailer_bytes));
}

/// A numeric as the wire has it: digits, weight, sign, scale, then the digits.
std::string wire(std::initializer_list<int> words) {
  std::string bytes;
  const auto put = [&](unsigned word) {
    bytes += static_cast<char>(word >> 8U);
    bytes += static_cast<char>(word & 0xffU);
  };
  put(0);
  put(static_cast<unsigned>(words.size() * 2));
  for (const int word : words) put(static_cast<unsigned>(word) & 0xffffU);
  return bytes;
}

std::string numeric(Int128 mantissa, int exponent) {
  CopyEncoder encoder;
  encoder.numeric(mantissa, exponent);
  return body(encoder);
}

constexpr int negative = 0x4000;

TEST(CopyEncoder, FramesRowsWithHeaderAndTrailer) {
  CopyEncoder encoder;
  encoder.begin_row(2);
  encoder.int2(-2);
  encoder.null();
  EXPECT_EQ(encoder.rows(), 1U);
  using std::string_literals::operator""s;
  EXPECT_EQ(encoder.finish(), "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\2\0\0\0\2\377\376\377\377\377\377\377\377"s);
}

TEST(CopyEncoder, TakesFurtherRowsAfterFinish) {
  CopyEncoder once;
  CopyEncoder twice;
  for (CopyEncoder* encoder : {&once, &twice}) {
    encoder->begin_row(1);
    encoder->int4(1);
    if (encoder == &twice) static_cast<void>(encoder->finish());
    encoder->begin_row(1);
    encoder->int4(2);
  }
  // finish() hands out the trailer as well; what follows must stand where it stood.
  EXPECT_EQ(once.finish(), twice.finish());
}

TEST(CopyEncoder, IsEmptyAgainAfterClear) {
  CopyEncoder encoder;
  const std::string empty(encoder.finish());
  encoder.begin_row(1);
  encoder.text("x");
  encoder.clear();
  EXPECT_EQ(encoder.rows(), 0U);
  EXPECT_EQ(encoder.finish(), empty);
}

TEST(CopyEncoder, SplitsNumericsIntoGroupsOfFourDigits) {
  EXPECT_EQ(numeric(0, 0), wire({0, 0, 0, 0}));
  EXPECT_EQ(numeric(1, 0), wire({1, 0, 0, 0, 1}));
  EXPECT_EQ(numeric(9'999, 0), wire({1, 0, 0, 0, 9'999}));
  EXPECT_EQ(numeric(10'000, 0), wire({1, 1, 0, 0, 1}));
  EXPECT_EQ(numeric(12'345'678, 0), wire({2, 1, 0, 0, 1'234, 5'678}));
  EXPECT_EQ(numeric(6'183'763, -2), wire({3, 1, 0, 2, 6, 1'837, 6'300}));
  EXPECT_EQ(numeric(-6'183'763, -2), wire({3, 1, negative, 2, 6, 1'837, 6'300}));
}

TEST(CopyEncoder, ShowsAsManyDecimalsAsTheExponentSays) {
  EXPECT_EQ(numeric(1, -1), wire({1, -1, 0, 1, 1'000}));
  EXPECT_EQ(numeric(1, -2), wire({1, -1, 0, 2, 100}));
  EXPECT_EQ(numeric(1, -3), wire({1, -1, 0, 3, 10}));
  EXPECT_EQ(numeric(1, -4), wire({1, -1, 0, 4, 1}));
  EXPECT_EQ(numeric(1, -5), wire({1, -2, 0, 5, 1'000}));
  EXPECT_EQ(numeric(24, -8), wire({1, -2, 0, 8, 24}));
  EXPECT_EQ(numeric(1, -30), wire({1, -8, 0, 30, 100}));
  EXPECT_EQ(numeric(0, -8), wire({0, 0, 0, 8}));
}

TEST(CopyEncoder, DropsZeroGroupsAtBothEnds) {
  EXPECT_EQ(numeric(100'000'000, 0), wire({1, 2, 0, 0, 1}));
  EXPECT_EQ(numeric(100'000'000, -4), wire({1, 1, 0, 4, 1}));
  EXPECT_EQ(numeric(100'000'001, -4), wire({3, 1, 0, 4, 1, 0, 1}));
}

TEST(CopyEncoder, KeepsAllDigitsOf128Bits) {
  const Int128 most = static_cast<Int128>(~UInt128{0} >> 1U);  // 170141183460469231731687303715884105727
  EXPECT_EQ(numeric(most, 0), wire({10, 9, 0, 0, 170, 1'411, 8'346, 469, 2'317, 3'168, 7'303, 7'158, 8'410, 5'727}));
  EXPECT_EQ(numeric(most, -1),
            wire({11, 9, 0, 1, 17, 141, 1'834, 6'046, 9'231, 7'316, 8'730, 3'715, 8'841, 572, 7'000}));
  EXPECT_EQ(numeric(-most - 1, 0),
            wire({10, 9, negative, 0, 170, 1'411, 8'346, 469, 2'317, 3'168, 7'303, 7'158, 8'410, 5'728}));
}

TEST(CopyEncoder, WritesUndefinedAsNull) {
  CopyEncoder undefined;
  undefined.float8(std::numeric_limits<double>::quiet_NaN());
  CopyEncoder null;
  null.null();
  EXPECT_EQ(undefined.finish(), null.finish());
}

TEST(CopyEncoder, RoundsStampsDownToMicroseconds) {
  const auto stamp = [](Nanos time_ns) {
    CopyEncoder encoder;
    encoder.timestamptz(time_ns);
    return body(encoder);
  };
  constexpr Nanos y2k_ns = 946'684'800 * nanos_per_second;
  EXPECT_EQ(stamp(y2k_ns), std::string("\0\0\0\10\0\0\0\0\0\0\0\0", 12));
  EXPECT_EQ(stamp(y2k_ns + 1'999), std::string("\0\0\0\10\0\0\0\0\0\0\0\1", 12));
  EXPECT_EQ(stamp(y2k_ns - 1), std::string("\0\0\0\10\377\377\377\377\377\377\377\377", 12));
  EXPECT_EQ(stamp(-1), stamp(-1'000)) << "before 1970 too";
}

TEST(CopyEncoder, MendsTextThatTheServerWouldRefuse) {
  CopyEncoder encoder;
  encoder.text(std::string_view("a\0\xffz", 4));
  const std::string bytes = body(encoder);
  EXPECT_EQ(bytes, std::string("\0\0\0\4a??z", 8));
}

}  // namespace
}  // namespace tapeline::sinks::postgres
