// A WebSocket that is read until it breaks; its owner decides what follows.
//
// Threads   The io_context's. Callbacks come on it.
// Output    each whole message, valid only during the callback, and followed by frame_padding_bytes zeros. Pings are answered by themselves.
// Failure   on_closed, once: which phase failed and why. Messages over the limit end the connection.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "feeds/transport/config.hpp"
#include "feeds/transport/url.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds {

class WebSocketClient {
 public:
  struct Callbacks {
    std::function<void()> on_open;
    std::function<void(std::string_view message)> on_message;
    std::function<void()> on_ping;  // or a pong: the other side lives
    std::function<void(std::string reason)> on_closed;
  };

  WebSocketClient(boost::asio::io_context& context, Url url, const TransportConfig& config);
  ~WebSocketClient();

  /// No frame of any kind, pings included, for `silence_timeout_ms`: closed. Precondition: not open.
  void open(int silence_timeout_ms, Callbacks callbacks);
  /// Goes out once the connection is open, in the order of the calls.
  void send(std::string text);
  /// Ends it without a further callback.
  void cancel() noexcept;

 private:
  class Connection;
  boost::asio::io_context& context_;
  Url url_;
  TransportConfig config_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace tapeline::feeds
