#include "feeds/yahoo/wire.hpp"

#include <array>
#include <charconv>
#include <numeric>
#include <span>

#include "feeds/wire_fields.hpp"
#include "feeds/wire_http.hpp"
#include "feeds/wire_json.hpp"
#include "feeds/yahoo/wire_price.hpp"
#include "feeds/yahoo/wire_streamer.hpp"

namespace tapeline::feeds::yahoo {
namespace {

constexpr std::uint32_t seconds_per_day = 86'400;

struct Granularity {
  std::string_view name;
  std::uint32_t seconds;
};
constexpr std::array granularities{
    Granularity{"1m", 60},   Granularity{"2m", 120},   Granularity{"5m", 300},
    Granularity{"15m", 900}, Granularity{"30m", 1800}, Granularity{"60m", 3600},
    Granularity{"1h", 3600}, Granularity{"90m", 5400}, Granularity{"1d", seconds_per_day},
};

std::uint32_t seconds_of(std::string_view name) noexcept {
  for (const Granularity& granularity : granularities) {
    if (granularity.name == name) return granularity.seconds;
  }
  return 0;
}

int hint_of(std::string_view token) noexcept {
  int hint = no_price_hint;
  const auto [next, error] = std::from_chars(token.data(), token.data() + token.size(), hint);
  return error == std::errc{} && next == token.data() + token.size() ? hint : no_price_hint;
}

Reason reason_of(std::string_view error_code) noexcept {
  if (error_code == "Not Found") return Reason::no_data;
  if (error_code == "Too Many Requests") return Reason::refused_rate_limit;
  if (error_code == "Bad Request" || error_code == "Unprocessable Entity" || error_code == "Unauthorized" ||
      error_code == "Forbidden") {
    return Reason::refused_permanent;
  }
  if (error_code == "Internal Server Error" || error_code == "Bad Gateway" || error_code == "Service Unavailable") {
    return Reason::server_error;
  }
  return Reason::refused_temporary;
}

struct SourceError {
  std::string_view code;
  std::string_view description;
  bool found = false;
};

/// The lexemes of one element of "result": columns, as the body has them.
struct Chart {
  std::string_view symbol;
  std::string_view granularity;
  std::string_view last_trade_time;  // regularMarketTime
  std::string_view session_end;      // currentTradingPeriod.regular.end
  int price_hint = no_price_hint;
  std::vector<std::string_view> stamps;
  std::array<std::vector<std::string_view>, 5> columns;
  std::size_t results = 0;

  void clear() noexcept {
    symbol = granularity = last_trade_time = session_end = {};
    price_hint = no_price_hint;
    stamps.clear();
    for (auto& column : columns) column.clear();
    results = 0;
  }
};
constexpr std::array<std::string_view, 5> column_names{"open", "high", "low", "close", "volume"};

json::error_code read_column(json::ondemand::value& value, std::vector<std::string_view>& column) noexcept {
  column.clear();
  if (is_absent(json::token(value))) return simdjson::SUCCESS;
  return json::for_each_element(value, [&](json::ondemand::value& element) {
    column.push_back(json::token(element));
    return simdjson::SUCCESS;
  });
}

bool is_object(json::ondemand::value& value) noexcept { return json::token(value).starts_with('{'); }
bool is_array(json::ondemand::value& value) noexcept { return json::token(value).starts_with('['); }

}  // namespace

class Parser::Reader {
 public:
  void read(const Frame& frame, WireOutput& output) noexcept {
    text_.clear();
    chart_.clear();
    error_ = {};
    known_ = false;
    if (frame.channel == streamer) return streamer_.read(frame, text_, output);
    request_ = bar_request_of(frame.context);
    const Refusal by_status = refusal_by_status(frame.http_status);
    if (!looks_like_json(frame.payload)) {
      refuse(frame, by_status ? by_status : refusal_by_foreign_body(frame), output);
    } else if (!walk(frame.payload)) {
      if (by_status) {
        refuse(frame, by_status, output);
      } else {
        output.events.push_back(
            reject_of(request_.symbol, frame.receive_ns, Reason::unparsable, "the body is no whole JSON of a chart"));
      }
    } else if (error_.found) {
      const Reason reason = by_status ? by_status.reason : reason_of(error_.code);
      refuse(frame, {reason, text_.join(text_.excerpt(error_.code), ": ", text_.excerpt(error_.description))}, output);
    } else if (by_status) {
      refuse(frame, by_status, output);
    } else if (chart_.stamps.empty()) {
      const Refusal by_client_error = refusal_by_client_error(frame.http_status);
      refuse(frame, by_client_error ? by_client_error : Refusal{Reason::no_data, "no bars in the chart"}, output);
    } else {
      emit(frame, output);
    }
  }

