#include "feeds/simulator/yahoo_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 10> interval_minutes{{{"1m", 1},
                                                                             {"2m", 2},
                                                                             {"5m", 5},
                                                                             {"15m", 15},
                                                                             {"30m", 30},
                                                                             {"60m", 60},
                                                                             {"90m", 90},
                                                                             {"1h", 60},
                                                                             {"1d", 1440},
                                                                             {"5d", 5 * 1440}}};
constexpr std::array<std::pair<std::string_view, int>, 11> range_days{{{"1d", 1},
                                                                       {"5d", 5},
                                                                       {"1mo", 30},
                                                                       {"3mo", 91},
                                                                       {"6mo", 182},
                                                                       {"1y", 365},
                                                                       {"2y", 730},
                                                                       {"5y", 1826},
                                                                       {"10y", 3652},
                                                                       {"ytd", 365},
                                                                       {"max", 36525}}};

template <class Table>
std::optional<int> look_up(const Table& table, std::string_view name) {
  for (const auto& [key, value] : table) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < 0 || value > 9'000'000'000)
    return std::nullopt;
  return value;
}

HttpReply refusal(unsigned status, std::string_view code, const std::string& description) {
  std::string body = R"({"chart":{"result":null,"error":{"code":)";
  append_json_string(body, code);
  body += R"(,"description":)";
  append_json_string(body, description);
  body += "}}}";
  return {.status = status, .body = std::move(body)};
}

struct Window {
  Nanos from_ns = 0;
  Nanos to_ns = 0;
};

/// What a chart shows: whole bars on the grid, then the live point.
std::vector<SourceBar> chart_rows(const Asset& asset, int minutes, Window window, Nanos now_ns) {
  // An hour of an exchange that opens at half past begins at half past.
  const Nanos offset_ns = asset.session() == Session::new_york && minutes < 1440 ? 30 * nanos_per_minute : 0;
  std::vector<SourceBar> rows = join(asset.minutes().between(window.from_ns, window.to_ns),
                                     {.width_ns = minutes * nanos_per_minute, .offset_ns = offset_ns});
  if (asset.session() == Session::new_york && minutes >= 1440) {
    for (SourceBar& row : rows) row.start_ns = trading_day(asset.session(), row.start_ns + nanos_per_day - 1).start_ns;
  }
  const Nanos live_ns = asset.price_time_ns() - asset.price_time_ns() % nanos_per_second;
  if (window.to_ns <= now_ns || rows.empty() || live_ns <= rows.back().start_ns) return rows;
  const std::int64_t price = asset.price_ticks();
  rows.push_back({.start_ns = live_ns, .open = price, .high = price, .low = price, .close = price, .volume = 0});
  return rows;
}

void append_period(std::string& out, std::string_view name, Window window, int offset_s, std::string_view zone) {
  append_json_string(out, name);
  out += R"(:{"timezone":")" + std::string(zone) + R"(","end":)";
  append_integer(out, window.to_ns / nanos_per_second);
  out += R"(,"start":)";
  append_integer(out, window.from_ns / nanos_per_second);
  out += R"(,"gmtoffset":)";
  append_integer(out, std::int64_t{offset_s});
  out.push_back('}');
}

class MetaWriter {
 public:
  MetaWriter(std::string& out, const Asset& asset, Nanos now_ns)
      : out_(out), asset_(asset), facts_(asset.day_facts(now_ns)), equity_(asset.spec().kind == AssetKind::equity) {
    offset_s_ = equity_ ? new_york_offset_s(now_ns) : 0;
    zone_ = !equity_ ? "UTC" : offset_s_ == -4 * 3600 ? "EDT" : "EST";
  }

  void write(std::string_view interval, std::string_view range) {
    out_ += R"({"currency":"USD")";
    text("symbol", yahoo_name(asset_.spec()));
    text("exchangeName", equity_ ? "NMS" : "CCC");
    text("fullExchangeName", equity_ ? "NasdaqGS" : "CCC");
    text("instrumentType", equity_ ? "EQUITY" : "CRYPTOCURRENCY");
    number("firstTradeDate", equity_ ? 345'479'400 : 1'410'912'000);
    number("regularMarketTime", asset_.price_time_ns() / nanos_per_second);
    out_ += equity_ ? R"(,"hasPrePostMarketData":true)" : R"(,"hasPrePostMarketData":false)";
    number("gmtoffset", offset_s_);
    text("timezone", zone_);
    text("exchangeTimezoneName", equity_ ? "America/New_York" : "UTC");
    price("regularMarketPrice", asset_.price_ticks());
    const auto previous = static_cast<double>(std::max<std::int64_t>(1, facts_.previous_close));
    key("regularMarketChangePercent");
    append_rounded(out_, 100 * (static_cast<double>(asset_.price_ticks()) / previous - 1), 3);
    const SourceBar all = asset_.minutes().bars().empty() ? facts_.bar : join_all(asset_.minutes().bars());
    price("fiftyTwoWeekHigh", all.high);
    price("fiftyTwoWeekLow", all.low);
    price("regularMarketDayHigh", facts_.bar.high);
    price("regularMarketDayLow", facts_.bar.low);
    number("regularMarketVolume", std::llround(facts_.bar.volume));
    text("longName", name());
    text("shortName", name());
    price("chartPreviousClose", facts_.previous_close);
    price("previousClose", facts_.previous_close);
    number("scale", 3);
    number("priceHint", std::max(2, asset_.spec().price_decimals));
    periods();
    text("dataGranularity", interval);
    text("range", range);
    out_ += R"(,"validRanges":["1d","5d","1mo","3mo","6mo","1y","2y","5y","10y","ytd","max"]})";
  }

 private:
  void key(std::string_view name) {
    out_.push_back(',');
    append_json_string(out_, name);
    out_.push_back(':');
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void number(std::string_view name, std::int64_t value) {
    key(name);
    append_integer(out_, value);
  }
  void price(std::string_view name, std::int64_t ticks) {
    key(name);
    append_double(out_, asset_.to_price(ticks));
  }
  [[nodiscard]] std::string name() const {
    return equity_ ? display_name(asset_.spec()) : display_name(asset_.spec()) + " USD";
  }
  void periods() {
    const Window regular{facts_.day.start_ns, facts_.day.end_ns};
    const bool breaks = asset_.session() == Session::new_york;
    const Nanos pre_ns = breaks ? 330 * nanos_per_minute : 0;   // 04:00 to 09:30
    const Nanos post_ns = breaks ? 240 * nanos_per_minute : 0;  // 16:00 to 20:00
    out_ += R"(,"currentTradingPeriod":{)";
    append_period(out_, "pre", {regular.from_ns - pre_ns, regular.from_ns}, offset_s_, zone_);
    out_.push_back(',');
    append_period(out_, "regular", regular, offset_s_, zone_);
    out_.push_back(',');
    append_period(out_, "post", {regular.to_ns, regular.to_ns + post_ns}, offset_s_, zone_);
    out_.push_back('}');
  }

  std::string& out_;
  const Asset& asset_;
  DayFacts facts_;
  bool equity_;
  int offset_s_ = 0;
  std::string_view zone_;
};

template <class Append>
void append_array(std::string& out, std::string_view key, const std::vector<SourceBar>& rows, Append append) {
  append_json_string(out, key);
  out += ":[";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) out.push_back(',');
    append(rows[i]);
  }
  out.push_back(']');
}

