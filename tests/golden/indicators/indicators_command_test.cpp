// `tapeline indicators`: what it reads, what it writes, and what it says when it cannot.
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/commands/indicators.hpp"

namespace tapeline::app {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  int status;
  std::string out;
  std::string err;
};

Outcome run(const std::string& input, const IndicatorsOptions& options = {}) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int status = run_indicators(options, in, out, err);
  return {status, out.str(), err.str()};
}

IndicatorsOptions shortest() {
  IndicatorsOptions options;
  options.sma = 2;
  options.rsi = 1;
  options.bollinger = 2;
  options.volatility = 2;
  return options;
}

const std::string header = "index,close,sma20,rsi14,bb_mid,bb_sigma,bb_upper,bb_lower,vol20,change_pct\n";

TEST(IndicatorsCommand, WritesShortestDoublesAndLeavesUndefinedOnesEmpty) {
  const Outcome outcome = run("close\n100\n110\n99\n99\n", shortest());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "index,close,sma2,rsi1,bb_mid,bb_sigma,bb_upper,bb_lower,vol2,change_pct\n"
            "0,100,,,,,,,,\n"
            "1,110,105,100,105,5,115,95,,10\n"
            "2,99,104.5,0,104.5,5.5,115.5,93.5,0.14189560954670763,-10\n"
            "3,99,99,,99,0,99,99,0.07450113509096039,0\n");
}

TEST(IndicatorsCommand, FindsTheCloseWhereverItStands) {
  const std::string expected = run("close\n100\n110.5\n").out;
  EXPECT_EQ(expected, header + "0,100,,,,,,,,\n1,110.5,,,,,,,,10.5\n");
  for (const char* input : {
           "Date,Open,CLOSE,Volume\n2024-01-02,1,100,7\n2024-01-03,2,110.5,8\n",
           "date, Close \n2024-01-02, 100 \n2024-01-03,\t110.5\n",
           "adj close,close\n1,100\n2,110.5\n",
           "close\r\n100\r\n110.5\r\n",
           "close\n100\n110.5",
           "\xEF\xBB\xBF"
           "close\n100\n110.5\n",
           "\n\nclose\n\n100\n  \n110.5\n\n",
           "\"name\",\"close\"\n\"a, \"\"b\"\"\",\"100\"\n\"two\nlines\",110.5\n",
       }) {
    const Outcome outcome = run(input);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, expected) << input;
  }
}

TEST(IndicatorsCommand, PrintsTheCloseAsItWasWritten) {
  EXPECT_EQ(run("close\n100.500\n+8.69e-05\n").out,
            header + "0,100.500,,,,,,,,\n1,+8.69e-05,,,,,,,,-99.99991353233831\n");
}

TEST(IndicatorsCommand, HeaderAloneHasNoRows) {
  const Outcome outcome = run("close\n");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, header);
}

TEST(IndicatorsCommand, BadCloseIsNamedWithLineColumnTextAndCure) {
  struct Case {
    const char* line;
    const char* complaint;
  };
  for (const Case& bad :
       {Case{"x,12x", "standard input:4: column 2 (close): '12x' is not a number: write a plain decimal"},
        Case{"x,", "standard input:4: column 2 (close): '' is not a number"},
        Case{"x,nan", "standard input:4: column 2 (close): 'nan' is not a number"},
        Case{"x,\"1,5\"", "standard input:4: column 2 (close): '1,5' is not a number"},
        Case{"x,0.00", "standard input:4: column 2 (close): '0.00' is not above 0"},
        Case{"x,-3", "standard input:4: column 2 (close): '-3' is not above 0"},
        Case{"x,1.0000000000000000001", "'1.0000000000000000001' does not fit 18 significant digits"},
        Case{"x", "standard input:4: the line 'x' ends after column 1, but close is column 2: add"},
        Case{"\"x,5", "standard input:4: a quote is opened and never closed"}}) {
    const Outcome outcome = run(std::string("name,close\na,5\n\n") + bad.line + "\nb,6\n");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, AllOf(StartsWith("tapeline indicators: "), HasSubstr(bad.complaint), EndsWith("\n")));
    EXPECT_EQ(outcome.out, header + "0,5,,,,,,,,\n") << "what came before stays";
  }
}

