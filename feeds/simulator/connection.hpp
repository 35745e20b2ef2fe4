// One accepted socket: HTTP with keep-alive until it asks for an upgrade, then a WebSocket.
//
// Threads   The one that runs the io_context.
#pragma once

#include "feeds/simulator/exchange.hpp"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace tapeline::feeds::simulator {

/// Reads the clock that the tape runs by.
class TapeClock {
 public:
  TapeClock() noexcept : wall_start_ns_(wall_now_ns()), steady_start_ns_(steady_now_ns()) {}
  [[nodiscard]] Nanos start_ns() const noexcept { return wall_start_ns_; }
  /// Wall clock, except that it never steps.
  [[nodiscard]] Nanos now_ns() const noexcept { return wall_start_ns_ + steady_now_ns() - steady_start_ns_; }

 private:
  Nanos wall_start_ns_;
  Nanos steady_start_ns_;
};

enum class AddressFamily { v4, v6 };

struct AcceptedSocket {
  int descriptor = -1;
  AddressFamily family = AddressFamily::v4;
};

/// Takes over `accepted` and lives until the connection ends. `tls` null: plain.
void serve_connection(boost::asio::io_context& io, boost::asio::ssl::context* tls, AcceptedSocket accepted,
                      Exchange& exchange, const TapeClock& clock);

}  // namespace tapeline::feeds::simulator
