#include "app/backtest/csv_bars.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "app/csv/records.hpp"

namespace tapeline::app {
namespace {

using csv::Records;
using csv::trimmed;

constexpr std::uint32_t day_s = TradingCalendar::day_s;

struct Columns {
  std::size_t time = 0;
  std::optional<std::size_t> clock;  // where date and time are apart
  std::size_t open = 0, high = 0, low = 0, close = 0;
  std::optional<std::size_t> volume;
};

std::size_t required(const Records& records, std::string_view name) {
  if (const auto index = records.column(name)) return *index;
  records.fail(
      fmt::format("no column is named {} in the header '{}': name the columns, such as date,open,high,low,close,volume",
                  name, records.text()));
}

Columns read_header(Records& records) {
  if (!records.next()) records.fail("the file is empty: begin with a header such as date,open,high,low,close,volume");
  Columns columns;
  std::optional<std::size_t> time;
  for (const std::string_view name :
       {"datetime", "timestamp", "date", "open_time", "open time", "timestamp_ms", "time"}) {
    if (!time) time = records.column(name);
  }
  // pandas writes an index without a name.
  if (!time && trimmed(records.fields().front()).empty()) time = 0;
  columns.time = time ? *time : required(records, "date");
  if (csv::is_named(trimmed(records.fields()[columns.time]), "date")) columns.clock = records.column("time");
  columns.open = required(records, "open");
  columns.high = required(records, "high");
  columns.low = required(records, "low");
  columns.close = required(records, "close");
  columns.volume = records.column("volume");
  return columns;
}

std::string_view field(const Records& records, std::size_t column) {
  if (records.fields().size() > column) return trimmed(records.fields()[column]);
  records.fail(
      fmt::format("the line '{}' ends after column {}, but column {} is needed: add what is missing, or remove it",
                  records.text(), records.fields().size(), column + 1));
}

bool is_nothing(std::string_view text) noexcept {
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') return false;
  return text.empty() || csv::is_named(text, "null") || csv::is_named(text, "nan") || csv::is_named(text, "none") ||
         text == "-";
}

class Rows {
 public:
  Rows(Records& records, std::uintmax_t file_bytes, const TradingCalendar& calendar, SlashDates slashes)
      : records_(records),
        file_bytes_(file_bytes),
        calendar_(calendar),
        slashes_(slashes),
        columns_(read_header(records)) {}

  void read() {
    while (records_.next()) read_row();
  }

  /// In the order of the file.
  [[nodiscard]] LongVector<OpenBar> take_bars() noexcept { return std::move(bars_); }
  /// Whether each begins after the one before.
  [[nodiscard]] bool ascends() const noexcept { return ascends_; }
  /// Of each bar.
  [[nodiscard]] const std::vector<std::uint32_t>& lines() const noexcept { return lines_; }

  [[nodiscard]] std::vector<std::string> remarks(const std::string& file) const {
    std::vector<std::string> told;
    if (left_out_ > 0) told.push_back(fmt::format("{}: {} rows without prices left out", file, left_out_));
    if (strange_ > 0) {
      told.push_back(
          fmt::format("{}: in {} rows open or close is outside low and high, first in line {}; used as they are", file,
                      strange_, first_strange_));
    }
    return told;
  }

 private:
  void read_row() {
    const std::array<std::string_view, 4> texts{field(records_, columns_.open), field(records_, columns_.high),
                                                field(records_, columns_.low), field(records_, columns_.close)};
    if (std::all_of(texts.begin(), texts.end(), is_nothing)) {
      ++left_out_;
      return;
    }
    const std::array<std::size_t, 4> at{columns_.open, columns_.high, columns_.low, columns_.close};
    std::array<Decimal, 4> prices;
    std::int8_t exponent = 0;
    for (std::size_t i = 0; i < prices.size(); ++i) {
      prices[i] = number(texts[i], at[i]);
      if (prices[i].mantissa <= 0) refuse(texts[i], at[i], "is not above 0: a price must be; remove the line");
      exponent = std::min(exponent, prices[i].exponent);
    }
    std::array<std::int64_t, 4> mantissas{};
    for (std::size_t i = 0; i < prices.size(); ++i) {
      mantissas[i] = prices[i].mantissa;
      if (prices[i].exponent == exponent) continue;
      const auto aligned = mantissa_at(prices[i], exponent);
      if (!aligned) records_.fail("the prices have no common scale that fits 64 bits: round them");
      mantissas[i] = *aligned;
    }
    const Nanos start_ns = read_time();
    const Decimal volume = read_volume();
    OpenBar& bar = append();
    bar.start_ns = start_ns;
    bar.open = mantissas[0];
    bar.high = mantissas[1];
    bar.low = mantissas[2];
    bar.close = mantissas[3];
    bar.price_exponent = exponent;
    bar.volume = volume.mantissa;
    bar.volume_exponent = volume.exponent;
    if (bars_.size() > 1) ascends_ = ascends_ && start_ns > bars_[bars_.size() - 2].start_ns;
    if (bar.low > bar.high) refuse(texts[2], columns_.low, "is above high: exchange them, or remove the line");
    const auto [least, most] = std::minmax(bar.open, bar.close);
    if ((least < bar.low || most > bar.high) && ++strange_ == 1) first_strange_ = records_.line();
  }

  OpenBar& append() {
    // After some rows it is known how many there will be, roughly: what is reserved too much is never touched.
    if (bars_.size() == sample_rows) {
      const double expected =
          sample_rows * static_cast<double>(file_bytes_) / static_cast<double>(records_.bytes_read());
      bars_.reserve(static_cast<std::size_t>(expected * 1.1));
      lines_.reserve(bars_.capacity());
    }
    lines_.push_back(static_cast<std::uint32_t>(records_.line()));
    return bars_.emplace_back();
  }

