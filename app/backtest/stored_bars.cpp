#include "app/backtest/stored_bars.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "app/lane_sources.hpp"
#include "feeds/registry.hpp"
#include "sinks/postgres/connection.hpp"

namespace tapeline::app {
namespace {

using sinks::postgres::Connection;

class Database {
 public:
  Database(const Secret& dsn, int call_timeout_ms) : connection_(dsn, call_timeout_ms) {
    require(connection_.open() && connection_.execute("SET TimeZone = 'UTC'; SET default_transaction_read_only = on"));
  }

  [[nodiscard]] Connection::Rows ask(const std::string& sql, const std::vector<std::string>& parameters) {
    auto rows = connection_.query(sql, parameters);
    require(rows.has_value());
    return std::move(*rows);
  }

 private:
  void require(bool done) const {
    if (!done) throw std::runtime_error("PostgreSQL: " + connection_.error());
  }

  Connection connection_;
};

/// One instrument's bars of one kind.
struct Kind {
  std::string instrument_id;
  std::string symbol;
  std::string source;
  SourceCode code{};
  std::uint32_t interval_s = 0;
  bool is_delivered = false;
};

std::vector<Kind> kinds_of(Database& database, const std::string& lane, const BarChoice& choice) {
  std::vector<Kind> kinds;
  for (const auto& row : database.ask(
           "SELECT b.instrument_id, i.symbol, s.name, s.source_id, b.interval_s, b.is_source_bar FROM fact_bar b"
           " JOIN dim_instrument i USING (instrument_id) JOIN dim_source s ON s.source_id = b.source_id"
           " JOIN lane_checkpoint l ON l.lane_id = b.lane_id WHERE l.lane = $1 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 2, "
           "3, 5, 6",
           {lane})) {
    const bool fits = choice.symbols.empty() ||
                      std::find(choice.symbols.begin(), choice.symbols.end(), row[1]) != choice.symbols.end();
    if (!fits || (!choice.feed.empty() && choice.feed != row[2])) continue;
    kinds.push_back({row[0], row[1], row[2], static_cast<SourceCode>(std::stoi(row[3])),
                     static_cast<std::uint32_t>(std::stoul(row[4])), row[5] == "t"});
  }
  return kinds;
}

std::vector<Kind> chosen_of(const std::vector<Kind>& kinds, std::uint32_t interval_s, const BarChoice& choice) {
  std::vector<Kind> chosen;
  for (const Kind& kind : kinds) {
    const bool has_both = std::any_of(kinds.begin(), kinds.end(), [&](const Kind& other) {
      return other.instrument_id == kind.instrument_id && other.interval_s == kind.interval_s &&
             other.is_delivered != kind.is_delivered;
    });
    if (kind.interval_s != interval_s || (has_both && kind.is_delivered != choice.prefers_delivered)) continue;
    if (!chosen.empty() && chosen.back().symbol == kind.symbol) {
      throw std::invalid_argument(fmt::format("{} and {} both have {}; choose one with --feed", chosen.back().source,
                                              kind.source, kind.symbol));
    }
    chosen.push_back(kind);
  }
  return chosen;
}

Decimal decimal_of(const std::string& text, const Kind& kind) {
  const auto value = parse_decimal(text);
  if (!value) throw std::runtime_error("fact_bar has a number of " + kind.symbol + " that cannot be read: " + text);
  return *value;
}

OpenBar bar_of(const std::vector<std::string>& row, const Kind& kind, const TradingCalendar& calendar) {
  OpenBar bar;
  bar.start_ns = static_cast<Nanos>(std::stoll(row[0])) * nanos_per_microsecond;
  bar.end_ns = kind.interval_s == TradingCalendar::day_s ? calendar.next_day_start(bar.start_ns)
                                                         : bar.start_ns + Nanos{kind.interval_s} * nanos_per_second;
  const std::array<Decimal, 4> prices{decimal_of(row[1], kind), decimal_of(row[2], kind), decimal_of(row[3], kind),
                                      decimal_of(row[4], kind)};
  for (const Decimal& price : prices) bar.price_exponent = std::min(bar.price_exponent, price.exponent);
  const std::array<std::int64_t*, 4> to{&bar.open, &bar.high, &bar.low, &bar.close};
  for (std::size_t i = 0; i < prices.size(); ++i) {
    const auto mantissa = mantissa_at(prices[i], bar.price_exponent);
    if (!mantissa) throw std::runtime_error("prices of " + kind.symbol + " in fact_bar have no common scale");
    *to[i] = *mantissa;
  }
  // A sum of volumes may have more digits than a price; what does not fit is of no use to an indicator.
  if (const auto volume = parse_decimal(row[5])) {
    bar.volume = volume->mantissa;
    bar.volume_exponent = volume->exponent;
  }
  bar.trades = static_cast<std::uint32_t>(std::stoul(row[6]));
  bar.is_partial = row[7] == "t";
  return bar;
}

/// What is stored is that a signal rests on a gap, not where the gap is: at the first such bar, and so late that the
/// last one still rests on it.
void mark_gaps(LongVector<OpenBar>& bars, const std::vector<bool>& rests_on_gap, std::uint32_t window) {
  for (std::size_t first = 0; first < bars.size(); ++first) {
    if (!rests_on_gap[first]) continue;
    std::size_t after = first;
    while (after < bars.size() && rests_on_gap[after]) ++after;
    bars[first].has_gap = true;
    if (after - first > window) bars[after - window].has_gap = true;
    first = after;
  }
}

backtest::History history_of(Database& database, const Config& config, const std::string& lane, const Kind& kind,
                             std::shared_ptr<const TradingCalendar> calendar) {
  backtest::History history{
      kind.symbol, kind.source, std::move(calendar), {}, kind.is_delivered ? BarOrigin::source : BarOrigin::ticks};
  std::vector<bool> rests_on_gap;
  std::string after = "-infinity";
  for (bool more = true; more;) {
    const auto rows = database.ask(
        "SELECT (extract(epoch FROM bar_start) * 1000000)::bigint, open, high, low, close, volume, trades, is_partial,"
        " is_filled, signal_reason = 'gap_in_window', bar_start FROM fact_bar JOIN lane_checkpoint l USING (lane_id)"
        " WHERE l.lane = $1 AND instrument_id = $2::int AND interval_s = $3::int AND is_source_bar = $4::boolean"
        " AND bar_start > $5::timestamptz ORDER BY bar_start LIMIT 50000",
        {lane, kind.instrument_id, std::to_string(kind.interval_s), kind.is_delivered ? "t" : "f", after});
    for (const auto& row : rows) {
      history.bars.push_back(bar_of(row, kind, *history.calendar));
      history.is_filled.push_back(row[8] == "t");
      rests_on_gap.push_back(row[9] == "t");
    }
    more = !rows.empty();
    if (more) after = rows.back()[10];
  }
  mark_gaps(history.bars, rests_on_gap, std::max(config.indicators.rsi_length + 1, config.indicators.sma_length));
  return history;
}

}  // namespace

StoredBars read_stored_bars(const Config& config, const Secret& dsn, const std::string& lane, const BarChoice& choice) {
  Database database(dsn, config.postgres.call_timeout_ms);
  const std::vector<Kind> kinds = kinds_of(database, lane, choice);
  StoredBars stored;
  stored.interval_s = choice.interval_s;
  for (const Kind& kind : kinds) {
    if (choice.interval_s == 0 && (stored.interval_s == 0 || kind.interval_s < stored.interval_s)) {
      stored.interval_s = kind.interval_s;
    }
  }
  const std::vector<Kind> chosen = chosen_of(kinds, stored.interval_s, choice);
  if (chosen.empty()) {
    throw std::invalid_argument(fmt::format("fact_bar has no bar of lane {}{} that fits --symbols and --feed", lane,
                                            stored.interval_s > 0 ? fmt::format(" and {} s", stored.interval_s) : ""));
  }
  const Calendars calendars = configured_calendars(config);
  for (const Kind& kind : chosen) {
    stored.histories.push_back(history_of(database, config, lane, kind, calendars.of(kind.code, kind.symbol)));
  }
  return stored;
}

}  // namespace tapeline::app
