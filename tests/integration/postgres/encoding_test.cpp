// What the encoder writes, as the server reads it.
#include <cmath>
#include <limits>
#include <random>

#include "sinks/postgres/copy_encoder.hpp"
#include "tests/integration/postgres/postgres_fixture.hpp"

namespace tapeline::sinks::postgres {
namespace {

class PostgresEncoding : public PostgresTest {
 protected:
  /// Copies one column of `type` and reads it back as `expression`, in the order that it was written.
  std::vector<std::string> read_back(const std::string& type, CopyEncoder& encoder,
                                     const std::string& expression = "v::text") {
    query("create table t (n integer generated always as identity, v " + type + ")");
    Connection connection(dsn(), 10'000);
    if (!connection.open() || !connection.copy("copy t (v) from stdin (format binary)", encoder.finish())) {
      ADD_FAILURE() << connection.error();
    }
    std::vector<std::string> texts;
    for (auto& row : query("select coalesce(" + expression + ", 'null') from t order by n")) texts.push_back(row[0]);
    return texts;
  }
};

TEST_F(PostgresEncoding, NumericsAreExactAtAnySize) {
  std::mt19937_64 random(7);
  CopyEncoder encoder;
  std::vector<std::string> expected;
  const auto add = [&](Int128 mantissa, int exponent) {
    encoder.begin_row(1);
    encoder.numeric(mantissa, exponent);
    // Ours drops zeros at the end; the column keeps them, as the decimals to show.
    expected.push_back(to_string(mantissa, exponent) + " " + std::to_string(-exponent));
  };
  const Int128 most = static_cast<Int128>(~UInt128{0} >> 1U);
  for (int exponent = 0; exponent >= decimal_exponent_min; --exponent) {
    for (const Int128 mantissa : {Int128{0}, Int128{1}, Int128{-1}, Int128{9'999}, Int128{10'000},
                                  Int128{decimal_mantissa_max}, -Int128{decimal_mantissa_max}, most, -most}) {
      add(mantissa, exponent);
    }
    for (int i = 0; i < 60; ++i) {
      const UInt128 wide = (UInt128{random()} << 64U | random()) >> (random() % 127 + 1);
      add(static_cast<Int128>(wide) * (random() % 2 == 0 ? 1 : -1), exponent);
    }
  }
  const std::vector<std::string> read = read_back("numeric", encoder, "trim_scale(v) || ' ' || scale(v)");
  ASSERT_EQ(read.size(), expected.size());
  for (std::size_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i], expected[i]);
}

TEST_F(PostgresEncoding, StampsAreMicrosecondsRoundedDown) {
  CopyEncoder encoder;
  for (const Nanos time_ns : {Nanos{0}, Nanos{-1}, first_event_ns + 123'456'789, std::numeric_limits<Nanos>::max(),
                              std::numeric_limits<Nanos>::min()}) {
    encoder.begin_row(1);
    encoder.timestamptz(time_ns);
  }
  const std::vector<std::string> expected{"1970-01-01 00:00:00", "1969-12-31 23:59:59.999999",
                                          "2024-08-08 23:54:00.123456", "2262-04-11 23:47:16.854775",
                                          "1677-09-21 00:12:43.145224"};
  EXPECT_EQ(read_back("timestamptz", encoder, "(v at time zone 'utc')::text"), expected);
}

TEST_F(PostgresEncoding, DoublesKeepEveryBit) {
  CopyEncoder encoder;
  for (const double value :
       {0.1, -0.0, 70.464135021097, std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min(),
        std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    encoder.begin_row(1);
    encoder.float8(value);
  }
  const std::vector<std::string> expected{"0.1",      "-0",  "70.464135021097", "1.7976931348623157e+308", "5e-324",
                                          "Infinity", "null"};
  EXPECT_EQ(read_back("double precision", encoder), expected);
}

TEST_F(PostgresEncoding, IntegersReachTheirLimits) {
  CopyEncoder encoder;
  for (const std::int64_t value :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
    encoder.begin_row(1);
    encoder.int8(value);
  }
  EXPECT_EQ(read_back("bigint", encoder),
            (std::vector<std::string>{"-9223372036854775808", "-1", "9223372036854775807"}));
}

TEST_F(PostgresEncoding, TextIsTakenWhateverASourceSends) {
  CopyEncoder encoder;
  const std::vector<std::string> expected{
      "", "'; drop table t; --", "\\.\t\n\\N", "caf\xc3\xa9 \xf0\x9f\x93\x88", "cut ??", std::string(10'000, 'x')};
  for (const std::string& text : expected) {
    encoder.begin_row(1);
    encoder.text(text == "cut ??" ? "cut \xe2\x82" : text);
  }
  EXPECT_EQ(read_back("text", encoder), expected);
}

TEST_F(PostgresEncoding, ScaledPricesReadAsExactNumerics) {
  migrate_database();
  std::mt19937_64 random(11);
  for (int exponent = 0; exponent >= decimal_exponent_min; --exponent) {
    for (int i = 0; i < 5; ++i) {
      const auto mantissa = static_cast<std::int64_t>(random() % decimal_mantissa_max) | 1;  // odd: no zero to trim
      const std::string expected = to_string(Decimal{mantissa, static_cast<std::int8_t>(exponent)});
      EXPECT_EQ(query("select scaled_decimal($1, $2)", {std::to_string(mantissa), std::to_string(exponent)})[0][0],
                expected);
    }
  }
  EXPECT_EQ(value("select scaled_decimal(6183763000000, -8::smallint)"), "61837.63")
      << "zeros at the end are no digits";
}

TEST_F(PostgresEncoding, ThePriceOfATickIsComputedInline) {
  migrate_database();
  std::string plan;
  for (const auto& row : query("explain (verbose) select price, volume from fact_tick")) plan += row[0] + "\n";
  EXPECT_EQ(plan.find("scaled_decimal"), std::string::npos)
      << "a function call a row makes aggregates several times slower\n"
      << plan;
}

}  // namespace
}  // namespace tapeline::sinks::postgres
