#include "feeds/coingecko/wire_history.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "feeds/wire_json.hpp"

namespace tapeline::feeds::coingecko {
namespace {

/// The lexemes of an array such as [1709395200000,61942,62211.5]; false where there are not exactly so many.
template <std::size_t count>
bool take_lexemes(json::ondemand::value& row, std::array<std::string_view, count>& lexemes) noexcept {
  std::size_t taken = 0;
  const auto take = [&](json::ondemand::value& value) -> json::error_code {
    if (taken < count) lexemes[taken] = json::token(value);
    ++taken;
    return simdjson::SUCCESS;
  };
  return !json::for_each_element(row, take) && taken == count;
}

WireEvent tick_of(std::string_view stamp, std::string_view lexeme, const Frame& frame, WireText& text) noexcept {
  const auto event_ns = epoch_of(stamp, nanos_per_millisecond);
  if (!event_ns) {
    return reject_of(frame.context, frame.receive_ns, Reason::bad_timestamp,
                     complaint(text, "time", Reason::bad_timestamp, stamp));
  }
  if (is_absent(lexeme)) return reject_of(frame.context, *event_ns, Reason::no_data, "no price at this time");
  const CheckedDecimal price = price_of(lexeme);
  if (price.reason != Reason::none) {
    return reject_of(frame.context, *event_ns, price.reason, complaint(text, "price", price.reason, lexeme));
  }
  return {.kind = EventKind::tick,
          .flags = event_backfilled,
          .symbol = frame.context,
          .event_ns = *event_ns,
          .price = price.value};
}

void sort_by_time(std::vector<WireEvent>& events, std::size_t first) noexcept {
  const auto earlier = [](const WireEvent& a, const WireEvent& b) { return a.event_ns < b.event_ns; };
  const auto begin = events.begin() + static_cast<std::ptrdiff_t>(first);
  if (!std::is_sorted(begin, events.end(), earlier)) std::stable_sort(begin, events.end(), earlier);
}

/// Of several of one time the last counts: the source has corrected itself.
void keep_last_of_each_time(std::vector<WireEvent>& events, std::size_t first) noexcept {
  std::size_t kept = first;
  for (std::size_t i = first; i < events.size(); ++i) {
    const bool is_repeated = i + 1 < events.size() && events[i + 1].event_ns == events[i].event_ns;
    if (!is_repeated) events[kept++] = events[i];
  }
  events.resize(kept);
}

}  // namespace

bool read_prices(json::ondemand::value& prices, const Frame& frame, WireText& text, WireOutput& output) noexcept {
  const std::size_t first = output.events.size();
  const auto visit = [&](json::ondemand::value& row) -> json::error_code {
    std::array<std::string_view, 2> lexemes;
    if (!take_lexemes(row, lexemes)) return simdjson::INCORRECT_TYPE;
    output.events.push_back(tick_of(lexemes[0], lexemes[1], frame, text));
    return simdjson::SUCCESS;
  };
  if (json::for_each_element(prices, visit)) return false;
  sort_by_time(output.events, first);
  keep_last_of_each_time(output.events, first);
  if (output.events.size() > first) output.events.back().flags = 0;
  return true;
}

bool read_candles(json::ondemand::array candles, const Frame& frame, WireText& text, WireOutput& output) noexcept {
  const std::size_t first = output.events.size();
  const BarRequest request = bar_request_of(frame.context);
  const auto visit = [&](json::ondemand::value& row) -> json::error_code {
    std::array<std::string_view, 5> lexemes;
    if (!take_lexemes(row, lexemes)) return simdjson::INCORRECT_TYPE;
    const auto end_ns = epoch_of(lexemes[0], nanos_per_millisecond);
    if (!end_ns) {
      output.events.push_back(reject_of(request.symbol, frame.receive_ns, Reason::bad_timestamp,
                                        complaint(text, "time", Reason::bad_timestamp, lexemes[0])));
    } else if (request.interval_s == 0) {
      output.events.push_back(reject_of(request.symbol, frame.receive_ns, Reason::missing_field,
                                        "the interval of the candles is not known"));
    } else {
      const BarFields fields{lexemes[1], lexemes[2], lexemes[3], lexemes[4], "0"};
      WireEvent bar = bar_of(fields, request, *end_ns - Nanos{request.interval_s} * nanos_per_second, text);
      if (bar.kind == EventKind::source_bar && unfinished(bar, frame.receive_ns)) bar.flags |= event_provisional;
      output.events.push_back(bar);
    }
    return simdjson::SUCCESS;
  };
  if (json::for_each_element(candles, visit)) return false;
  sort_by_time(output.events, first);
  mark_backfilled(std::span(output.events).subspan(first));
  return true;
}

}  // namespace tapeline::feeds::coingecko