  Nanos read_time() const {
    std::string_view text = field(records_, columns_.time);
    std::string both;
    if (columns_.clock) {
      both = std::string(text) + " " + std::string(field(records_, *columns_.clock));
      text = both;
    }
    const auto time_ns = parse_csv_time(text, calendar_, slashes_);
    if (time_ns) return *time_ns;
    const char* const cure =
        text.find('/') != std::string_view::npos
            ? "is no date as month/day/year; with the day first say --day-first, or write 2024-01-31"
            : "is no time: write 2024-01-31, 2024-01-31 09:30, RFC 3339, or seconds since 1970";
    refuse(text, columns_.time, cure);
  }

  /// 0 where there is none.
  Decimal read_volume() const {
    if (!columns_.volume) return {};
    const std::string_view text = field(records_, *columns_.volume);
    if (is_nothing(text)) return {};
    const Decimal volume = number(text, *columns_.volume);
    if (volume.mantissa < 0)
      refuse(text, *columns_.volume, "is below 0: a volume cannot be; mend it, or leave it empty");
    return volume;
  }

  Decimal number(std::string_view text, std::size_t column) const {
    const auto value = parse_decimal(text);
    // Member by member: as a whole it would be loaded before the store of its parts has come through.
    if (value) return {value->mantissa, value->exponent};
    refuse(text, column,
           value.error() == DecimalError::out_of_precision
               ? "does not fit 18 significant digits and 30 decimal places: round it"
               : "is not a number: write a plain decimal such as 101.25, or remove the line");
  }

  [[noreturn]] void refuse(std::string_view text, std::size_t column, std::string_view why) const {
    records_.fail(fmt::format("column {}: '{}' {}", column + 1, text, why));
  }

  static constexpr std::size_t sample_rows = 1'000;

  Records& records_;
  std::uintmax_t file_bytes_;
  const TradingCalendar& calendar_;
  SlashDates slashes_;
  Columns columns_;
  LongVector<OpenBar> bars_;
  std::vector<std::uint32_t> lines_;
  bool ascends_ = true;
  std::uint64_t left_out_ = 0;
  std::uint64_t strange_ = 0;
  std::size_t first_strange_ = 0;
};

/// Ascending by start; two of one start are refused.
void sort(LongVector<OpenBar>& bars, const std::vector<std::uint32_t>& lines, const Records& records) {
  const auto earlier = [](const OpenBar& a, const OpenBar& b) { return a.start_ns < b.start_ns; };
  const auto twice = [](const OpenBar& a, const OpenBar& b) { return a.start_ns == b.start_ns; };
  const auto refuse_twice = [&](std::size_t a, std::size_t b) {
    records.fail(std::max(a, b), fmt::format("the same time as line {}: a file has one row a bar; remove one, or write "
                                             "times with their offset",
                                             std::min(a, b)));
  };
  std::vector<std::size_t> order(bars.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return earlier(bars[a], bars[b]); });
  LongVector<OpenBar> sorted;
  sorted.reserve(bars.size());
  for (const std::size_t at : order) {
    if (!sorted.empty() && twice(sorted.back(), bars[at])) refuse_twice(lines[order[sorted.size() - 1]], lines[at]);
    sorted.push_back(bars[at]);
  }
  bars = std::move(sorted);
}

/// The most frequent distance, in seconds; a day also where clocks were changed.
std::uint32_t usual_distance(const LongVector<OpenBar>& bars) {
  std::map<Nanos, std::size_t> distances;
  auto counted = distances.end();
  for (std::size_t i = 1; i < bars.size(); ++i) {
    const Nanos distance = bars[i].start_ns - bars[i - 1].start_ns;
    if (counted == distances.end() || counted->first != distance) counted = distances.try_emplace(distance).first;
    ++counted->second;
  }
  const auto most = std::max_element(distances.begin(), distances.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == distances.end()) return 0;
  const Nanos seconds = most->first / nanos_per_second;
  return seconds >= 23 * 3'600 && seconds <= 25 * 3'600 ? day_s : static_cast<std::uint32_t>(seconds);
}

/// A bar ends after its interval, or with the calendar's day; in any case before the next begins.
void set_ends(LongVector<OpenBar>& bars, const TradingCalendar& calendar, std::uint32_t interval_s) {
  for (std::size_t i = 0; i < bars.size(); ++i) {
    OpenBar& bar = bars[i];
    bar.end_ns = interval_s == day_s ? calendar.next_day_start(bar.start_ns)
                                     : bar.start_ns + Nanos{interval_s} * nanos_per_second;
    if (i + 1 < bars.size()) bar.end_ns = std::min(bar.end_ns, bars[i + 1].start_ns);
  }
}

}  // namespace

CsvBars read_csv_bars(const std::string& file, const TradingCalendar& calendar, SlashDates slashes,
                      std::uint32_t interval_s) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw csv::BadInput(file + ": cannot be opened: " + std::strerror(errno));
  Records records(in, file);
  std::error_code unknown;  // of a pipe: then nothing is reserved
  const std::uintmax_t bytes = std::filesystem::file_size(file, unknown);
  Rows read(records, unknown ? 0 : bytes, calendar, slashes);
  read.read();
  CsvBars result;
  result.bars = read.take_bars();
  if (result.bars.empty()) records.fail("no row has prices: a backtest needs some");
  if (!read.ascends()) sort(result.bars, read.lines(), records);
  result.interval_s = interval_s != 0 ? interval_s : usual_distance(result.bars);
  if (result.interval_s == 0) records.fail("one row does not tell how long a bar is: say it with --interval");
  set_ends(result.bars, calendar, result.interval_s);
  result.remarks = read.remarks(file);
  return result;
}

}  // namespace tapeline::app
