#include "app/backtest/csv_bars.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

#include "app/calendar/time_zone.hpp"
#include "app/csv/records.hpp"

namespace tapeline::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const TradingCalendar& utc() {
  static const TradingCalendar calendar;
  return calendar;
}
const TradingCalendar& new_york() {
  static const TradingCalendar calendar = make_trading_calendar(Calendar::us_equity, "America/New_York");
  return calendar;
}

std::string instant(std::string_view text, const TradingCalendar& zone = utc(),
                    SlashDates slashes = SlashDates::month_first) {
  const auto time_ns = parse_csv_time(text, zone, slashes);
  return time_ns ? format_utc(*time_ns) : "none";
}

TEST(CsvTime, ReadsWhatVendorsWrite) {
  EXPECT_EQ(instant("2024-01-31"), "2024-01-31T00:00:00Z");
  EXPECT_EQ(instant("2024-01-31 09:30"), "2024-01-31T09:30:00Z");
  EXPECT_EQ(instant("2024-01-31T09:30:15.25Z"), "2024-01-31T09:30:15.250Z");
  EXPECT_EQ(instant("2022-01-03 00:00:00+08:00"), "2022-01-02T16:00:00Z");
  EXPECT_EQ(instant("2022-01-03 00:00:00 -0530"), "2022-01-03T05:30:00Z");
  EXPECT_EQ(instant("2022-01-03 00:00:00 UTC"), "2022-01-03T00:00:00Z");
  EXPECT_EQ(instant("1/31/2024"), "2024-01-31T00:00:00Z");
  EXPECT_EQ(instant("2/1/2024", utc(), SlashDates::day_first), "2024-01-02T00:00:00Z");
  EXPECT_EQ(instant("2024/01/31 16:00"), "2024-01-31T16:00:00Z");
  EXPECT_EQ(instant("20240131"), "2024-01-31T00:00:00Z");
  EXPECT_EQ(instant("1700000000"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(instant("1700000000.5"), "2023-11-14T22:13:20.500Z");
  EXPECT_EQ(instant("1700000000123"), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(instant("1700000000123456"), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(instant("1700000000123456789"), "2023-11-14T22:13:20.123456789Z");
}

TEST(CsvTime, TimesWithoutOffsetAreOnTheClocksOfTheZone) {
  EXPECT_EQ(instant("2024-01-31", new_york()), "2024-01-31T05:00:00Z");
  EXPECT_EQ(instant("2024-07-31 09:30", new_york()), "2024-07-31T13:30:00Z");
  EXPECT_EQ(instant("20240731", new_york()), "2024-07-31T04:00:00Z");
  EXPECT_EQ(instant("2024-07-31T09:30:00Z", new_york()), "2024-07-31T09:30:00Z");
  EXPECT_EQ(instant("2024-11-03 01:30", new_york()), "2024-11-03T05:30:00Z");  // twice on the clocks: the first
  EXPECT_EQ(instant("2024-03-10 02:30", new_york()), "2024-03-10T07:30:00Z");  // never: behind the change
}

TEST(CsvTime, RefusesWhatIsNone) {
  for (const char* text :
       {"", "x", "2024-13-01", "2024-02-30", "31/1/2024", "2024-01-31 25:00", "2024-01-31 9", "1/1",
        "2024-01-31 09:30:00.", "2024-01-31 09:30 Zulu", "-5", "1e9", "1700000000.x", "1700000000.5e3", ".5", "5.",
        "2024-01-31 09:30+25:00", "99999999999999999999", "2024-01-31 09:30:00.1234567891"}) {
    EXPECT_EQ(instant(text), "none") << text;
  }
}

class CsvFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "tapeline-" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv";
  }
  void TearDown() override { std::remove(path_.c_str()); }

  CsvBars read(const std::string& text, const TradingCalendar& calendar = utc(), std::uint32_t interval_s = 0) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_csv_bars(path_, calendar, SlashDates::month_first, interval_s);
  }

  std::string path_;
};

std::vector<std::string> starts(const CsvBars& read) {
  std::vector<std::string> texts;
  for (const OpenBar& bar : read.bars) texts.push_back(format_utc(bar.start_ns));
  return texts;
}

TEST(CsvRecords, WhatComesLineByLineIsGivenLineByLine) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto send = [&](std::string_view text) {
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  };
  std::ifstream in("/dev/fd/" + std::to_string(ends[0]), std::ios::binary);
  csv::Records records(in, "pipe");
  send("a,b\n1,2\n3,");
  ASSERT_TRUE(records.next() && records.next());  // the writer is there yet, and has no more to say
  EXPECT_THAT(records.fields(), ElementsAre("1", "2"));
  send("\"4\n5\"\n\n6,7");
  ASSERT_TRUE(records.next());
  EXPECT_THAT(records.fields(), ElementsAre("3", "4\n5"));
  EXPECT_EQ(records.line(), 3U);
  ::close(ends[1]);
  ASSERT_TRUE(records.next());
  EXPECT_THAT(records.fields(), ElementsAre("6", "7"));
  EXPECT_EQ(records.line(), 6U);
  EXPECT_FALSE(records.next() || records.next());
  ::close(ends[0]);
}

