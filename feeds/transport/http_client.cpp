#include "feeds/transport/http_client.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <zlib.h>

#include "feeds/transport/dialer.hpp"
#include "feeds/transport/retry_after.hpp"
#include "feeds/transport/tcp.hpp"
#include "feeds/transport/tls.hpp"

namespace tapeline::feeds {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

/// gzip or zlib, refused beyond `bytes_max`; nullopt when damaged or too large.
std::optional<std::string> inflated(const std::string& packed, std::size_t bytes_max) {
  z_stream stream{};
  constexpr int detect_header = 32;
  if (inflateInit2(&stream, MAX_WBITS + detect_header) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string body;
  std::array<char, 65'536> chunk{};
  int status = Z_OK;
  while (status == Z_OK && body.size() <= bytes_max) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = chunk.size();
    status = inflate(&stream, Z_NO_FLUSH);
    body.append(chunk.data(), chunk.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || body.size() > bytes_max) return std::nullopt;
  return body;
}

}  // namespace

/// One request at a time; kept alive by its own handlers.
class HttpClient::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::io_context& context, Url base, const TransportConfig& config)
      : context_(context),
        base_(std::move(base)),
        config_(config),
        tls_(make_tls_context(config)),
        deadline_(context) {}

  void send(http::verb method, std::string target, Headers headers, std::string body, Callback callback) {
    callback_ = std::move(callback);
    request_ = {};
    request_.method(method);
    request_.version(11);
    request_.target(target);
    const bool is_usual_port = base_.port == (base_.security == Security::tls ? "443" : "80");
    request_.set(http::field::host, is_usual_port ? base_.host : base_.host + ":" + base_.port);
    request_.set(http::field::user_agent, config_.user_agent);
    request_.set(http::field::accept_encoding, "gzip");
    request_.set(http::field::accept, "*/*");
    for (const auto& [name, value] : headers) request_.set(name, value);
    if (method == http::verb::post) {
      request_.body() = std::move(body);
      request_.prepare_payload();
    }
    may_retry_ = connection_ != nullptr;
    was_sent_ = false;
    limit_whole_request();
    if (connection_) {
      write();
    } else {
      connect();
    }
  }

  void cancel() noexcept {
    ++generation_;
    callback_ = nullptr;
    if (dialer_) dialer_->cancel();
    deadline_.cancel();
    close();
  }

 private:
  /// A connection, and what its operations refer to. Without TLS only the lower layer of the stream is used.
  struct Connection {
    Connection(asio::io_context& context, asio::ssl::context& tls) : stream(context, tls) {}
    beast::ssl_stream<TcpStream> stream;
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    std::optional<http::response_parser<http::string_body>> response;
  };
  [[nodiscard]] TcpStream& tcp_layer() { return connection_->stream.next_layer(); }

  template <class Handler>
  auto guarded(Handler handler) {
    // What an operation refers to is held by its handler, also when the connection has been given up meanwhile.
    return [ self = shared_from_this(), connection = connection_, generation = generation_,
             handler ](auto&&... arguments) requires std::invocable<Handler, Session&, decltype(arguments)...> {
      if (generation == self->generation_) (self.get()->*handler)(std::forward<decltype(arguments)>(arguments)...);
    };
  }

  void limit_whole_request() {
    deadline_.expires_after(std::chrono::milliseconds(config_.request_timeout_ms));
    deadline_.async_wait(guarded(&Session::on_deadline));
  }
  void on_deadline(error_code error) {
    if (!error)
      finish(HttpError{"no whole answer from " + base_.host + " within " + std::to_string(config_.request_timeout_ms) +
                       " ms"});
  }

  /// What went wrong, and which limit it was when time ran out.
  static std::string reason(error_code error, int timeout_ms) {
    return error == beast::error::timeout ? "nothing within " + std::to_string(timeout_ms) + " ms" : error.message();
  }

  void connect() {
    dialer_ = std::make_shared<Dialer>(context_, base_, config_);
    dialer_->start(guarded(&Session::on_connected));
  }
  void on_connected(Result<TcpSocket, std::string> socket) {
    dialer_.reset();
    if (!socket) return finish(HttpError{socket.error()});
    connection_ = std::make_shared<Connection>(context_, tls_);
    tcp_layer().socket() = std::move(*socket);
    if (base_.security == Security::tls) return shake_hands();
    write();
  }
  void shake_hands() {
    if (!expect_host(connection_->stream.native_handle(), base_.host))
      return finish(HttpError{"cannot ask for the certificate of " + base_.host});
    tcp_layer().expires_after(std::chrono::milliseconds(config_.connect_timeout_ms));
    connection_->stream.async_handshake(asio::ssl::stream_base::client, guarded(&Session::on_handshake));
  }
  void on_handshake(error_code error) {
    if (error) {
      const bool is_late = error == beast::error::timeout;
      return finish(HttpError{"TLS handshake with " + base_.host + " failed: " +
                              (is_late ? reason(error, config_.connect_timeout_ms)
                                       : handshake_failure(connection_->stream.native_handle(), error))});
    }
    write();
  }

  void write() {
    was_sent_ = true;
    connection_->request = request_;
    tcp_layer().expires_after(std::chrono::milliseconds(config_.first_byte_timeout_ms));
    if (base_.security == Security::tls) {
      http::async_write(connection_->stream, connection_->request, guarded(&Session::on_written));
    } else {
      http::async_write(tcp_layer(), connection_->request, guarded(&Session::on_written));
    }
  }
  void on_written(error_code error, std::size_t) {
    if (error) return on_broken("cannot send to", error);
    auto& response = connection_->response.emplace();
    response.body_limit(config_.body_bytes_max);
    response.header_limit(64 * 1024);
    if (base_.security == Security::tls) {
      http::async_read_header(connection_->stream, connection_->buffer, response, guarded(&Session::on_header));
    } else {
      http::async_read_header(tcp_layer(), connection_->buffer, response, guarded(&Session::on_header));
    }
  }
  void on_header(error_code error, std::size_t) {
    if (error == http::error::body_limit) return on_body_limit();
    if (error) return on_broken("no answer from", error);
    may_retry_ = false;
    tcp_layer().expires_never();  // the whole request has its own limit
    if (base_.security == Security::tls) {
      http::async_read(connection_->stream, connection_->buffer, *connection_->response, guarded(&Session::on_body));
    } else {
      http::async_read(tcp_layer(), connection_->buffer, *connection_->response, guarded(&Session::on_body));
    }
  }
  void on_body(error_code error, std::size_t) {
    if (error == http::error::body_limit) return on_body_limit();
    if (error) return finish(HttpError{"the answer of " + base_.host + " broke off: " + error.message()});
    auto message = connection_->response->release();
    HttpResponse response;
    response.status = static_cast<std::uint16_t>(message.result_int());
    response.body = std::move(message.body());
    response.retry_after_s = retry_after_seconds(message[http::field::retry_after], wall_now_ns());
    if (beast::iequals(message[http::field::content_encoding], "gzip") && !response.body.empty()) {
      auto body = inflated(response.body, config_.body_bytes_max);
      if (!body) {
        return finish(
            HttpError{"the compressed answer of " + base_.host + " is damaged, or over transport.body_bytes_max"});
      }
      response.body = std::move(*body);
    }
    // Bytes that nobody asked for must not be taken for the next answer.
    if (!message.keep_alive() || connection_->buffer.size() > 0) close();
    finish(std::move(response));
  }
  void on_body_limit() {
    finish(HttpError{"the answer of " + base_.host + " is over " + std::to_string(config_.body_bytes_max) +
                     " bytes (transport.body_bytes_max)"});
  }

  /// A kept connection may have been closed by the server meanwhile: that is no failure, but a reason to connect again.
  void on_broken(const char* what, error_code error) {
    if (may_retry_) {
      may_retry_ = false;
      close();
      return connect();
    }
    finish(HttpError{std::string(what) + " " + base_.host + ": " + reason(error, config_.first_byte_timeout_ms)});
  }

  void finish(HttpError error) {
    error.was_sent = was_sent_;
    if (dialer_) dialer_->cancel();
    close();
    finish(Result<HttpResponse, HttpError>(Unexpected{std::move(error)}));
  }
  void finish(HttpResponse response) { finish(Result<HttpResponse, HttpError>(std::move(response))); }
  void finish(Result<HttpResponse, HttpError> result) {
    ++generation_;
    deadline_.cancel();
    const Callback callback = std::exchange(callback_, nullptr);
    if (callback) callback(std::move(result));
  }

  void close() noexcept {
    if (!connection_) return;
    error_code ignored;
    tcp_layer().socket().close(ignored);
    connection_.reset();
  }

  asio::io_context& context_;
  Url base_;
  TransportConfig config_;
  asio::ssl::context tls_;
  asio::steady_timer deadline_;
  std::shared_ptr<Connection> connection_;  // null: the next request begins with a new one
  std::shared_ptr<Dialer> dialer_;          // while a connection is being made
  bool may_retry_ = false;
  bool was_sent_ = false;
  std::uint64_t generation_ = 0;              // handlers of an abandoned request find another number, and do nothing
  http::request<http::string_body> request_;  // kept for a second try
  Callback callback_;
};

HttpClient::HttpClient(asio::io_context& context, Url base, const TransportConfig& config)
    : session_(std::make_shared<Session>(context, std::move(base), config)) {}

HttpClient::~HttpClient() { cancel(); }

void HttpClient::get(std::string target, Headers headers, Callback callback) {
  session_->send(http::verb::get, std::move(target), std::move(headers), {}, std::move(callback));
}

void HttpClient::post(std::string target, Headers headers, std::string body, Callback callback) {
  session_->send(http::verb::post, std::move(target), std::move(headers), std::move(body), std::move(callback));
}

void HttpClient::cancel() noexcept { session_->cancel(); }

}  // namespace tapeline::feeds
