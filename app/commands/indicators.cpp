#include "app/commands/indicators.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "app/csv/records.hpp"
#include "core/bars/custom_indicators.hpp"
#include "core/base/decimal.hpp"
#include "core/indicators/indicator_set.hpp"

namespace tapeline::app {
namespace {

using csv::BadInput;
using csv::trimmed;
using CsvRecords = csv::Records;

/// A column of prices.
struct Column {
  std::string_view name;
  std::size_t index = 0;
};

/// `name` in the header, which is the current record.
Column find_column(const CsvRecords& records, std::string_view name, std::string_view cure) {
  const std::optional<std::size_t> index = records.column(name);
  if (!index) {
    records.fail("no column is named " + std::string(name) + " in the header '" + std::string(records.text()) +
                 "': " + std::string(cure));
  }
  return {name, *index};
}

struct Columns {
  Column close;
  std::optional<Column> high;  // where the ATR is asked for
  std::optional<Column> low;
};

Columns read_header(CsvRecords& records, const IndicatorsOptions& options) {
  if (!records.next()) records.fail("the input is empty: begin with a header that names a column close");
  Columns columns;
  columns.close =
      find_column(records, "close", "begin with a header, separated by commas, that names the column of closes close");
  if (options.atr) {
    constexpr std::string_view cure = "--atr needs the columns high and low; add them, or leave out --atr";
    columns.high = find_column(records, "high", cure);
    columns.low = find_column(records, "low", cure);
  }
  return columns;
}

std::string_view text_of(const CsvRecords& records, const Column& column) {
  if (records.fields().size() <= column.index) {
    records.fail("the line '" + std::string(records.text()) + "' ends after column " +
                 std::to_string(records.fields().size()) + ", but " + std::string(column.name) + " is column " +
                 std::to_string(column.index + 1) + ": add what is missing, or remove the line");
  }
  return trimmed(records.fields()[column.index]);
}

[[noreturn]] void refuse(const CsvRecords& records, const Column& column, const char* why) {
  records.fail("column " + std::to_string(column.index + 1) + " (" + std::string(column.name) + "): '" +
               std::string(text_of(records, column)) + "' " + why);
}

Decimal read_price(const CsvRecords& records, const Column& column) {
  const Result<Decimal, DecimalError> price = parse_decimal(text_of(records, column));
  if (!price.has_value()) {
    refuse(records, column,
           price.error() == DecimalError::out_of_precision
               ? "does not fit 18 significant digits and 30 decimal places: round it"
               : "is not a number: write a plain decimal such as 101.25, or remove the line");
  }
  if (price->mantissa <= 0) refuse(records, column, "is not above 0: a price must be; remove the line");
  return *price;
}

constexpr const char* no_common_scale =
    "and the closes before it have no common scale that fits 64 bits: round them to fewer decimal places, or split the "
    "file here";

/// The current record as a bar; without high and low it is all close.
IndicatorBar read_bar(const CsvRecords& records, const Columns& columns) {
  const Decimal close = read_price(records, columns.close);
  const Decimal high = columns.high ? read_price(records, *columns.high) : close;
  const Decimal low = columns.low ? read_price(records, *columns.low) : close;
  IndicatorBar bar;
  bar.price_exponent = std::min({close.exponent, high.exponent, low.exponent});
  const auto mantissa = [&](Decimal price) {
    const Result<std::int64_t, DecimalError> aligned = mantissa_at(price, bar.price_exponent);
    if (!aligned) records.fail("close, high and low have no common scale that fits 64 bits: round them");
    return *aligned;
  };
  bar.close = bar.open = mantissa(close);
  bar.high = mantissa(high);
  bar.low = mantissa(low);
  if (bar.low > bar.high) refuse(records, *columns.low, "is above high: exchange them, or remove the line");
  return bar;
}

/// What is asked for beside the columns that are always there, in the order of its columns.
std::vector<IndicatorSpec> specs_of(const IndicatorsOptions& options) {
  std::vector<IndicatorSpec> specs;
  const auto add = [&specs](IndicatorKind kind, std::string name, std::uint32_t length) -> IndicatorSpec& {
    IndicatorSpec spec;
    spec.name = std::move(name);
    spec.kind = kind;
    spec.length = length;
    return specs.emplace_back(std::move(spec));
  };
  if (options.ema) add(IndicatorKind::ema, "ema" + std::to_string(*options.ema), *options.ema);
  if (options.macd) {
    IndicatorSpec& macd = add(IndicatorKind::macd, "macd", 0);
    macd.fast = options.macd->fast;
    macd.slow = options.macd->slow;
    macd.signal = options.macd->signal;
  }
  if (options.atr) add(IndicatorKind::atr, "atr" + std::to_string(*options.atr), *options.atr);
  return specs;
}

void append(std::string& line, double value) {
  line += ',';
  if (std::isnan(value)) return;
  std::array<char, 32> text{};
  const auto printed = std::to_chars(text.data(), text.data() + text.size(), value);
  line.append(text.data(), printed.ptr);
}

void write_indicators(const IndicatorsOptions& options, IndicatorSet set, CustomIndicators custom, CsvRecords records,
                      std::ostream& out) {
  const Columns columns = read_header(records, options);
  out << "index,close,sma" << options.sma << ",rsi" << options.rsi << ",bb_mid,bb_sigma,bb_upper,bb_lower,vol"
      << options.volatility << ",change_pct";
  for (const IndicatorSpec& spec : specs_of(options)) {
    for (const std::string& name : output_names(spec)) out << ',' << name;
  }
  out << '\n';
  std::string line;
  std::vector<double> custom_values(custom.size());
  for (std::uint64_t index = 0; records.next(); ++index) {
    const IndicatorBar bar = read_bar(records, columns);
    const Decimal close = read_price(records, columns.close);
    set.update(close.mantissa, close.exponent);
    custom.update(bar);
    if (set.resets() + custom.resets() > 0) refuse(records, columns.close, no_common_scale);
    const IndicatorValues values = set.values();
    custom.values(custom_values);
    line.assign(std::to_string(index)).append(1, ',').append(text_of(records, columns.close));
    for (const double value : {values.sma, values.rsi, values.bb_mid, values.bb_sigma, values.bb_upper, values.bb_lower,
                               values.volatility, values.change_pct}) {
      append(line, value);
    }
    for (const double value : custom_values) append(line, value);
    out << line << '\n';
  }
  out.flush();
  if (!out) throw BadInput("the output cannot be written: make room, or write elsewhere");
}

}  // namespace

int run_indicators(const IndicatorsOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  try {
    IndicatorsConfig config;
    config.sma_length = options.sma;
    config.rsi_length = options.rsi;
    config.bollinger_length = options.bollinger;
    config.bollinger_width = options.width;
    config.volatility_length = options.volatility;
    constexpr double per_year = 1;  // nothing annualised is written
    const IndicatorSet set(config, per_year);
    const CustomIndicators custom(specs_of(options), 1, per_year);

    if (options.file == "-") {
      write_indicators(options, set, custom, CsvRecords(in, "standard input"), out);
    } else {
      std::ifstream file(options.file, std::ios::binary);
      if (!file) throw BadInput(options.file + ": cannot be opened: " + std::strerror(errno));
      write_indicators(options, set, custom, CsvRecords(file, options.file), out);
    }
    return 0;
  } catch (const BadInput& bad) {
    out.flush();
    err << "tapeline indicators: " << bad.what() << '\n';
    return 1;
  } catch (const std::invalid_argument& impossible) {
    err << "tapeline indicators: " << impossible.what() << '\n';
    return 2;
  }
}

}  // namespace tapeline::app
