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

constexpr int shown_decimals = 4;
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
  append_fixed(out, ticks, asset.spec().price_decimals, shown_decimals);
  return out;
}

std::string volume_text(double volume) { return std::to_string(std::llround(volume)); }

std::string percent_text(double percent) {
  std::string out;
  append_fixed(out, std::llround(percent * 1e4), shown_decimals, shown_decimals);
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

HttpReply intraday(const Asset& asset, const Target& target, int minutes, Nanos now_ns) {
  const bool full = target.get("outputsize") == "full";
  const std::vector<SourceBar> bars = intraday_bars(asset, minutes, full, now_ns);
  if (target.get("datatype") == "csv") {
    std::string body = "timestamp,open,high,low,close,volume\r\n";
    for (const SourceBar& bar : bars) {
      body += new_york_stamp(bar.start_ns) + ',' + price_text(asset, bar.open) + ',' + price_text(asset, bar.high) +
              ',' + price_text(asset, bar.low) + ',' + price_text(asset, bar.close) + ',' + volume_text(bar.volume) +
              "\r\n";
    }
    return csv(std::move(body));
  }
  const std::string interval(target.get("interval"));
  std::string body = "{\n    \"Meta Data\": ";
  append_members(body, "    ",
                 {{"1. Information", "Intraday (" + interval + ") open, high, low, close prices and volume"},
                  {"2. Symbol", alpha_vantage_name(asset.spec())},
                  {"3. Last Refreshed", new_york_stamp(bars.empty() ? now_ns : bars.front().start_ns)},
                  {"4. Interval", interval},
                  {"5. Output Size", full ? "Full size" : "Compact"},
                  {"6. Time Zone", "US/Eastern"}});
  if (!bars.empty()) {
    body += ",\n    \"Time Series (" + interval + ")\": {\n";
    for (std::size_t i = 0; i < bars.size(); ++i) {
      body += "        \"" + new_york_stamp(bars[i].start_ns) + "\": ";
      append_members(body, "        ",
                     {{"1. open", price_text(asset, bars[i].open)},
                      {"2. high", price_text(asset, bars[i].high)},
                      {"3. low", price_text(asset, bars[i].low)},
                      {"4. close", price_text(asset, bars[i].close)},
                      {"5. volume", volume_text(bars[i].volume)}});
      body += i + 1 < bars.size() ? ",\n" : "\n";
    }
    body += "    }";
  }
  body += "\n}";
  return {.body = std::move(body)};
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
  return message("Error Message", "This API function (" + std::string(function) + ") does not exist.");
}

}  // namespace tapeline::feeds::simulator