TEST_F(CsvFile, LongFilesAndLinesAreReadWhole) {
  std::string text = "time,open,high,low,close,note\n";
  constexpr int rows = 60'000;  // beyond what is read at once, and what is reserved for at first
  for (int i = 0; i < rows; ++i) {
    const std::string price = std::to_string(100 + i % 7) + "." + std::to_string(i % 100);
    text += std::to_string(1'700'000'000 + 60 * i) + ',' + price + ",200," + "1.5," + price + ',';
    if (i == 30'000) text += std::string(300'000, 'x');
    text += i % 3 == 0 ? "\n" : "a;b\n";
  }
  const CsvBars read = this->read(text);
  ASSERT_EQ(read.bars.size(), static_cast<std::size_t>(rows));
  for (int i = 0; i < rows; ++i) {
    const OpenBar& bar = read.bars[static_cast<std::size_t>(i)];
    ASSERT_EQ(bar.start_ns, (1'700'000'000 + 60 * i) * nanos_per_second);
    ASSERT_EQ(to_string(Decimal{bar.close, bar.price_exponent}),
              to_string(*parse_decimal(std::to_string(100 + i % 7) + "." + std::to_string(i % 100))));
  }
  EXPECT_EQ(read.interval_s, 60U);
}

TEST_F(CsvFile, ReadsPricesExactlyAtOneScale) {
  const CsvBars read = this->read(
      "\xEF\xBB\xBF"
      "Date,Open,High,Low,Close,Adj Close,Volume\r\n"
      "2024-01-01,1.5,2,1.25,1.75,9,100.5\r\n2024-01-02,1,1,1,1,9,\r\n");
  ASSERT_EQ(read.bars.size(), 2U);
  const OpenBar& bar = read.bars[0];
  EXPECT_EQ(bar.price_exponent, -2);
  EXPECT_THAT((std::vector{bar.open, bar.high, bar.low, bar.close}), ElementsAre(150, 200, 125, 175));
  EXPECT_TRUE(bar.volume == 1005 && bar.volume_exponent == -1);
  EXPECT_EQ(read.interval_s, 86'400U);
  EXPECT_THAT(read.remarks, IsEmpty());
}

TEST_F(CsvFile, OrderColumnsAndSeparatorsMayBeAny) {
  const CsvBars read = this->read(
      "close;low;high;open;time;extra\n2;1;3;2;2024-01-01 10:02;\"a;b\"\n2;1;3;2;2024-01-01 10:00;x\n"
      "2;1;3;2;2024-01-01 10:01;x\n");
  EXPECT_THAT(starts(read), ElementsAre("2024-01-01T10:00:00Z", "2024-01-01T10:01:00Z", "2024-01-01T10:02:00Z"));
  EXPECT_EQ(read.interval_s, 60U);
  EXPECT_THAT(starts(this->read("Date,Time,Open,High,Low,Close\n2024-01-01,10:00,1,1,1,1\n2024-01-01,10:05,1,1,1,1\n")),
              ElementsAre("2024-01-01T10:00:00Z", "2024-01-01T10:05:00Z"));
  EXPECT_THAT(starts(this->read(",open,high,low,close\n2024-01-01,1,1,1,1\n2024-01-02,1,1,1,1\n")),
              ElementsAre("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"));
}

TEST_F(CsvFile, ADailyBarEndsWithTheCalendarsDay) {
  const CsvBars read =
      this->read("date,open,high,low,close\n2024-03-08,1,1,1,1\n2024-03-09,1,1,1,1\n2024-03-10,1,1,1,1\n", new_york());
  EXPECT_EQ(read.interval_s, 86'400U);
  EXPECT_EQ(format_utc(read.bars[2].start_ns), "2024-03-10T05:00:00Z");
  EXPECT_EQ(format_utc(read.bars[2].end_ns), "2024-03-11T04:00:00Z");  // 23 hours
}

TEST_F(CsvFile, NoBarReachesIntoTheNext) {
  const CsvBars monthly = read(
      "date,open,high,low,close\n2024-01-01,1,1,1,1\n2024-02-01,1,1,1,1\n2024-03-01,1,1,1,1\n2024-04-01,1,1,1,1\n");
  EXPECT_EQ(monthly.interval_s, 31U * 86'400);
  for (std::size_t i = 1; i < monthly.bars.size(); ++i) EXPECT_LE(monthly.bars[i - 1].end_ns, monthly.bars[i].start_ns);
}

TEST_F(CsvFile, RowsWithoutPricesAreLeftOutAndCounted) {
  const CsvBars read = this->read(
      "date,open,high,low,close,volume\n2024-01-01,1,1,1,1,1\n2024-01-02,null,null,null,null,null\n"
      "2024-01-03,,,,,\n2024-01-04,1,1,1,3,1\n");
  EXPECT_EQ(read.bars.size(), 2U);
  EXPECT_THAT(read.remarks, ElementsAre(HasSubstr("2 rows without prices"), HasSubstr("first in line 5")));
}

TEST_F(CsvFile, WhatIsWrongIsToldWithItsLine) {
  const auto problem = [&](const std::string& row) -> std::string {
    try {
      static_cast<void>(read("date,open,high,low,close,volume\n2024-01-01,1,1,1,1,1\n\n" + row + "\n"));
      return "";
    } catch (const csv::BadInput& bad) {
      return bad.what();
    }
  };
  EXPECT_THAT(problem("2024-01-02,1,1,1"), HasSubstr(".csv:4: "));
  EXPECT_THAT(problem("2024-01-02,1,1,1,1,-1"), HasSubstr("below 0"));
  EXPECT_THAT(problem("2024-01-02,0,1,1,1,1"), HasSubstr("column 2: '0' is not above 0"));
  EXPECT_THAT(problem("2024-01-02,1,1,1,1234567890123456789,1"), HasSubstr("18 significant digits"));
  EXPECT_THAT(problem("2024-01-02,1,1,0.00000000000000000001,100,1"), HasSubstr("no common scale"));
  EXPECT_THAT(problem("2024-01-01,1,1,1,1,1"), HasSubstr(":4: the same time as line 2"));
  EXPECT_THAT(problem("2024-01-02,\"1,1,1,1,1"), HasSubstr("never closed"));
}

}  // namespace
}  // namespace tapeline::app
