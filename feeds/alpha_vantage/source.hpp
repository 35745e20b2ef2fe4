// Asks Alpha Vantage for quotes or intraday bars, symbol by symbol.
#pragma once

#include <memory>

#include "feeds/alpha_vantage/config.hpp"
#include "feeds/transport/config.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds::alpha_vantage {

[[nodiscard]] std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                                  const TransportConfig& transport);

/// Asks for one price of the first symbol, at most `timeout_ms`.
[[nodiscard]] CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms);

}  // namespace tapeline::feeds::alpha_vantage
