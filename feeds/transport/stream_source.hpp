// A source that listens to a stream: the I/O around a StreamSession.
//
// Threads   The io_context's.
// Output    each message and each answer to a backfill as a frame, as it came.
// Failure   Never up: status() tells, and what can be tried again is.
#pragma once

#include <memory>
#include <string>

#include "feeds/source.hpp"
#include "feeds/transport/config.hpp"
#include "feeds/transport/stream_plan.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds {

struct StreamAddresses {
  std::string websocket_url;
  std::string path;      // behind it, with a query: "/stream?streams=…"; may be empty
  std::string rest_url;  // of the backfill; empty: none
};

/// Throws std::invalid_argument for an impossible address.
[[nodiscard]] std::unique_ptr<Source> make_stream_source(boost::asio::io_context& context, StreamPlan plan,
                                                         const StreamAddresses& addresses,
                                                         const TransportConfig& transport);

}  // namespace tapeline::feeds