 private:
  void refuse(const Frame& frame, Refusal refusal, WireOutput& output) noexcept {
    output.events.push_back(refusal_event(request_.symbol, frame.receive_ns, refusal.reason, refusal.text));
  }

  // -- from JSON to columns

  /// False where the body is not whole, or is no chart.
  bool walk(std::string_view payload) noexcept {
    json::ondemand::document document;
    json::ondemand::object root;
    if (json::open(parser_, payload, document) || document.get_object().get(root)) return false;
    const auto visit = [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      if (key != "chart" && key != "finance") return simdjson::SUCCESS;
      known_ = true;
      return read_envelope(value);
    };
    return !json::for_each_field(root, visit) && json::at_end(document) && known_;
  }

  json::error_code read_envelope(json::ondemand::value& envelope) noexcept {
    return json::for_each_field(envelope, [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      if (key == "error" && is_object(value)) return read_error(value);
      if (key == "result" && is_array(value)) {
        return json::for_each_element(value, [&](json::ondemand::value& result) -> json::error_code {
          // One symbol was asked for: more results than one are never sent, and none but the first would be its.
          return chart_.results++ == 0 ? read_result(result) : simdjson::SUCCESS;
        });
      }
      return simdjson::SUCCESS;
    });
  }

  json::error_code read_error(json::ondemand::value& error) noexcept {
    error_.found = true;
    return json::for_each_field(error, [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      if (key == "code") return json::text(value, error_.code);
      if (key == "description") return json::text(value, error_.description);
      return simdjson::SUCCESS;
    });
  }

  json::error_code read_result(json::ondemand::value& result) noexcept {
    return json::for_each_field(result, [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      if (key == "meta" && is_object(value)) return read_meta(value);
      if (key == "timestamp") return read_column(value, chart_.stamps);
      if (key == "indicators" && is_object(value)) return read_indicators(value);
      return simdjson::SUCCESS;
    });
  }

  json::error_code read_meta(json::ondemand::value& meta) noexcept {
    return json::for_each_field(meta, [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      if (key == "symbol") return json::text(value, chart_.symbol);
      if (key == "dataGranularity") return json::text(value, chart_.granularity);
      if (key == "priceHint") chart_.price_hint = hint_of(json::token(value));
      if (key == "regularMarketTime") chart_.last_trade_time = json::token(value);
      if (key == "currentTradingPeriod" && is_object(value)) return read_trading_period(value);
      return simdjson::SUCCESS;
    });
  }

  json::error_code read_trading_period(json::ondemand::value& periods) noexcept {
    return json::for_each_field(periods, [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
      if (key != "regular" || !is_object(value)) return simdjson::SUCCESS;
      return json::for_each_field(value, [&](std::string_view name, json::ondemand::value& limit) -> json::error_code {
        if (name == "end") chart_.session_end = json::token(limit);
        return simdjson::SUCCESS;
      });
    });
  }

