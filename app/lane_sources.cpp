#include "app/lane_sources.hpp"

#include <algorithm>
#include <memory>

#include "feeds/alpha_vantage/source.hpp"
#include "feeds/alpha_vantage/wire.hpp"
#include "feeds/binance/source.hpp"
#include "feeds/binance/wire.hpp"
#include "feeds/coinbase/source.hpp"
#include "feeds/coinbase/wire.hpp"
#include "feeds/coingecko/source.hpp"
#include "feeds/coingecko/wire.hpp"
#include "feeds/kraken/source.hpp"
#include "feeds/kraken/wire.hpp"
#include "feeds/yahoo/source.hpp"
#include "feeds/yahoo/wire.hpp"

namespace tapeline::app {
namespace {

void add_names(std::vector<SymbolName>& names, SourceCode source, const std::vector<feeds::Subscription>& symbols) {
  for (const feeds::Subscription& symbol : symbols) names.push_back({source, symbol.native_symbol, symbol.symbol});
}

Nanos lateness(int lateness_ms) { return Nanos{lateness_ms} * nanos_per_millisecond; }

}  // namespace

std::size_t add_configured_sources(const Config& config, feeds::Poller& poller) {
  std::size_t added = add_polled_sources(config, {}, poller);
  const auto& sources = config.sources;
  if (sources.yahoo.enabled && sources.yahoo.mode == feeds::yahoo::Mode::streamer) {
    poller.add(feeds::yahoo::make_source(poller.context(), sources.yahoo, config.transport));
    ++added;
  }
  const auto add = [&](const auto& source, const auto& make) {
    if (!source.enabled) return;
    poller.add(make(poller.context(), source, config.transport));
    ++added;
  };
  add(sources.binance, feeds::binance::make_source);
  add(sources.coinbase, feeds::coinbase::make_source);
  add(sources.kraken, feeds::kraken::make_source);
  return added;
}

std::size_t add_polled_sources(const Config& config, std::string_view only, feeds::Poller& poller) {
  const auto& sources = config.sources;
  std::size_t added = 0;
  const auto wanted = [&](std::string_view name, const auto& source) {
    const bool is_wanted = source.enabled && (only.empty() || only == name);
    added += is_wanted ? 1 : 0;
    return is_wanted;
  };
  if (wanted("alpha_vantage", sources.alpha_vantage)) {
    const auto market_of = [calendars = std::make_shared<const Calendars>(configured_calendars(config))](
                               const std::string& symbol) { return calendars->of(feeds::alpha_vantage::code, symbol); };
    poller.add(feeds::alpha_vantage::make_source(poller.context(), sources.alpha_vantage, config.transport, market_of));
  }
  if (wanted("coingecko", sources.coingecko)) {
    poller.add(feeds::coingecko::make_source(poller.context(), sources.coingecko, config.transport));
  }
  // What streams is not asked.
  if (sources.yahoo.mode == feeds::yahoo::Mode::chart && wanted("yahoo", sources.yahoo)) {
    poller.add(feeds::yahoo::make_source(poller.context(), sources.yahoo, config.transport));
  }
  return added;
}

std::vector<SymbolName> configured_names(const Config& config) {
  std::vector<SymbolName> names;
  add_names(names, feeds::alpha_vantage::code, config.sources.alpha_vantage.symbols);
  add_names(names, feeds::coingecko::code, config.sources.coingecko.symbols);
  add_names(names, feeds::yahoo::code, config.sources.yahoo.symbols);
  add_names(names, feeds::binance::code, config.sources.binance.symbols);
  add_names(names, feeds::coinbase::code, config.sources.coinbase.symbols);
  add_names(names, feeds::kraken::code, config.sources.kraken.symbols);
  return names;
}

std::array<Nanos, 256> configured_lateness(const Config& config) {
  std::array<Nanos, 256> by_source{};
  by_source[static_cast<std::size_t>(feeds::alpha_vantage::code)] = lateness(config.sources.alpha_vantage.lateness_ms);
  by_source[static_cast<std::size_t>(feeds::coingecko::code)] = lateness(config.sources.coingecko.lateness_ms);
  by_source[static_cast<std::size_t>(feeds::yahoo::code)] = lateness(config.sources.yahoo.lateness_ms);
  by_source[static_cast<std::size_t>(feeds::binance::code)] = lateness(config.sources.binance.lateness_ms);
  by_source[static_cast<std::size_t>(feeds::coinbase::code)] = lateness(config.sources.coinbase.lateness_ms);
  by_source[static_cast<std::size_t>(feeds::kraken::code)] = lateness(config.sources.kraken.lateness_ms);
  return by_source;
}

Calendars configured_calendars(const Config& config) {
  Calendars::BySource by_source;
  by_source[static_cast<std::size_t>(feeds::alpha_vantage::code)] = config.calendars.alpha_vantage;
  by_source[static_cast<std::size_t>(feeds::coingecko::code)] = config.calendars.coingecko;
  by_source[static_cast<std::size_t>(feeds::yahoo::code)] = config.calendars.yahoo;
  by_source[static_cast<std::size_t>(feeds::binance::code)] = config.calendars.binance;
  by_source[static_cast<std::size_t>(feeds::coinbase::code)] = config.calendars.coinbase;
  by_source[static_cast<std::size_t>(feeds::kraken::code)] = config.calendars.kraken;
  return {std::move(by_source), config.calendars.instruments};
}

}  // namespace tapeline::app