TEST(IndicatorsCommand, ClosesThatShareNoScaleAreNamed) {
  const Outcome outcome = run("close\n900000000000000000\n1\n0.000000000000000001\n");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("standard input:4: column 1 (close): '0.000000000000000001' and the closes before it"));
}

TEST(IndicatorsCommand, HeaderMustNameOneClose) {
  EXPECT_THAT(run("").err, HasSubstr("standard input:1: the input is empty: begin with a header"));
  EXPECT_THAT(run("date|close\n1|2\n").err, HasSubstr("no column is named close in the header 'date|close'"));
  EXPECT_THAT(run("close,Close\n1,2\n").err, HasSubstr("columns 1 and 2 are both named close"));
  EXPECT_EQ(run("").status, 1);
  EXPECT_EQ(run("date;close\n1;2\n").out, run("date,close\n1,2\n").out);
}

TEST(IndicatorsCommand, FileThatCannotBeReadIsNamed) {
  IndicatorsOptions options;
  options.file = "no/such/file.csv";
  const Outcome absent = run("", options);
  EXPECT_EQ(absent.status, 1);
  EXPECT_THAT(absent.err, HasSubstr("no/such/file.csv: cannot be opened: No such file or directory"));
  options.file = "tests";
  const Outcome folder = run("", options);
  EXPECT_EQ(folder.status, 1);
  EXPECT_THAT(folder.err, HasSubstr("tests: cannot be read"));
}

TEST(IndicatorsCommand, OutputThatCannotBeWrittenIsAnError) {
  std::istringstream in("close\n1\n");
  std::ostringstream err;
  std::ostream nowhere(nullptr);
  EXPECT_EQ(run_indicators({}, in, nowhere, err), 1);
  EXPECT_THAT(err.str(), HasSubstr("the output cannot be written"));
}

TEST(IndicatorsCommand, AppendsWhatIsAskedFor) {
  IndicatorsOptions options = shortest();
  options.ema = 2;
  options.macd = {.fast = 1, .slow = 2, .signal = 2};
  options.atr = 1;
  const Outcome outcome = run("low,close,HIGH\n99,100,101\n100,110,112.5\n98,99,110\n", options);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "index,close,sma2,rsi1,bb_mid,bb_sigma,bb_upper,bb_lower,vol2,change_pct"
            ",ema2,macd,macd_signal,macd_histogram,atr1\n"
            "0,100,,,,,,,,,,,,,\n"
            "1,110,105,100,105,5,115,95,,10,105,5,,,12.5\n"
            "2,99,104.5,0,104.5,5.5,115.5,93.5,0.14189560954670763,-10,101,-2,1.5,-3.5,12\n");
}

TEST(IndicatorsCommand, AverageTrueRangeNeedsHighAndLow) {
  IndicatorsOptions options;
  options.atr = 14;
  EXPECT_THAT(run("close,high\n1,2\n", options).err,
              HasSubstr("no column is named low in the header 'close,high': --atr needs the columns high and low"));
  EXPECT_THAT(run("close,high,low\n1,2,3\n", options).err, HasSubstr("column 3 (low): '3' is above high"));
  EXPECT_THAT(run("close,high,low\n1,x,1\n", options).err, HasSubstr("column 2 (high): 'x' is not a number"));
  EXPECT_THAT(run("close,high,low\n900000000000000000,900000000000000000,0.000000000000000001\n", options).err,
              HasSubstr("close, high and low have no common scale"));
}

TEST(IndicatorsCommand, ImpossibleOptionsAreRefused) {
  IndicatorsOptions options;
  options.rsi = 0;
  const Outcome outcome = run("close\n1\n", options);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("rsi length 0 is impossible: choose one from 1"));
  options = {};
  options.macd = {.fast = 26, .slow = 12, .signal = 9};
  EXPECT_EQ(run("close\n1\n", options).status, 2);
  EXPECT_THAT(run("close\n1\n", options).err, HasSubstr("indicator \"macd\": macd fast is impossible"));
}

}  // namespace
}  // namespace tapeline::app