  json::error_code read_indicators(json::ondemand::value& indicators) noexcept {
    return json::for_each_field(
        indicators, [&](std::string_view key, json::ondemand::value& value) -> json::error_code {
          if (key != "quote" || !is_array(value)) return simdjson::SUCCESS;
          bool first = true;
          return json::for_each_element(value, [&](json::ondemand::value& quote) -> json::error_code {
            if (!first || !is_object(quote)) return simdjson::SUCCESS;
            first = false;
            return json::for_each_field(quote,
                                        [&](std::string_view name, json::ondemand::value& column) -> json::error_code {
                                          for (std::size_t i = 0; i < column_names.size(); ++i) {
                                            if (column_names[i] == name) return read_column(column, chart_.columns[i]);
                                          }
                                          return simdjson::SUCCESS;
                                        });
          });
        });
  }

  // -- from columns to bars

  void emit(const Frame& frame, WireOutput& output) noexcept {
    if (request_.symbol.empty()) request_.symbol = chart_.symbol;
    if (request_.symbol.empty()) {
      output.events.push_back(
          reject_of({}, frame.receive_ns, Reason::missing_field, "the symbol of the bars is not known"));
      return;
    }
    if (request_.interval_s == 0) request_.interval_s = seconds_of(chart_.granularity);
    if (request_.interval_s == 0) {
      output.events.push_back(
          reject_of(request_.symbol, frame.receive_ns, Reason::missing_field, "the interval of the bars is not known"));
      return;
    }
    const std::size_t first = output.events.size();
    for (std::size_t row = 0; row < chart_.stamps.size(); ++row) output.events.push_back(bar(row, frame));
    mark_backfilled(std::span(output.events).subspan(first));
  }

  WireEvent bar(std::size_t row, const Frame& frame) noexcept {
    const auto start_ns = epoch_of(chart_.stamps[row], nanos_per_second);
    if (!start_ns) {
      return reject_of(request_.symbol, frame.receive_ns, Reason::bad_timestamp,
                       complaint(text_, "timestamp", Reason::bad_timestamp, chart_.stamps[row]));
    }
    BarFields fields{price(0, row), price(1, row), price(2, row), price(3, row), cell(4, row)};
    if (is_absent(fields.open) && is_absent(fields.high) && is_absent(fields.low) && is_absent(fields.close)) {
      return reject_of(request_.symbol, *start_ns, Reason::no_data, "no trade in this interval: all prices are null");
    }
    if (is_absent(fields.volume)) fields.volume = "0";
    WireEvent event = bar_of(fields, request_, *start_ns, text_);
    if (event.kind == EventKind::source_bar) {
      const bool is_last = row + 1 == chart_.stamps.size();
      if (unfinished(event, frame.receive_ns) || (is_last && is_live_point(event))) event.flags |= event_provisional;
    }
    return event;
  }

  std::string_view cell(std::size_t column, std::size_t row) const noexcept {
    return row < chart_.columns[column].size() ? chart_.columns[column][row] : std::string_view{};
  }

  std::string_view price(std::size_t column, std::size_t row) noexcept {
    return without_noise(cell(column, row), chart_.price_hint, text_);
  }

  /// The last element is often no bar but the last trade, which the next response replaces.
  bool is_live_point(const WireEvent& last) const noexcept {
    if (chart_.stamps.back() == chart_.last_trade_time) return true;
    if (chart_.stamps.back() == chart_.session_end && last.size.mantissa == 0) return true;  // the closing print
    if (request_.interval_s >= seconds_per_day) return false;  // days begin when their exchange opens: on no grid
    const auto first_ns = epoch_of(chart_.stamps.front(), nanos_per_second);
    // Sessions resume at half hours, so that an hourly grid may shift by one within a day.
    const Nanos grid_ns = std::gcd(Nanos{request_.interval_s}, Nanos{1'800}) * nanos_per_second;
    return first_ns && (last.event_ns - *first_ns) % grid_ns != 0;
  }

  StreamerReader streamer_;
  json::ondemand::parser parser_;
  WireText text_;
  BarRequest request_;
  Chart chart_;
  SourceError error_;
  bool known_ = false;
};

Parser::Parser() : reader_(std::make_unique<Reader>()) {}
Parser::~Parser() = default;

void Parser::parse(const Frame& frame, WireOutput& output) noexcept { reader_->read(frame, output); }

}  // namespace tapeline::feeds::yahoo
