// A TCP connection to the first of a host's addresses that answers: IPv6 and IPv4 in turn, each a moment after the last, so
// that an address that swallows packets costs a moment and not the whole patience.
//
// Threads   The io_context's. The callback comes on it, once, never from within the call.
// Failure   The error of the address that failed last; timed_out when none has answered in time.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "feeds/transport/tcp.hpp"

namespace tapeline::feeds {

/// Families in turn, beginning with that of the first address, each in the order of the resolver.
[[nodiscard]] std::vector<boost::asio::ip::tcp::endpoint> interleaved(
    const std::vector<boost::asio::ip::tcp::endpoint>& addresses);

class Connector : public std::enable_shared_from_this<Connector> {
 public:
  using Socket = TcpSocket;
  using Callback = std::function<void(boost::system::error_code, Socket)>;
  static constexpr int stagger_ms = 250;

  Connector(boost::asio::io_context& context, std::vector<boost::asio::ip::tcp::endpoint> addresses);
  void start(int timeout_ms, Callback callback);
  /// No callback after this.
  void cancel() noexcept;

 private:
  void try_next();
  void on_connected(std::size_t attempt, boost::system::error_code error);
  void finish(boost::system::error_code error, Socket socket);

  boost::asio::io_context& context_;
  std::vector<boost::asio::ip::tcp::endpoint> addresses_;
  std::vector<std::unique_ptr<Socket>> sockets_;  // of the attempts, in their order
  boost::asio::steady_timer stagger_;
  boost::asio::steady_timer deadline_;
  std::size_t failed_ = 0;
  Callback callback_;
};

}  // namespace tapeline::feeds
