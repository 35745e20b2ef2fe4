// From an address to a connected socket: name, addresses, and where a proxy is configured its tunnel. TLS comes on top of it.
//
// Threads   The io_context's. The callback comes on it, once, never from within start().
// Failure   The reason, in words, with the host it is about. Each step has transport.connect_timeout_ms, the name's
//           resolution too; what the resolver brings later is nobody's any more.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/result.hpp"
#include "feeds/transport/config.hpp"
#include "feeds/transport/connector.hpp"
#include "feeds/transport/tcp.hpp"
#include "feeds/transport/url.hpp"

namespace tapeline::feeds {

class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  using Socket = TcpSocket;
  using Callback = std::function<void(Result<Socket, std::string>)>;

  /// Through transport.proxy where `target` is spoken to with TLS: anything else it could read.
  Dialer(boost::asio::io_context& context, Url target, const TransportConfig& config);
  void start(Callback callback);
  /// No callback after this.
  void cancel() noexcept;

 private:
  template <class Handler>
  auto guarded(Handler handler);

  /// Where the connection goes: to the proxy, or to the server itself.
  [[nodiscard]] const Url& hop() const { return proxy_ ? *proxy_ : target_; }
  [[nodiscard]] std::string hop_name() const { return (proxy_ ? "the proxy " : "") + hop().host; }
  [[nodiscard]] std::string reason(boost::system::error_code error) const;

  void on_unresolved(boost::system::error_code error);
  void on_resolved(boost::system::error_code error, boost::asio::ip::tcp::resolver::results_type found);
  void on_connected(boost::system::error_code error, Socket socket);
  void on_tunnel_asked(boost::system::error_code error, std::size_t bytes);
  void on_tunnel(boost::system::error_code error, std::size_t bytes);
  void fail(std::string why);
  void finish(Result<Socket, std::string> result);

  boost::asio::io_context& context_;
  Url target_;
  TransportConfig config_;
  std::optional<Url> proxy_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer resolver_timer_;  // the system's resolver knows no deadline
  std::shared_ptr<Connector> connector_;
  TcpStream stream_;  // to the proxy, until it has opened the tunnel
  std::string tunnel_request_;
  std::string tunnel_answer_;
  Callback callback_;
};

}  // namespace tapeline::feeds
