// One client of the HTTP door: requests one after another, or a WebSocket.
#pragma once

#include <atomic>
#include <cstddef>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/thread_pool.hpp>

#include "sinks/dashboard/access.hpp"
#include "sinks/dashboard/http_server.hpp"

namespace tapeline::sinks::dashboard {

/// What all sessions share; outlives them.
struct Surroundings {
  const HttpServer::Content& content;
  const AccessPolicy& access;
  boost::asio::thread_pool& responders;
  std::atomic<std::size_t>& sessions;  // how many there are
};

enum class Door { tcp, unix_socket };

/// Lives until its connection ends.
void serve_session(boost::asio::generic::stream_protocol::socket socket, Door door, const Surroundings& surroundings);

}  // namespace tapeline::sinks::dashboard
