#include "feeds/alpha_vantage/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "feeds/alpha_vantage/wire_csv.hpp"
#include "feeds/alpha_vantage/wire_label.hpp"
#include "feeds/alpha_vantage/wire_refusal.hpp"
#include "feeds/alpha_vantage/wire_time.hpp"
#include "feeds/wire_fields.hpp"
#include "feeds/wire_http.hpp"
#include "feeds/wire_json.hpp"

namespace tapeline::feeds::alpha_vantage {
namespace {

constexpr std::uint32_t seconds_per_day = 86'400;

bool is_message(std::string_view key) noexcept {
  return key == "Information" || key == "Note" || key == "Error Message" || key == "message";
}

/// "4. close" -> "close": the numbers in front shift from function to function.
std::string_view unnumbered(std::string_view key) noexcept {
  const std::size_t dot = key.find(". ");
  return dot == std::string_view::npos ? key : key.substr(dot + 2);
}

void take_bar_field(std::string_view name, std::string_view lexeme, BarFields& fields) noexcept {
  if (name == "open") fields.open = lexeme;
  if (name == "high") fields.high = lexeme;
  if (name == "low") fields.low = lexeme;
  if (name == "close") fields.close = lexeme;
  if (name == "volume") fields.volume = lexeme;
}

struct Quote {
  std::string_view symbol;
  std::string_view price;
  std::string_view volume;
  std::string_view day;
};

void take_quote_field(std::string_view name, std::string_view lexeme, Quote& quote) noexcept {
  if (name == "symbol") quote.symbol = lexeme;
  if (name == "price") quote.price = lexeme;
  if (name == "volume") quote.volume = lexeme;
  if (name == "latest trading day" || name == "latestDay") quote.day = lexeme;
}

/// "5min" -> 300.
std::uint32_t seconds_of(std::string_view interval) noexcept {
  if (!interval.ends_with("min")) return 0;
  std::uint32_t minutes = 0;
  const char* const end = interval.data() + interval.size() - 3;
  const auto [next, error] = std::from_chars(interval.data(), end, minutes);
  return error == std::errc{} && next == end && minutes <= 1'440 ? minutes * 60 : 0;
}

}  // namespace

class Parser::Reader {
 public:
  void read(const Frame& frame, WireOutput& output) noexcept {
    begin(frame);
    if (const Refusal refusal = refusal_by_status(frame.http_status)) {
      refuse(refusal, output);
      return;
    }
    const std::size_t first = output.events.size();
    const std::string_view body = trimmed(frame.payload);
    if (looks_like_json(body)) {
      read_json(frame, output);
    } else if (body.starts_with("timestamp") || body.starts_with("time,") || body.starts_with("symbol")) {
      read_csv(body, output);
    } else {
      refuse(refusal_by_foreign_body(frame), output);
      return;
    }
    if (output.events.size() == first) {
      const Refusal by_client_error = refusal_by_client_error(frame.http_status);
      refuse(by_client_error ? by_client_error : Refusal{Reason::no_data, "no data in the response"}, output);
    }
  }

 private:
  void begin(const Frame& frame) noexcept {
    text_.clear();
    receive_ns_ = frame.receive_ns;
    request_ = bar_request_of(frame.context);
    is_daily_ = frame.channel == daily;
    if (is_daily_) request_.interval_s = seconds_per_day;
    is_fx_ = false;
    refusal_ = {};
    labels_ = {};
    last_refreshed_ = {};
    zone_ = Zone::new_york;
    zone_known_ = true;
  }

  void refuse(Refusal refusal, WireOutput& output) noexcept {
    output.events.push_back(refusal_event(request_.symbol, receive_ns_, refusal.reason, refusal.text));
  }

  // -- JSON

  void read_json(const Frame& frame, WireOutput& output) noexcept {
    const std::size_t first = output.events.size();
    if (!walk(frame.payload, output)) {
      output.events.resize(first);
      output.events.push_back(reject_of(request_.symbol, receive_ns_, Reason::unparsable,
                                        "the body is no whole JSON of a quote or a time series"));
    } else if (refusal_) {
      output.events.resize(first);  // sample data may stand beside the message
      refuse(refusal_, output);
    } else {
      finish_bars(first, output);
    }
  }

