#include "feeds/simulator/market.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "core/base/decimal.hpp"

namespace tapeline::feeds::simulator {
namespace {

ProcessParameters parameters_of(const SymbolSpec& spec, const MarketOptions& options) {
  ProcessParameters parameters;
  if (spec.kind == AssetKind::equity) {
    parameters.volatility_per_second = 2e-4;
    parameters.jumps_per_hour = 12;
    parameters.session = options.equity_session;
  }
  parameters.volatility_per_second *= options.volatility;
  parameters.jump_min *= options.volatility;
  parameters.jump_max *= options.volatility;
  return parameters;
}

/// Turnover of about 20 million a minute, whatever one unit costs.
double volume_per_minute(const SymbolSpec& spec) { return std::max(1.0, std::round(20e6 / spec.start_price)); }

PastShape past_of(const SymbolSpec& spec, const MarketOptions& options, const ProcessParameters& parameters) {
  return {.end_ns = options.start_ns,
          .last_price = spec.start_price,
          .ticks_per_unit = static_cast<double>(power_of_ten(spec.price_decimals)),
          .volatility_per_minute = parameters.volatility_per_second * 4,  // calmer than sqrt(60): the past was no demo
          .volume_per_minute = volume_per_minute(spec),
          .session = parameters.session};
}

Nanos last_trade_before(const MinuteBars& minutes, Nanos start_ns) {
  if (minutes.bars().empty()) return start_ns;
  return std::min(start_ns, minutes.bars().back().start_ns + nanos_per_minute);
}

}  // namespace

Asset::Asset(const SymbolSpec& spec, const MarketOptions& options, std::uint64_t random_stream)
    : spec_(spec),
      session_(spec.kind == AssetKind::equity ? options.equity_session : Session::always),
      ticks_per_unit_(static_cast<double>(power_of_ten(spec.price_decimals))),
      volume_per_step_(volume_per_minute(spec) / (60 * PriceProcess::steps_per_second)),
      process_(parameters_of(spec, options), spec.start_price, options.start_ns, Random(options.seed, random_stream)),
      minutes_(past_of(spec, options, parameters_of(spec, options)), Random(options.seed, random_stream + 1)),
      price_ticks_(std::max<std::int64_t>(1, std::llround(spec.start_price * ticks_per_unit_))),
      price_time_ns_(last_trade_before(minutes_, options.start_ns)) {}

void Asset::advance_to(Nanos time_ns) {
  while (process_.time_ns() + PriceProcess::step_ns <= time_ns) {
    process_.step();
    if (process_.activity() == 0) continue;
    price_ticks_ = std::max<std::int64_t>(1, std::llround(process_.price() * ticks_per_unit_));
    price_time_ns_ = process_.time_ns();
    minutes_.add(price_time_ns_, price_ticks_, volume_per_step_ * process_.activity());
  }
}

DayFacts Asset::day_facts(Nanos time_ns) const {
  DayFacts facts{.day = trading_day(session_, time_ns), .bar = {}, .previous_close = 0};
  facts.previous_close = minutes_.close_before(facts.day.start_ns);
  const auto today = minutes_.between(facts.day.start_ns, facts.day.end_ns);
  if (today.empty()) {
    facts.bar = {.start_ns = facts.day.start_ns,
                 .open = price_ticks_,
                 .high = price_ticks_,
                 .low = price_ticks_,
                 .close = price_ticks_,
                 .volume = 0};
  } else {
    facts.bar = join_all(today);
  }
  return facts;
}

Market::Market(const MarketOptions& options) {
  if (options.symbols.empty()) throw std::invalid_argument("the simulator has no symbols; name at least one");
  if (!(options.volatility > 0) || options.volatility > 20) {
    throw std::invalid_argument("the simulator's volatility must be above 0 and at most 20");
  }
  std::set<std::string_view> names;
  assets_.reserve(options.symbols.size());
  for (const SymbolSpec& spec : options.symbols) {
    validate(spec);
    if (!names.insert(spec.name).second) throw std::invalid_argument("symbol '" + spec.name + "' is named twice");
    assets_.emplace_back(spec, options, 16 * (assets_.size() + 1));
  }
}

void Market::advance_to(Nanos time_ns) {
  for (Asset& asset : assets_) asset.advance_to(time_ns);
}

}  // namespace tapeline::feeds::simulator
