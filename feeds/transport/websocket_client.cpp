#include "feeds/transport/websocket_client.hpp"

#include <chrono>
#include <concepts>
#include <cstring>
#include <deque>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "core/model/frame.hpp"
#include "feeds/transport/dialer.hpp"
#include "feeds/transport/tcp.hpp"
#include "feeds/transport/tls.hpp"

namespace tapeline::feeds {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

/// What the two kinds of stream have in common to the outside.
class WebSocketClient::Connection {
 public:
  virtual ~Connection() = default;
  virtual void open() = 0;
  virtual void send(std::string text) = 0;
  virtual void cancel() noexcept = 0;
};

namespace {

struct Target {
  Url url;
  TransportConfig config;
  int silence_timeout_ms = 0;
};

template <class Stream, class Base>
class TypedConnection final : public Base, public std::enable_shared_from_this<TypedConnection<Stream, Base>> {
  static constexpr bool is_tls = !std::is_same_v<Stream, TcpStream>;

 public:
  template <class... TlsContext>
  TypedConnection(asio::io_context& context, Target target, WebSocketClient::Callbacks callbacks, TlsContext&... tls)
      : target_(std::move(target)),
        callbacks_(std::move(callbacks)),
        dialer_(std::make_shared<Dialer>(context, target_.url, target_.config)),
        stream_(context, tls...) {}

  void open() override { dialer_->start(guarded(&TypedConnection::on_connected)); }

  void send(std::string text) override {
    outgoing_.push_back(std::move(text));
    if (is_open_ && outgoing_.size() == 1) write();
  }

  void cancel() noexcept override {
    is_over_ = true;  // the callbacks stay: this may have been called by one of them
    dialer_->cancel();
    error_code ignored;
    tcp_layer().socket().close(ignored);
  }

 private:
  template <class Handler>
  auto guarded(Handler handler) {
    return [ self = this->shared_from_this(),
             handler ](auto&&... arguments) requires std::invocable<Handler, TypedConnection&, decltype(arguments)...> {
      if (!self->is_over_) (self.get()->*handler)(std::forward<decltype(arguments)>(arguments)...);
    };
  }
  [[nodiscard]] auto& tcp_layer() { return beast::get_lowest_layer(stream_); }
  [[nodiscard]] std::string place() const { return target_.url.host + ":" + target_.url.port; }

  void close(std::string reason) {
    is_over_ = true;
    error_code ignored;
    tcp_layer().socket().close(ignored);
    const auto on_closed = std::exchange(callbacks_.on_closed, nullptr);
    if (on_closed) on_closed(std::move(reason));
  }

  void on_connected(Result<TcpSocket, std::string> socket) {
    if (!socket) return close(socket.error());
    tcp_layer().socket() = std::move(*socket);
    if constexpr (is_tls) {
      auto& tls = stream_.next_layer();
      if (!expect_host(tls.native_handle(), target_.url.host))
        return close("cannot ask for the certificate of " + target_.url.host);
      tcp_layer().expires_after(std::chrono::milliseconds(target_.config.connect_timeout_ms));
      tls.async_handshake(asio::ssl::stream_base::client, guarded(&TypedConnection::on_tls));
    } else {
      upgrade();
    }
  }
  void on_tls(error_code error) {
    if constexpr (is_tls) {
      if (error)
        return close("TLS handshake with " + target_.url.host +
                     " failed: " + handshake_failure(stream_.next_layer().native_handle(), error));
      upgrade();
    }
  }

