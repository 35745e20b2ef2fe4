// Asks CoinGecko for the prices of all coins at once.
#pragma once

#include <memory>

#include "feeds/coingecko/config.hpp"
#include "feeds/transport/config.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds::coingecko {

[[nodiscard]] std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                                  const TransportConfig& transport);

/// Asks for one price of the first symbol, at most `timeout_ms`.
[[nodiscard]] CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms);

}  // namespace tapeline::feeds::coingecko
