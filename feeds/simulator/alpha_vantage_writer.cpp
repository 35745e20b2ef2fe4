#include "feeds/simulator/alpha_vantage_writer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr int text_decimals = 4;
constexpr std::size_t compact_bars = 100;

HttpReply message(std::string_view key, std::string_view text) {
  std::string body = "{\n    ";
  append_json_string(body, key);
  body += ": ";
  append_json_string(body, text);
  body += "\n}";
  return {.body = std::move(body)};
}

HttpReply invalid_call(std::string_view function) {
  return message("Error Message",
                 "Invalid API call. Please retry or visit the documentation "
                 "(https://www.alphavantage.co/documentation/) for " +
                     std::string(function) + ".");
}

HttpReply csv(std::string body) { return {.content_type = "application/x-download", .body = std::move(body)}; }

std::string price_text(const Asset& asset, std::int64_t ticks) {
  std::string out;
  append_fixed(out, ticks, asset.spec().price_decimals, text_decimals);
  return out;
}

std::string volume_text(double volume) { return std::to_string(std::llround(volume)); }

std::string percent_text(double percent) {
  std::string out;
  append_fixed(out, std::llround(percent * 1e4), text_decimals, text_decimals);
  out.push_back('%');
  return out;
}

/// The members of an object, one a line.
void append_members(std::string& out, std::string_view indent,
                    const std::vector<std::pair<std::string, std::string>>& members) {
  out += "{\n";
  for (std::size_t i = 0; i < members.size(); ++i) {
    out += indent;
    out += "    ";
    append_json_string(out, members[i].first);
    out += ": ";
    append_json_string(out, members[i].second);
    out += i + 1 < members.size() ? ",\n" : "\n";
  }
  out += indent;
  out.push_back('}');
}

HttpReply global_quote(const Asset* asset, bool as_csv, Nanos now_ns) {
  constexpr std::string_view head =
      "symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\n";
  if (asset == nullptr) return as_csv ? csv(std::string(head)) : HttpReply{.body = "{\n    \"Global Quote\": {}\n}"};
  const DayFacts facts = asset->day_facts(now_ns);
  const std::int64_t change = facts.bar.close - facts.previous_close;
  const double percent =
      100.0 * static_cast<double>(change) / static_cast<double>(std::max<std::int64_t>(1, facts.previous_close));
  const std::vector<std::pair<std::string, std::string>> members = {
      {"01. symbol", alpha_vantage_name(asset->spec())},
      {"02. open", price_text(*asset, facts.bar.open)},
      {"03. high", price_text(*asset, facts.bar.high)},
      {"04. low", price_text(*asset, facts.bar.low)},
      {"05. price", price_text(*asset, facts.bar.close)},
      {"06. volume", volume_text(facts.bar.volume)},
      {"07. latest trading day", facts.day.date},
      {"08. previous close", price_text(*asset, facts.previous_close)},
      {"09. change", price_text(*asset, change)},
      {"10. change percent", percent_text(percent)},
  };
  if (!as_csv) {
    std::string body = "{\n    \"Global Quote\": ";
    append_members(body, "    ", members);
    body += "\n}";
    return {.body = std::move(body)};
  }
  std::string body(head);
  for (std::size_t i = 0; i < members.size(); ++i) body += (i == 0 ? "" : ",") + members[i].second;
  return csv(body + "\r\n");
}

std::optional<int> minutes_of(std::string_view interval) {
  constexpr std::array<std::pair<std::string_view, int>, 5> known{
      {{"1min", 1}, {"5min", 5}, {"15min", 15}, {"30min", 30}, {"60min", 60}}};
  for (const auto& [name, minutes] : known) {
    if (name == interval) return minutes;
  }
  return std::nullopt;
}

/// Newest first, without the bar that is still open.
std::vector<SourceBar> intraday_bars(const Asset& asset, int minutes, bool full, Nanos now_ns) {
  const Nanos width_ns = minutes * nanos_per_minute;
  std::vector<SourceBar> bars = join(asset.minutes().bars(), {.width_ns = width_ns});
  while (!bars.empty() && bars.back().start_ns + width_ns > now_ns) bars.pop_back();
  std::reverse(bars.begin(), bars.end());
  if (!full && bars.size() > compact_bars) bars.resize(compact_bars);
  return bars;
}

/// The trading days behind the asset, newest first; the newest may still go on.
std::vector<SourceBar> daily_bars(const Asset& asset) {
  std::vector<SourceBar> days;
  std::string date;
  for (const SourceBar& minute : asset.minutes().bars()) {
    TradingDay day = trading_day(asset.session(), minute.start_ns);
    if (days.empty() || day.date != date) {
      date = std::move(day.date);
      days.push_back(minute);
      continue;
    }
    SourceBar& bar = days.back();
    bar.high = std::max(bar.high, minute.high);
    bar.low = std::min(bar.low, minute.low);
    bar.close = minute.close;
    bar.volume += minute.volume;
  }
  std::reverse(days.begin(), days.end());
  return days;
}

/// What the two functions with bars differ in.
struct Series {
  std::string information;
  std::string key;       // "Time Series (5min)"
  std::string interval;  // empty: of days, and not said
  std::string last_refreshed;
  std::vector<std::string> stamps;
  std::vector<SourceBar> bars;  // newest first
};

