#include "tests/conformance/snapshot/pipeline.hpp"

#include <algorithm>
#include <iterator>

#include "core/base/state_archive.hpp"
#include "feeds/registry.hpp"

namespace tapeline::conformance {
namespace {

Parser::Options parser_options(const Settings& settings, const JournalConfig& journal, JournalPosition start_position) {
  Parser::Options options;
  options.journal = journal;
  options.start_position = start_position;
  options.ahead_ms = settings.quality.ahead_ms;
  options.names = {{feeds::named_source("binance").code, "BTCUSDT", "BTC-USD"},
                   {feeds::named_source("coingecko").code, "bitcoin/usd", "BTC-USD"}};
  for (const feeds::Entry& entry : feeds::registry())
    options.wire[static_cast<std::size_t>(entry.code)] = entry.make_parser();
  return options;
}

Kernels::Options kernels_options(const Settings& settings) {
  Kernels::Options options;
  options.bars = settings.bars;
  options.indicators = settings.indicators;
  options.signals = settings.signals;
  options.quality = settings.quality;
  options.alerts.max_age_s = 1'000'000;
  options.catalog = make_row_catalog(settings.indicators, settings.rules, "");
  options.lateness_ns.fill(300 * nanos_per_millisecond);
  options.calendar_of = [](SourceCode, std::string_view) {
    return std::make_shared<const TradingCalendar>(Calendar::us_equity, -14'400, std::vector<OffsetChange>{});
  };
  options.output.live_position = ~JournalPosition{0};
  return options;
}

template <class... Values>
std::string bytes_of(Values... values) {
  std::string bytes;
  StateWriter writer([&](std::span<const std::byte> piece) {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  writer(values...);
  writer.flush();
  return bytes;
}

std::string alert_bytes(const AlertRow& a) {
  const auto evidence = std::vector<double>(a.evidence, a.evidence + a.evidence_count);
  return bytes_of(a.bar_start_ns, a.bar_end_ns, a.id_millis, a.id_sequence, a.interval_s, a.rule_version, a.severity,
                  a.signal, a.trend, a.price_exponent, a.rule_index, std::string(a.rule), a.close_mantissa, a.close,
                  a.rsi, a.sma, a.bb_upper, a.bb_lower, a.change_pct, a.volatility, evidence);
}

std::string row_bytes(const Row& row) {
  const std::string head =
      bytes_of(row.kind, row.source, row.ends_frame, row.instrument, row.position, row.end_position, row.receive_ns);
  switch (row.kind) {
    case RowKind::instrument: return head + row.as_instrument.symbol + '/' + row.as_instrument.native_symbol;
    case RowKind::progress: return head;
    case RowKind::tick: {
      const TickRow& t = row.as_tick;
      return head + bytes_of(t.event_ns, t.price_mantissa, t.size_mantissa, t.trade_id, t.price_exponent,
                             t.size_exponent, t.side, t.flags);
    }
    case RowKind::bar: {
      const BarRow& b = row.as_bar;
      return head + bytes_of(b.start_ns, b.end_ns, b.open_mantissa, b.high_mantissa, b.low_mantissa, b.close_mantissa,
                             b.volume_mantissa, b.interval_s, b.trades, b.sma, b.rsi, b.bb_mid, b.bb_sigma, b.bb_upper,
                             b.bb_lower, b.percent_b, b.bandwidth, b.volatility, b.volatility_annual,
                             b.periods_per_year, b.change, b.change_pct, b.bars_seen, b.price_exponent,
                             b.volume_exponent, b.signal, b.signal_reason, b.trend, b.is_partial, b.is_filled,
                             b.is_source_bar, b.is_backfilled);
    }
    case RowKind::signal: {
      const SignalRow& s = row.as_signal;
      return head + bytes_of(s.bar_start_ns, s.interval_s, s.signal, s.previous, s.reason, s.trend, s.close, s.rsi,
                             s.sma, s.bb_upper, s.bb_lower);
    }
    case RowKind::alert: return head + alert_bytes(row.as_alert);
    case RowKind::quality: {
      const QualityRow& q = row.as_quality;
      return head + bytes_of(q.event_ns, q.reason, q.kind, std::string(q.detail));
    }
    case RowKind::values: {
      const ValuesRow& v = row.as_values;
      return head + bytes_of(v.bar_start_ns, v.interval_s, v.first, v.is_source_bar,
                             std::vector<double>(v.values, v.values + v.count));
    }
    case RowKind::completeness: {
      const CompletenessRow& c = row.as_completeness;
      return head + bytes_of(c.minute_ns, c.received, c.stored, c.rejected, c.duplicates, c.late, c.out_of_order,
                             c.flagged, c.missing, c.filled);
    }
  }
  return head;
}

std::string latest_bytes(const Latest& l) {
  return bytes_of(l.event_ns, l.receive_ns, l.price_mantissa, l.price_exponent, l.signal, l.signal_reason, l.trend,
                  l.interval_s, l.rsi, l.sma, l.bb_upper, l.bb_lower, l.change_pct, l.volatility, l.provisional_rsi,
                  l.ticks, l.bid_mantissa, l.bid_exponent, l.ask_mantissa, l.ask_exponent);
}

}  // namespace

Settings::Settings() {
  indicators.sma_length = 4;
  indicators.rsi_length = 3;
  indicators.bollinger_length = 5;
  indicators.volatility_length = 4;
  using enum IndicatorKind;
  for (const IndicatorKind kind :
       {sma, ema, rsi, bollinger, macd, atr, vwap, volatility, change_24h, change_session, volume_zscore}) {
    IndicatorSpec spec{.name = "own_" + std::to_string(static_cast<int>(kind)), .kind = kind, .length = 3};
    spec.fast = 2;
    spec.slow = 4;
    spec.signal = 2;
    spec.stale_after_s = 3'600;
    indicators.custom.push_back(spec);
  }
  rules = {{.name = "low", .when = "rsi < 45", .hysteresis = 2, .cooldown_s = 2},
           {.name = "crossing", .when = "crosses_above(close, sma)", .cooldown_s = 0},
           {.name = "lasting", .when = "close > sma for 2 bars", .cooldown_s = 3},
           {.name = "own", .when = "own_1 > own_0", .hysteresis = 0.5, .cooldown_s = 0}};
}

Pipeline::Pipeline(const Settings& settings, const JournalConfig& journal, JournalPosition start_position)
    : parser_(parser_options(settings, journal, start_position), marks_, events_, operations_),
      kernels_(kernels_options(settings), events_, rows_, updates_) {}

std::size_t Pipeline::take() {
  std::size_t taken = 0;
  for (auto ready = rows_.peek(); !ready.empty(); ready = rows_.peek()) {
    for (const Row& row : ready) said_.push_back({row.end_position, row_bytes(row)});
    taken += ready.size();
    rows_.release(ready.size());
  }
  for (auto ready = updates_.peek(); !ready.empty(); ready = updates_.peek()) {
    for (const Update& update : ready) {
      if (update.kind == UpdateKind::latest) latest_[update.instrument] = latest_bytes(update.as_latest);
      if (update.kind == UpdateKind::alert)
        said_.push_back({update.position + 1, "told" + alert_bytes(update.as_alert)});
    }
    taken += ready.size();
    updates_.release(ready.size());
  }
  return taken;
}

void Pipeline::advance(JournalPosition limit) {
  JournalMark* mark = marks_.try_claim();
  TL_CHECK(mark != nullptr);
  mark->end_position = limit;
  marks_.publish();
  for (;;) {
    std::size_t done = parser_.poll();
    done += kernels_.poll();
    done += take();
    if (done == 0 && parser_.drained() && kernels_.drained() && take() == 0) return;
  }
}

std::vector<Said> behind(const std::vector<Said>& said, JournalPosition position) {
  std::vector<Said> result;
  std::copy_if(said.begin(), said.end(), std::back_inserter(result), [&](const Said& one) {
    const bool is_announcement = static_cast<RowKind>(one.bytes.front()) == RowKind::instrument;
    return one.end_position > position && !is_announcement;
  });
  // Alerts are told between rows as rings have room: their order among themselves is what matters.
  std::stable_partition(result.begin(), result.end(), [](const Said& one) { return !one.bytes.starts_with("told"); });
  return result;
}

}  // namespace tapeline::conformance