std::string chart(const Asset& asset, const std::vector<SourceBar>& rows, std::string_view interval,
                  std::string_view range, Nanos now_ns) {
  std::string out = R"({"chart":{"result":[{"meta":)";
  MetaWriter(out, asset, now_ns).write(interval, range);
  if (rows.empty()) return out + R"(,"indicators":{"quote":[{}]}}],"error":null}})";
  const auto prices = [&](std::string_view key, std::int64_t SourceBar::*field) {
    append_array(out, key, rows, [&](const SourceBar& row) {
      append_double(out, static_cast<double>(static_cast<float>(asset.to_price(row.*field))));
    });
  };
  out.push_back(',');
  append_array(out, "timestamp", rows,
               [&](const SourceBar& row) { append_integer(out, row.start_ns / nanos_per_second); });
  out += R"(,"indicators":{"quote":[{)";
  append_array(out, "volume", rows,
               [&](const SourceBar& row) { append_integer(out, std::int64_t{std::llround(row.volume)}); });
  out.push_back(',');
  prices("close", &SourceBar::close);
  out.push_back(',');
  prices("low", &SourceBar::low);
  out.push_back(',');
  prices("open", &SourceBar::open);
  out.push_back(',');
  prices("high", &SourceBar::high);
  out += "}]";
  if (interval == "1d" || interval == "5d") {
    out += R"(,"adjclose":[{)";
    prices("adjclose", &SourceBar::close);
    out += "}]";
  }
  return out + R"(}}],"error":null}})";
}

}  // namespace

HttpReply answer_yahoo_chart(const Market& market, std::string_view symbol, const Target& target, Nanos now_ns) {
  const Asset* asset = market.find(symbol, yahoo_name);
  if (asset == nullptr) return refusal(404, "Not Found", "No data found, symbol may be delisted");
  const std::string_view interval = target.get("interval").empty() ? "1d" : target.get("interval");
  const auto minutes = look_up(interval_minutes, interval);
  if (!minutes) {
    return refusal(
        400, "Bad Request",
        "Invalid input - interval=" + std::string(interval) +
            " is not supported. Valid intervals: [1m, 2m, 5m, 15m, 30m, 60m, 90m, 1h, 1d, 5d, 1wk, 1mo, 3mo]");
  }
  const auto first = seconds_of(target.get("period1"));
  const auto last = seconds_of(target.get("period2"));
  if (first && last) {
    const std::string times = "1m data not available for startTime=" + std::string(target.get("period1")) +
                              " and endTime=" + std::string(target.get("period2")) + ". ";
    const Window window{*first * nanos_per_second, *last * nanos_per_second};
    if (*minutes == 1 && window.from_ns < now_ns - 30 * nanos_per_day) {
      return refusal(422, "Unprocessable Entity", times + "The requested range must be within the last 30 days.");
    }
    if (*minutes == 1 && window.to_ns - window.from_ns > 8 * nanos_per_day) {
      return refusal(422, "Unprocessable Entity",
                     times + "Only 7 days worth of 1m granularity data are allowed to be fetched per request.");
    }
    return {.body = chart(*asset, chart_rows(*asset, *minutes, window, now_ns), interval, "", now_ns)};
  }
  const std::string_view range = target.get("range").empty() ? "1d" : target.get("range");
  const auto days = look_up(range_days, range);
  if (!days) {
    return refusal(400, "Bad Request",
                   "Invalid input - range=" + std::string(range) +
                       " is not supported. Valid ranges: [1d, 5d, 1mo, 3mo, 6mo, 1y, 2y, 5y, 10y, ytd, max]");
  }
  const Nanos reach_ns = std::max(nanos_per_day, (*days - 1) * nanos_per_day);
  const Nanos from_ns = asset->session() == Session::always ? now_ns - *days * nanos_per_day
                        : *days == 1                        ? trading_day(asset->session(), now_ns).start_ns
                                                            : now_ns - reach_ns;
  return {.body = chart(*asset, chart_rows(*asset, *minutes, {from_ns, now_ns + 1}, now_ns), interval, range, now_ns)};
}

}  // namespace tapeline::feeds::simulator
