// Streams trades and quotes from Kraken over one WebSocket.
#pragma once

#include <memory>

#include "feeds/kraken/config.hpp"
#include "feeds/transport/config.hpp"
#include "feeds/transport/stream_plan.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds::kraken {

[[nodiscard]] std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                                  const TransportConfig& transport);

/// How Kraken is spoken to; pure.
[[nodiscard]] StreamPlan stream_plan(const Config& config);

/// Waits for one trade of the first symbol, at most `timeout_ms`.
[[nodiscard]] CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms);

}  // namespace tapeline::feeds::kraken
