// Series with reference outputs by exact arithmetic: every number that the command prints is within 1e-9 relative.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "app/commands/indicators.hpp"

namespace tapeline::app {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

void expect_same_cell(const std::string& actual, const std::string& expected) {
  ASSERT_EQ(actual.empty(), expected.empty());
  if (expected.empty()) return;
  const double value = std::stod(actual);
  const double reference = std::stod(expected);
  EXPECT_LE(std::abs(value - reference), std::abs(reference) * 1e-9) << actual << " instead of " << expected;
}

/// The reference's own column `close` is the input.
void expect_agreement(const fs::path& reference) {
  SCOPED_TRACE(reference.string());
  IndicatorsOptions options;
  options.file = reference.string();
  std::istringstream unused;
  std::stringstream out;
  std::ostringstream err;
  ASSERT_EQ(run_indicators(options, unused, out, err), 0) << err.str();

  std::ifstream expected(reference);
  std::string expected_line;
  std::string line;
  ASSERT_TRUE(std::getline(expected, expected_line) && std::getline(out, line));
  EXPECT_EQ(line, expected_line);
  std::size_t rows = 0;
  while (std::getline(expected, expected_line)) {
    ASSERT_TRUE(std::getline(out, line)) << "the output ends before: " << expected_line;
    const std::vector<std::string> cells = split(line);
    const std::vector<std::string> expected_cells = split(expected_line);
    ASSERT_EQ(cells.size(), 10U);
    ASSERT_EQ(expected_cells.size(), 10U);
    EXPECT_EQ(cells[0], expected_cells[0]);
    EXPECT_EQ(cells[1], expected_cells[1]);
    for (std::size_t i = 2; i < cells.size(); ++i) {
      SCOPED_TRACE("column " + std::to_string(i + 1) + " of " + expected_line);
      expect_same_cell(cells[i], expected_cells[i]);
    }
    ++rows;
  }
  EXPECT_FALSE(std::getline(out, line)) << "the output goes on: " << line;
  EXPECT_GT(rows, 20U);
}

TEST(ReferenceSeries, OurOwnAgrees) { expect_agreement("tests/golden/indicators/quiet_flat_crash.csv"); }

TEST(ReferenceSeries, EverySharedOneAgrees) {
  const char* shared = std::getenv("TAPELINE_SHARED");
  const fs::path folder = fs::path(shared != nullptr ? shared : "../shared") / "data/indicators";
  if (!fs::is_directory(folder)) {
    GTEST_SKIP() << "no folder " << folder << ": set TAPELINE_SHARED to the folder of the given data";
  }
  std::size_t files = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".csv") continue;
    expect_agreement(entry.path());
    ++files;
  }
  EXPECT_GT(files, 0U) << "no .csv in " << folder;
}

}  // namespace
}  // namespace tapeline::app