  bool walk(std::string_view payload, WireOutput& output) noexcept {
    json::ondemand::document document;
    json::ondemand::object root;
    if (json::open(parser_, payload, document) || document.get_object().get(root)) return false;
    bool known = false;
    bool any = false;
    const auto visit = [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      any = true;
      if (is_message(key)) {
        known = true;
        std::string_view words;
        if (const auto error = json::text(value, words)) return error;
        refusal_ = refusal_by_wording(words);
        return simdjson::SUCCESS;
      }
      if (key == "Meta Data") {
        known = true;
        return read_meta(value);
      }
      if (key.starts_with("Global Quote")) {
        known = true;
        return read_quote(value, output);
      }
      if (key.starts_with("Time Series")) {
        known = true;
        is_fx_ = key.find("FX") != std::string_view::npos;
        return read_series(value, output);
      }
      return simdjson::SUCCESS;
    };
    return !json::for_each_field(root, visit) && json::at_end(document) && (known || !any);
  }

  json::error_code read_meta(json::ondemand::value& meta) noexcept {
    const auto visit = [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      std::string_view text;
      if (const auto error = json::text(value, text)) return error;
      const std::string_view name = unnumbered(key);
      if (name == "Symbol" && request_.symbol.empty()) request_.symbol = text;
      if (name == "Interval" && request_.interval_s == 0) request_.interval_s = seconds_of(text);
      if (name == "Last Refreshed") last_refreshed_ = text;
      if (name == "Time Zone") {
        const auto zone = zone_named(text);
        zone_known_ = zone.has_value();
        zone_ = zone.value_or(Zone::utc);
      }
      return simdjson::SUCCESS;
    };
    return json::for_each_field(meta, visit);
  }

  json::error_code read_quote(json::ondemand::value& body, WireOutput& output) noexcept {
    Quote quote;
    bool any = false;
    const auto visit = [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      any = true;
      std::string_view text;
      if (const auto error = json::text(value, text)) return error;
      take_quote_field(unnumbered(key), text, quote);
      return simdjson::SUCCESS;
    };
    if (const auto error = json::for_each_field(body, visit)) return error;
    if (any) output.events.push_back(tick_of(quote));
    return simdjson::SUCCESS;
  }

  json::error_code read_series(json::ondemand::value& series, WireOutput& output) noexcept {
    const auto visit = [&](std::string_view stamp, json::ondemand::value& row) -> json::error_code {
      BarFields fields;
      if (is_fx_) fields.volume = "0";  // currencies are not traded on one exchange: the source gives none
      const auto visit_field = [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
        std::string_view text;
        if (const auto error = json::text(value, text)) return error;
        take_bar_field(unnumbered(key), text, fields);
        return simdjson::SUCCESS;
      };
      if (const auto error = json::for_each_field(row, visit_field)) return error;
      output.events.push_back(bar(stamp, fields));
      return simdjson::SUCCESS;
    };
    return json::for_each_field(series, visit);
  }

  // -- CSV

  void read_csv(std::string_view body, WireOutput& output) noexcept {
    const std::size_t first = output.events.size();
    const Columns header = split(take_line(body));
    const bool is_quote = header.fields[0] == "symbol";
    if (!is_complete(header, is_quote)) {
      output.events.push_back(reject_of(request_.symbol, receive_ns_, Reason::unparsable,
                                        "the first line of the CSV lacks a column that we need"));
      return;
    }
    while (!body.empty()) {
      const std::string_view line = take_line(body);
      if (line.empty()) continue;
      const Columns row = split(line);
      if (row.count != header.count) {
        output.events.push_back(
            reject_of(request_.symbol, receive_ns_, Reason::unparsable,
                      text_.join("not as many columns as the first line: '", text_.excerpt(line), "'")));
        continue;
      }
      output.events.push_back(is_quote ? quote_row(header, row) : bar_row(header, row));
    }
    finish_bars(first, output);
  }

  static bool is_complete(const Columns& header, bool is_quote) noexcept {
    if (header.count > columns_max) return false;
    constexpr std::array<std::string_view, 4> of_quotes{"symbol", "price", "volume", "latestDay"};
    constexpr std::array<std::string_view, 5> of_bars{"open", "high", "low", "close", "volume"};
    const auto has = [&](std::string_view name) {
      return std::find(header.fields.begin(), header.fields.end(), name) != header.fields.end();
    };
    if (is_quote) return std::all_of(of_quotes.begin(), of_quotes.end(), has);
    return (header.fields[0] == "timestamp" || header.fields[0] == "time") &&
           std::all_of(of_bars.begin(), of_bars.end(), has);
  }

  WireEvent quote_row(const Columns& header, const Columns& row) noexcept {
    Quote quote;
    for (std::size_t i = 0; i < row.count; ++i) take_quote_field(header.fields[i], row.fields[i], quote);
    return tick_of(quote);
  }

  WireEvent bar_row(const Columns& header, const Columns& row) noexcept {
    BarFields fields;
    for (std::size_t i = 0; i < row.count; ++i) take_bar_field(header.fields[i], row.fields[i], fields);
    return bar(row.fields[0], fields);
  }

  // -- both