  void upgrade() {
    // From here on the WebSocket keeps the time: half the silence without a frame sends a ping, all of it ends it.
    tcp_layer().expires_never();
    websocket::stream_base::timeout timeouts{};
    timeouts.handshake_timeout = std::chrono::milliseconds(target_.config.first_byte_timeout_ms);
    timeouts.idle_timeout = std::chrono::milliseconds(target_.silence_timeout_ms);
    timeouts.keep_alive_pings = false;
    stream_.set_option(timeouts);
    websocket::permessage_deflate deflate;
    deflate.client_enable = true;
    stream_.set_option(deflate);
    stream_.read_message_max(target_.config.body_bytes_max);
    stream_.set_option(
        websocket::stream_base::decorator([agent = target_.config.user_agent](websocket::request_type& request) {
          request.set(beast::http::field::user_agent, agent);
        }));
    stream_.control_callback([this](websocket::frame_type, beast::string_view) {
      if (!is_over_ && callbacks_.on_ping) callbacks_.on_ping();
    });
    stream_.async_handshake(upgrade_response_, place(), target_.url.path, guarded(&TypedConnection::on_upgraded));
  }
  void on_upgraded(error_code error) {
    if (error == websocket::error::upgrade_declined) {
      return close("WebSocket handshake with " + place() + " failed: HTTP " +
                   std::to_string(upgrade_response_.result_int()) + " in place of a WebSocket");
    }
    if (error) return close("WebSocket handshake with " + place() + " failed: " + error.message());
    is_open_ = true;
    if (!outgoing_.empty()) write();
    if (callbacks_.on_open) callbacks_.on_open();
    if (!is_over_) read();
  }

  void read() { stream_.async_read(buffer_, guarded(&TypedConnection::on_read)); }
  void on_read(error_code error, std::size_t) {
    if (error == beast::error::timeout)
      return close("no message from " + place() + " for " + std::to_string(target_.silence_timeout_ms) + " ms");
    if (error == websocket::error::closed) {
      const auto& reason = stream_.reason();
      return close(place() + " closed the connection (" + std::to_string(reason.code) +
                   (reason.reason.empty() ? "" : " " + std::string(reason.reason.c_str())) + ")");
    }
    if (error == websocket::error::message_too_big)
      return close("a message of " + place() + " is over transport.body_bytes_max");
    if (error) return close("the connection to " + place() + " broke: " + error.message());
    const auto padding = buffer_.prepare(frame_padding_bytes);
    std::memset(padding.data(), 0, padding.size());
    const auto data = buffer_.cdata();
    if (callbacks_.on_message) callbacks_.on_message({static_cast<const char*>(data.data()), data.size()});
    buffer_.consume(buffer_.size());
    if (!is_over_) read();
  }

  void write() {
    stream_.text(true);
    stream_.async_write(asio::buffer(outgoing_.front()), guarded(&TypedConnection::on_written));
  }
  void on_written(error_code error, std::size_t) {
    if (error) return close("cannot send to " + place() + ": " + error.message());
    outgoing_.pop_front();
    if (!outgoing_.empty()) write();
  }

  Target target_;
  WebSocketClient::Callbacks callbacks_;
  std::shared_ptr<Dialer> dialer_;
  websocket::stream<Stream> stream_;
  websocket::response_type upgrade_response_;
  beast::flat_buffer buffer_;
  std::deque<std::string> outgoing_;
  bool is_open_ = false;
  bool is_over_ = false;
};

}  // namespace

WebSocketClient::WebSocketClient(asio::io_context& context, Url url, const TransportConfig& config)
    : context_(context), url_(std::move(url)), config_(config) {}

WebSocketClient::~WebSocketClient() { cancel(); }

void WebSocketClient::open(int silence_timeout_ms, Callbacks callbacks) {
  Target target{url_, config_, silence_timeout_ms};
  if (url_.security == Security::tls) {
    // The context is shared by the stream's own reference to it: OpenSSL counts.
    auto tls = make_tls_context(config_);
    connection_ = std::make_shared<TypedConnection<beast::ssl_stream<TcpStream>, Connection>>(
        context_, std::move(target), std::move(callbacks), tls);
  } else {
    connection_ =
        std::make_shared<TypedConnection<TcpStream, Connection>>(context_, std::move(target), std::move(callbacks));
  }
  connection_->open();
}

void WebSocketClient::send(std::string text) {
  if (connection_) connection_->send(std::move(text));
}

void WebSocketClient::cancel() noexcept {
  if (connection_) connection_->cancel();
}

}  // namespace tapeline::feeds
