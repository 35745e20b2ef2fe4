#include "app/config/config.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tapeline::app {
namespace {

void add_symbols(std::string& text, std::string_view source, std::vector<feeds::Subscription> symbols,
                 int lateness_ms) {
  std::sort(symbols.begin(), symbols.end(),
            [](const auto& left, const auto& right) { return left.native_symbol < right.native_symbol; });
  text += fmt::format("{} {}\n", source, lateness_ms);
  for (const auto& symbol : symbols) text += fmt::format(" {} {}\n", symbol.native_symbol, symbol.symbol);
}

void add_custom(std::string& text, const IndicatorSpec& spec) {
  text += fmt::format("{} {} {} {} {} {} {} {} {} {} {}\n", spec.name, static_cast<int>(spec.kind), spec.length,
                      spec.fast, spec.slow, spec.signal, spec.width, static_cast<int>(spec.flat_rsi),
                      static_cast<int>(spec.sigma), spec.stale_after_s, fmt::join(spec.intervals_s, ","));
}

/// Lengths before texts, so that no two sets of rules make one text.
void add_rule(std::string& text, const RuleConfig& rule) {
  if (!rule.enabled) return;
  text += fmt::format("{} {}:{} {} {} {} {}:{} {} {}\n", rule.name, rule.when.size(), rule.when, rule.hysteresis,
                      rule.cooldown_s, static_cast<int>(rule.severity), rule.message.size(), rule.message,
                      fmt::join(rule.symbols, ","), fmt::join(rule.intervals_s, ","));
}

void add_quality(std::string& text, const QualityConfig& quality) {
  text += fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}\n", static_cast<int>(quality.outlier), quality.outlier_z,
                      quality.outlier_window, quality.outlier_pct_min, quality.outlier_shift,
                      static_cast<int>(quality.out_of_order), quality.stale_event_ms, quality.ahead_ms,
                      quality.silence_factor, quality.silence_ms_min, quality.divergence_pct,
                      quality.divergence_max_age_ms);
}

void add_calendars(std::string& text, const CalendarsConfig& calendars) {
  for (const CalendarConfig& source :
       {calendars.alpha_vantage, calendars.coingecko, calendars.yahoo, calendars.binance}) {
    text += fmt::format("{} {}\n", static_cast<int>(source.kind), source.time_zone);
  }
  for (const auto& [symbol, own] : calendars.instruments) {
    text += fmt::format(" {} {} {}\n", symbol, own.kind ? std::to_string(static_cast<int>(*own.kind)) : "-",
                        own.time_zone.value_or("-"));
  }
}

}  // namespace

bool is_lane_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string configuration_hash(const Config& config) {
  std::string text;
  for (const std::uint32_t interval_s : config.bars.intervals_s) text += fmt::format("{} ", interval_s);
  text += fmt::format("\n{} {}\n", static_cast<int>(config.bars.empty), config.bars.quiet_grace_ms);
  const IndicatorsConfig& indicators = config.indicators;
  text += fmt::format("{} {} {} {} {}\n", indicators.sma_length, indicators.rsi_length, indicators.bollinger_length,
                      indicators.bollinger_width, indicators.volatility_length);
  text += fmt::format("{} {}\n", config.signals.rsi_buy_below, config.signals.rsi_sell_above);
  for (const IndicatorSpec& spec : indicators.custom) add_custom(text, spec);
  for (const RuleConfig& rule : config.rules) add_rule(text, rule);
  text += fmt::format("{}\n", config.alerts.max_age_s);
  add_quality(text, config.quality);
  const SourcesConfig& sources = config.sources;
  add_symbols(text, "alpha_vantage", sources.alpha_vantage.symbols, sources.alpha_vantage.lateness_ms);
  add_symbols(text, "coingecko", sources.coingecko.symbols, sources.coingecko.lateness_ms);
  add_symbols(text, "yahoo", sources.yahoo.symbols, sources.yahoo.lateness_ms);
  add_symbols(text, "binance", sources.binance.symbols, sources.binance.lateness_ms);
  add_calendars(text, config.calendars);
  // These came later: who has none of them keeps the hash that the lane began with.
  const auto add_later = [&](std::string_view name, const auto& source, const CalendarConfig& calendar) {
    if (source.symbols.empty()) return;
    add_symbols(text, name, source.symbols, source.lateness_ms);
    text += fmt::format("{} {}\n", static_cast<int>(calendar.kind), calendar.time_zone);
  };
  add_later("coinbase", sources.coinbase, config.calendars.coinbase);
  add_later("kraken", sources.kraken, config.calendars.kraken);
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return fmt::format("{:016x}", hash);
}

}  // namespace tapeline::app