  WireEvent tick_of(const Quote& quote) noexcept {
    const std::string_view symbol = request_.symbol.empty() ? quote.symbol : request_.symbol;
    if (symbol.empty()) {
      return reject_of({}, receive_ns_, Reason::missing_field, "the symbol of the quote is not known");
    }
    auto event_ns = session_close(quote.day, time_zones_);
    if (!event_ns) return field_reject(symbol, receive_ns_, "latest trading day", Reason::bad_timestamp, quote.day);
    if (receive_ns_ != 0) event_ns = std::min(*event_ns, receive_ns_);
    const CheckedDecimal price = price_of(quote.price);
    if (price.reason != Reason::none) return field_reject(symbol, *event_ns, "price", price.reason, quote.price);
    const CheckedDecimal volume = volume_of(quote.volume);
    if (volume.reason != Reason::none) return field_reject(symbol, *event_ns, "volume", volume.reason, quote.volume);
    return {
        .kind = EventKind::tick, .symbol = symbol, .event_ns = *event_ns, .price = price.value, .size = volume.value};
  }

  WireEvent bar(std::string_view stamp, const BarFields& fields) noexcept {
    if (request_.symbol.empty()) {
      return reject_of({}, receive_ns_, Reason::missing_field, "the symbol of the bars is not known");
    }
    if (!zone_known_) {
      return reject_of(request_.symbol, receive_ns_, Reason::bad_timestamp, "a time zone that we do not know");
    }
    if (request_.interval_s == 0) {
      return reject_of(request_.symbol, receive_ns_, Reason::missing_field, "the interval of the bars is not known");
    }
    const auto stamp_ns = wall_to_utc(stamp, zone_, time_zones_);
    if (!stamp_ns) return field_reject(request_.symbol, receive_ns_, "timestamp", Reason::bad_timestamp, stamp);
    if (!is_daily_ && zone_ == Zone::new_york) labels_.see(stamp);
    WireEvent event = bar_of(fields, request_, *stamp_ns, text_);
    if (event.kind == EventKind::source_bar && is_day_in_session(stamp)) event.flags |= event_provisional;
    return event;
  }

  WireEvent field_reject(std::string_view symbol, Nanos event_ns, std::string_view field, Reason reason,
                         std::string_view lexeme) noexcept {
    if (is_absent(lexeme)) reason = Reason::missing_field;
    return reject_of(symbol, event_ns, reason, complaint(text_, field, reason, lexeme));
  }

  /// "3. Last Refreshed" carries a time of day only while that day's session goes on.
  bool is_day_in_session(std::string_view stamp) const noexcept {
    return is_daily_ && last_refreshed_.size() > date_bytes && last_refreshed_.substr(0, date_bytes) == stamp;
  }

  /// Only the whole body tells whether its stamps are starts or ends.
  void finish_bars(std::size_t first, WireOutput& output) noexcept {
    sort_ascending(first, output);
    const bool is_end = labels_.label() == BarLabel::end;
    for (auto event = output.events.begin() + static_cast<std::ptrdiff_t>(first); event != output.events.end();
         ++event) {
      const bool has_stamp = event->kind == EventKind::source_bar || event->event_ns != receive_ns_;
      if (is_end && has_stamp) event->event_ns -= Nanos{request_.interval_s} * nanos_per_second;
      if (event->kind == EventKind::source_bar && unfinished(*event, receive_ns_)) event->flags |= event_provisional;
    }
    mark_backfilled(std::span(output.events).subspan(first));
  }

  /// The source lists the newest bar first.
  static void sort_ascending(std::size_t first, WireOutput& output) noexcept {
    const auto begin = output.events.begin() + static_cast<std::ptrdiff_t>(first);
    const auto earlier = [](const WireEvent& a, const WireEvent& b) { return a.event_ns < b.event_ns; };
    std::reverse(begin, output.events.end());
    if (!std::is_sorted(begin, output.events.end(), earlier)) std::stable_sort(begin, output.events.end(), earlier);
  }

  TimeZones time_zones_;
  json::ondemand::parser parser_;
  WireText text_;

  // Of the frame being read:
  BarRequest request_;
  Refusal refusal_;
  LabelEvidence labels_;
  std::string_view last_refreshed_;
  Nanos receive_ns_ = 0;
  Zone zone_ = Zone::new_york;
  bool zone_known_ = true;
  bool is_daily_ = false;
  bool is_fx_ = false;
};

Parser::Parser() : reader_(std::make_unique<Reader>()) {}
Parser::~Parser() = default;

void Parser::parse(const Frame& frame, WireOutput& output) noexcept { reader_->read(frame, output); }

}  // namespace tapeline::feeds::alpha_vantage
