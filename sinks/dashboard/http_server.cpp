#include "sinks/dashboard/http_server.hpp"

#include <atomic>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sinks/dashboard/http_session.hpp"

namespace tapeline::sinks::dashboard {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Local = asio::local::stream_protocol;

constexpr std::size_t sessions_max = 64;
constexpr auto accept_pause = std::chrono::milliseconds(100);

tcp::endpoint parse_endpoint(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  std::uint16_t port = 0;
  bool valid = colon != std::string::npos;
  if (valid) {
    const char* const begin = listen.data() + colon + 1;
    const char* const end = listen.data() + listen.size();
    const auto [next, error] = std::from_chars(begin, end, port);
    valid = error == std::errc{} && next == end && begin != end;
  }
  std::string host = valid ? listen.substr(0, colon) : "";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!valid || error) {
    throw std::invalid_argument("\"" + listen + "\" is no address to listen on; write IP:PORT, such as 127.0.0.1:8087");
  }
  return {address, port};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

class HttpServer::Core {
 public:
  Core(const Config& config, const std::string& socket_path, Content content)
      : content_(std::move(content)), access_(config.hosts, config.token), socket_path_(socket_path) {
    const tcp::endpoint wanted = parse_endpoint(config.listen);
    try {
      tcp_.open(wanted.protocol());
      tcp_.set_option(tcp::acceptor::reuse_address(true));
      tcp_.bind(wanted);
      tcp_.listen();
    } catch (const boost::system::system_error& failure) {
      throw std::runtime_error("cannot listen on " + config.listen + ": " + failure.code().message() +
                               "; choose another dashboard.listen");
    }
    endpoint_ = tcp_.local_endpoint();
    if (!socket_path_.empty()) open_local();
    accept(tcp_, Door::tcp);
    if (local_.is_open()) accept(local_, Door::unix_socket);
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "dashboard");
      io_.run();
    });
  }

  ~Core() {
    io_.stop();
    thread_.join();
    responders_.join();
    if (local_.is_open()) unlink(socket_path_.c_str());
  }

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] std::string url() const {
    const std::string host = endpoint_.address().to_string();
    return "http://" + (endpoint_.address().is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(endpoint_.port());
  }

 private:
  void open_local() {
    // Who holds the lane's journal holds its socket: one that is left there is of a process that died.
    unlink(socket_path_.c_str());
    try {
      local_.open();
      local_.bind(Local::endpoint(socket_path_));
      chmod(socket_path_.c_str(), 0660);
      local_.listen();
    } catch (const boost::system::system_error& failure) {
      throw std::runtime_error("cannot listen on " + socket_path_ + ": " + failure.code().message() +
                               "; a shorter TAPELINE_VAR, or one that may be written, helps");
    }
  }

  template <class Acceptor>
  void accept(Acceptor& acceptor, Door door) {
    acceptor.async_accept([this, &acceptor, door](error_code error, typename Acceptor::protocol_type::socket socket) {
      if (error) {  // out of descriptors, most likely: some will be free soon
        pause_.expires_after(accept_pause);
        pause_.async_wait([this, &acceptor, door](error_code) { accept(acceptor, door); });
        return;
      }
      // Beyond the limit a client is turned away, so that nobody can use up the process's descriptors.
      if (sessions_.load() < sessions_max) {
        serve_session(asio::generic::stream_protocol::socket(std::move(socket)), door,
                      Surroundings{content_, access_, responders_, sessions_});
      }
      accept(acceptor, door);
    });
  }

  Content content_;
  AccessPolicy access_;
  std::string socket_path_;
  std::atomic<std::size_t> sessions_{0};
  asio::io_context io_{1};
  asio::thread_pool responders_{1};
  tcp::acceptor tcp_{io_};
  Local::acceptor local_{io_};
  asio::steady_timer pause_{io_};
  tcp::endpoint endpoint_;
  std::thread thread_;
};

HttpServer::HttpServer(const Config& config, const std::string& socket_path, Content content)
    : core_(std::make_unique<Core>(config, socket_path, std::move(content))) {}
HttpServer::~HttpServer() = default;

std::string HttpServer::url() const { return core_->url(); }

bool is_loopback(const std::string& listen) { return parse_endpoint(listen).address().is_loopback(); }

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (is_escape) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
    }
  }
  return encoded;
}

Response ask_over_socket(const std::string& socket_path, Method method, const std::string& target, int timeout_ms) {
  using Stream = boost::beast::basic_stream<Local>;
  asio::io_context io;
  Stream stream(io);
  stream.expires_after(std::chrono::milliseconds(timeout_ms));
  http::request<http::empty_body> request{method == Method::get ? http::verb::get : http::verb::post, target, 11};
  request.content_length(0);
  request.set(http::field::host, "localhost");
  http::response_parser<http::string_body> parser;
  parser.body_limit(64 * 1024 * 1024);
  boost::beast::flat_buffer buffer;
  error_code outcome;
  stream.async_connect(Local::endpoint(socket_path), [&](error_code error) {
    outcome = error;
    if (error) return;
    http::async_write(stream, request, [&](error_code written, std::size_t) {
      outcome = written;
      if (written) return;
      http::async_read(stream, buffer, parser, [&](error_code read, std::size_t) { outcome = read; });
    });
  });
  io.run();
  if (outcome) throw std::runtime_error(outcome.message());
  auto answer = parser.release();
  return {.status = answer.result_int(), .body = std::move(answer.body())};
}

}  // namespace tapeline::sinks::dashboard
