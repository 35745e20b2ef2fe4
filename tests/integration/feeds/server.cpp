#include "server.hpp"

#include <array>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <sys/socket.h>
#include <zlib.h>

namespace tapeline::feeds::testing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Request = http::request<http::empty_body>;

/// Ends a script whose client has left.
struct ClientLeft {};

void check(const error_code& error) {
  if (error) throw ClientLeft{};
}

SeenRequest seen(const Request& request, int connection) {
  SeenRequest result{connection, std::string(request.target()), {}};
  for (const auto& field : request) {
    std::string name(field.name_string());
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    result.headers[name] = std::string(field.value());
  }
  return result;
}

template <class Stream>
class TypedPeer final : public Peer {
 public:
  explicit TypedPeer(websocket::stream<Stream>& stream) : stream_(stream) {
    stream_.text(true);
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
      if (kind == websocket::frame_type::pong) pongs_.emplace_back(payload);
    });
  }

  void send(const std::string& message) override {
    error_code error;
    stream_.write(asio::buffer(message), error);
    check(error);
  }

  void send_fragments(const std::vector<std::string>& parts) override {
    stream_.auto_fragment(false);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      error_code error;
      stream_.write_some(i + 1 == parts.size(), asio::buffer(parts[i]), error);
      check(error);
    }
  }

  void ping(const std::string& payload) override {
    error_code error;
    stream_.ping(websocket::ping_data(payload.data(), payload.size()), error);
    check(error);
  }

  const std::vector<std::string>& pongs() const override { return pongs_; }

  std::string receive() override {
    beast::flat_buffer buffer;
    error_code error;
    stream_.read(buffer, error);
    check(error);
    return beast::buffers_to_string(buffer.cdata());
  }

  void close(const std::string& reason) override {
    error_code error;
    stream_.close({websocket::close_code::going_away, reason}, error);
  }

  bool wait_for_end() override {
    beast::flat_buffer buffer;
    error_code error;
    while (!error) {
      stream_.read(buffer, error);
      buffer.clear();
    }
    return error == websocket::error::closed;
  }

 private:
  websocket::stream<Stream>& stream_;
  std::vector<std::string> pongs_;
};

template <class Stream>
void answer_requests(Stream& stream, int connection, const std::function<Answer(SeenRequest)>& respond) {
  beast::flat_buffer buffer;
  for (;;) {
    Request request;
    error_code error;
    http::read(stream, buffer, request, error);
    check(error);
    const Answer reply = respond(seen(request, connection));
    asio::write(stream, asio::buffer(reply.bytes), error);
    check(error);
    if (reply.after == After::close) return;
    if (reply.after == After::keep) continue;
    std::array<char, 1> byte{};
    while (!error) stream.read_some(asio::buffer(byte), error);
    return;
  }
}

template <class Stream>
void play(websocket::stream<Stream> stream, int connection, const std::function<void(SeenRequest)>& note,
          const Server::Script& script) {
  beast::flat_buffer buffer;
  Request request;
  error_code error;
  http::read(stream.next_layer(), buffer, request, error);
  check(error);
  note(seen(request, connection));
  websocket::permessage_deflate deflate;
  deflate.server_enable = true;
  stream.set_option(deflate);
  stream.accept(request, error);
  check(error);
  TypedPeer<Stream> peer(stream);
  script(peer, connection);
}

}  // namespace

class Server::Listener {
 public:
  Listener() : acceptor_(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {}

  asio::io_context context_;
  tcp::acceptor acceptor_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
};

Answer answer(int status, const std::string& body, const std::string& headers) {
  return {"HTTP/1.1 " + std::to_string(status) + " Test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
          headers + "\r\n" + body};
}

std::string gzipped(const std::string& body) {
  z_stream stream{};
  constexpr int gzip_header = 16;
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + gzip_header, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, body.size()) + 32, '\0');
  std::string input = body;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

Server::Server(Respond respond, std::optional<Identity> identity)
    : respond_(std::move(respond)), identity_(std::move(identity)), listener_(std::make_unique<Listener>()) {
  if (identity_) {
    listener_->tls_.use_certificate_chain(asio::buffer(identity_->certificate));
    listener_->tls_.use_private_key(asio::buffer(identity_->key), asio::ssl::context::pem);
  }
  port_ = listener_->acceptor_.local_endpoint().port();
  accept_thread_ = std::thread([this] { accept_all(); });
}

Server::Server(Script script, std::optional<Identity> identity) : Server(Respond{}, std::move(identity)) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

Server::~Server() {
  is_stopping_ = true;
  ::shutdown(listener_->acceptor_.native_handle(), SHUT_RDWR);
  accept_thread_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  for (std::thread& thread : connection_threads_) thread.join();
}

std::string Server::url(const std::string& scheme, const std::string& host) const {
  return scheme + "://" + host + ":" + std::to_string(port_);
}

std::vector<SeenRequest> Server::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void Server::note(SeenRequest request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
}

void Server::accept_all() {
  while (!is_stopping_) {
    error_code error;
    tcp::socket socket(listener_->context_);
    listener_->acceptor_.accept(socket, error);
    if (error) continue;
    socket.set_option(tcp::no_delay(true), error);
    const int descriptor = socket.release(error);
    const std::lock_guard lock(mutex_);
    open_.insert(descriptor);
    connection_threads_.emplace_back(
        [this, descriptor, connection = connections_++] { serve(descriptor, connection); });
  }
}

void Server::serve(int descriptor, int connection) {
  asio::io_context context;
  tcp::socket socket(context, tcp::v4(), descriptor);
  Script script;
  {
    const std::lock_guard lock(mutex_);
    script = script_;
  }
  const auto noting = [this](SeenRequest request) { note(std::move(request)); };
  const auto responding = [this](SeenRequest request) {
    note(request);
    return respond_(request);
  };
  try {
    if (identity_) {
      beast::ssl_stream<tcp::socket&> stream(socket, listener_->tls_);
      error_code error;
      stream.handshake(asio::ssl::stream_base::server, error);
      check(error);
      if (script) {
        play(websocket::stream<beast::ssl_stream<tcp::socket&>&>(stream), connection, noting, script);
      } else {
        answer_requests(stream, connection, responding);
      }
    } else if (script) {
      play(websocket::stream<tcp::socket&>(socket), connection, noting, script);
    } else {
      answer_requests(socket, connection, responding);
    }
  } catch (const ClientLeft&) {
    // As every client does one day.
  }
  const std::lock_guard lock(mutex_);
  open_.erase(descriptor);
  error_code ignored;
  socket.close(ignored);
}

}  // namespace tapeline::feeds::testing
