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

#include "core/base/decimal.hpp"
#include "core/indicators/indicator_set.hpp"

namespace tapeline::app {
namespace {

/// Something in the input that only its author can mend; what() says where and how.
class BadInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_close(std::string_view name) {
  constexpr std::string_view close = "close";
  return std::equal(name.begin(), name.end(), close.begin(), close.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

/// The records of a CSV (RFC 4180), without blank lines and byte order mark.
class CsvRecords {
 public:
  CsvRecords(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  /// Moves to the next record; false at the end.
  [[nodiscard]] bool next() {
    while (read_line()) {
      if (trimmed(text_).empty()) continue;
      line_ = lines_read_;
      while (!split()) {
        const std::string begun = text_ + '\n';
        if (!read_line())
          fail("a quote is opened and never closed: close it, or write \"\" for a quote inside a field");
        text_.insert(0, begun);
      }
      return true;
    }
    return false;
  }

  [[nodiscard]] const std::vector<std::string>& fields() const noexcept { return fields_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw BadInput(name_ + ":" + std::to_string(line_) + ": " + what);
  }

 private:
  bool read_line() {
    if (!std::getline(in_, text_)) {
      if (in_.bad()) throw BadInput(name_ + ": cannot be read: give a readable CSV file, or - for standard input");
      return false;
    }
    if (lines_read_++ == 0 && text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
    if (text_.ends_with('\r')) text_.pop_back();
    return true;
  }

  /// Splits text_ into fields_; false when it ends inside a quoted field.
  bool split() {
    fields_.assign(1, {});
    bool quoted = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      if (quoted && c == '"' && i + 1 < text_.size() && text_[i + 1] == '"') {
        fields_.back() += text_[++i];
      } else if (c == '"' && (quoted || trimmed(fields_.back()).empty())) {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        fields_.emplace_back();
      } else {
        fields_.back() += c;
      }
    }
    return !quoted;
  }

  std::istream& in_;
  std::string name_;
  std::string text_;
  std::vector<std::string> fields_;
  std::size_t lines_read_ = 0;
  std::size_t line_ = 1;  // where the record begins, from 1
};

std::size_t close_column(CsvRecords& records) {
  if (!records.next()) records.fail("the input is empty: begin with a header that names a column close");
  std::optional<std::size_t> column;
  for (std::size_t i = 0; i < records.fields().size(); ++i) {
    if (!is_close(trimmed(records.fields()[i]))) continue;
    if (column) {
      records.fail("columns " + std::to_string(*column + 1) + " and " + std::to_string(i + 1) +
                   " are both named close: rename one of them");
    }
    column = i;
  }
  if (!column) {
    records.fail("no column is named close in the header '" + records.text() +
                 "': begin with a header, separated by commas, that names the column of closes close");
  }
  return *column;
}

/// The close of the current record as it is written, and as a number.
struct Close {
  std::string_view text;
  Decimal price;
};

Close read_close(const CsvRecords& records, std::size_t column) {
  if (records.fields().size() <= column) {
    records.fail("the line '" + records.text() + "' ends after column " + std::to_string(records.fields().size()) +
                 ", but close is column " + std::to_string(column + 1) + ": add what is missing, or remove the line");
  }
  const std::string_view text = trimmed(records.fields()[column]);
  const auto refuse = [&](const char* why) {
    records.fail("column " + std::to_string(column + 1) + " (close): '" + std::string(text) + "' " + why);
  };
  const Result<Decimal, DecimalError> price = parse_decimal(text);
  if (!price.has_value()) {
    refuse(price.error() == DecimalError::out_of_precision
               ? "does not fit 18 significant digits and 30 decimal places: round it"
               : "is not a number: write a plain decimal such as 101.25, or remove the line");
  }
  if (price.value().mantissa <= 0) refuse("is not above 0: a price must be; remove the line");
  return {text, price.value()};
}

void append(std::string& line, double value) {
  line += ',';
  if (std::isnan(value)) return;
  std::array<char, 32> text{};
  const auto printed = std::to_chars(text.data(), text.data() + text.size(), value);
  line.append(text.data(), printed.ptr);
}

void write_indicators(const IndicatorsOptions& options, IndicatorSet set, CsvRecords records, std::ostream& out) {
  const std::size_t column = close_column(records);
  out << "index,close,sma" << options.sma << ",rsi" << options.rsi << ",bb_mid,bb_sigma,bb_upper,bb_lower,vol"
      << options.volatility << ",change_pct\n";
  std::string line;
  for (std::uint64_t index = 0; records.next(); ++index) {
    const Close close = read_close(records, column);
    set.update(close.price.mantissa, close.price.exponent);
    if (set.resets() > 0) {
      records.fail("column " + std::to_string(column + 1) + " (close): '" + std::string(close.text) +
                   "' and the closes before it have no common scale that fits 64 bits: round them to fewer decimal "
                   "places, or split the file here");
    }
    const IndicatorValues values = set.values();
    line.assign(std::to_string(index)).append(1, ',').append(close.text);
    for (const double value : {values.sma, values.rsi, values.bb_mid, values.bb_sigma, values.bb_upper, values.bb_lower,
                               values.volatility, values.change_pct}) {
      append(line, value);
    }
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
    const IndicatorSet set(config, 1.0);  // nothing annualised is written

    if (options.file == "-") {
      write_indicators(options, set, CsvRecords(in, "standard input"), out);
    } else {
      std::ifstream file(options.file, std::ios::binary);
      if (!file) throw BadInput(options.file + ": cannot be opened: " + std::strerror(errno));
      write_indicators(options, set, CsvRecords(file, options.file), out);
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
