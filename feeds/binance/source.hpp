// Streams trades from Binance over one WebSocket.
#pragma once

#include <memory>

#include "feeds/binance/config.hpp"
#include "feeds/transport/config.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds::binance {

[[nodiscard]] std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                                  const TransportConfig& transport);

/// Waits for one trade of the first symbol, at most `timeout_ms`.
[[nodiscard]] CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms);

}  // namespace tapeline::feeds::binance
