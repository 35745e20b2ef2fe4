// Listens to Yahoo's streamer: snapshots every few seconds of what trades.
#pragma once

#include <memory>

#include "feeds/transport/config.hpp"
#include "feeds/yahoo/config.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds::yahoo {

/// Throws std::invalid_argument for an impossible streamer_url.
[[nodiscard]] std::unique_ptr<Source> make_streamer_source(boost::asio::io_context& context, const Config& config,
                                                           const TransportConfig& transport);

}  // namespace tapeline::feeds::yahoo