HttpReply series_as_csv(const Asset& asset, const Series& series) {
  std::string body = "timestamp,open,high,low,close,volume\r\n";
  for (std::size_t i = 0; i < series.bars.size(); ++i) {
    const SourceBar& bar = series.bars[i];
    body += series.stamps[i] + ',' + price_text(asset, bar.open) + ',' + price_text(asset, bar.high) + ',' +
            price_text(asset, bar.low) + ',' + price_text(asset, bar.close) + ',' + volume_text(bar.volume) + "\r\n";
  }
  return csv(std::move(body));
}

HttpReply series_as_json(const Asset& asset, const Series& series, bool full) {
  std::vector<std::pair<std::string, std::string>> meta{{"1. Information", series.information},
                                                        {"2. Symbol", alpha_vantage_name(asset.spec())},
                                                        {"3. Last Refreshed", series.last_refreshed}};
  const auto add = [&](std::string_view name, std::string value) {
    meta.emplace_back(std::to_string(meta.size() + 1) + ". " + std::string(name), std::move(value));
  };
  if (!series.interval.empty()) add("Interval", series.interval);
  add("Output Size", full ? "Full size" : "Compact");
  add("Time Zone", "US/Eastern");
  std::string body = "{\n    \"Meta Data\": ";
  append_members(body, "    ", meta);
  if (!series.bars.empty()) {
    body += ",\n    \"" + series.key + "\": {\n";
    for (std::size_t i = 0; i < series.bars.size(); ++i) {
      const SourceBar& bar = series.bars[i];
      body += "        \"" + series.stamps[i] + "\": ";
      append_members(body, "        ",
                     {{"1. open", price_text(asset, bar.open)},
                      {"2. high", price_text(asset, bar.high)},
                      {"3. low", price_text(asset, bar.low)},
                      {"4. close", price_text(asset, bar.close)},
                      {"5. volume", volume_text(bar.volume)}});
      body += i + 1 < series.bars.size() ? ",\n" : "\n";
    }
    body += "    }";
  }
  body += "\n}";
  return {.body = std::move(body)};
}

HttpReply answer_series(const Asset& asset, const Target& target, const Series& series) {
  if (target.get("datatype") == "csv") return series_as_csv(asset, series);
  return series_as_json(asset, series, target.get("outputsize") == "full");
}

HttpReply intraday(const Asset& asset, const Target& target, int minutes, Nanos now_ns) {
  const std::string interval(target.get("interval"));
  Series series{.information = "Intraday (" + interval + ") open, high, low, close prices and volume",
                .key = "Time Series (" + interval + ")",
                .interval = interval,
                .last_refreshed = {},
                .stamps = {},
                .bars = intraday_bars(asset, minutes, target.get("outputsize") == "full", now_ns)};
  for (const SourceBar& bar : series.bars) series.stamps.push_back(new_york_stamp(bar.start_ns));
  series.last_refreshed = series.bars.empty() ? new_york_stamp(now_ns) : series.stamps.front();
  return answer_series(asset, target, series);
}

HttpReply daily(const Asset& asset, const Target& target, Nanos now_ns) {
  Series series{.information = "Daily Prices (open, high, low, close) and Volumes",
                .key = "Time Series (Daily)",
                .interval = {},
                .last_refreshed = {},
                .stamps = {},
                .bars = daily_bars(asset)};
  for (const SourceBar& bar : series.bars) series.stamps.push_back(trading_day(asset.session(), bar.start_ns).date);
  const TradingDay today = trading_day(asset.session(), now_ns);
  // While the day goes on its row is of a part of it, and the stamp carries the time.
  series.last_refreshed = now_ns < today.end_ns ? new_york_stamp(now_ns) : today.date;
  return answer_series(asset, target, series);
}

}  // namespace

HttpReply answer_alpha_vantage(const Market& market, const Target& target, Nanos now_ns) {
  if (target.get("apikey").empty()) {
    return message("Error Message",
                   "the parameter apikey is invalid or missing. Please claim your free API key on "
                   "(https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds.");
  }
  const std::string_view function = target.get("function");
  const Asset* asset = market.find(target.get("symbol"), alpha_vantage_name);
  if (function == "GLOBAL_QUOTE") {
    if (target.get("symbol").empty()) return invalid_call(function);
    return global_quote(asset, target.get("datatype") == "csv", now_ns);
  }
  if (function == "TIME_SERIES_INTRADAY") {
    const auto minutes = minutes_of(target.get("interval"));
    return asset == nullptr || !minutes ? invalid_call(function) : intraday(*asset, target, *minutes, now_ns);
  }
  if (function == "TIME_SERIES_DAILY") {
    if (target.get("outputsize") == "full") {
      return message(
          "Information",
          "Thank you for using Alpha Vantage! The **outputsize=full** parameter value is a premium feature for the "
          "TIME_SERIES_DAILY endpoint. You may subscribe to any of the premium plans at "
          "https://www.alphavantage.co/premium/ to instantly unlock all premium features");
    }
    return asset == nullptr ? invalid_call(function) : daily(*asset, target, now_ns);
  }
  return message("Error Message", "This API function (" + std::string(function) + ") does not exist.");
}

}  // namespace tapeline::feeds::simulator
