// Asks Alpha Vantage for quotes or intraday bars, symbol by symbol.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/bars/trading_calendar.hpp"
#include "feeds/alpha_vantage/config.hpp"
#include "feeds/transport/config.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds::alpha_vantage {

using MarketOf = std::function<std::shared_ptr<const TradingCalendar>(const std::string& symbol)>;

/// `market_of` knows when a symbol of ours trades; without it the quota is spread round the clock.
[[nodiscard]] std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                                  const TransportConfig& transport, const MarketOf& market_of = {});

/// Asks for one price of the first symbol, at most `timeout_ms`.
[[nodiscard]] CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms);

}  // namespace tapeline::feeds::alpha_vantage
