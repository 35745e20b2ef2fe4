#include "feeds/simulator/server.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>

#include "feeds/simulator/broadcast.hpp"
#include "feeds/simulator/connection.hpp"
#include "feeds/simulator/exchange.hpp"
#include "feeds/simulator/recording.hpp"

namespace tapeline::feeds::simulator {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

/// Trades that fall due within this share one write.
constexpr Nanos cork_ns = 500 * nanos_per_microsecond;
constexpr auto farewell_poll = std::chrono::milliseconds(5);
constexpr int farewell_polls_max = 500;  // 2.5 s, longer than any single connection takes

tcp::endpoint parse_endpoint(std::string_view text) {
  const std::string shown(text);
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  bool valid = colon != std::string_view::npos;
  if (valid) {
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    valid = error == std::errc{} && !digits.empty() && end == digits.data() + digits.size();
  }
  if (!valid) throw std::invalid_argument("listen address '" + shown + "': write HOST:PORT, e.g. 127.0.0.1:8080");
  std::string host(text.substr(0, colon));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error) throw std::invalid_argument("listen address '" + shown + "': '" + host + "' is no IP address");
  return {address, port};
}

std::optional<asio::ssl::context> make_tls(const SimulatorOptions& options) {
  if (options.tls_certificate_file.empty() && options.tls_key_file.empty()) return std::nullopt;
  if (options.tls_certificate_file.empty() || options.tls_key_file.empty()) {
    throw std::invalid_argument("TLS needs both a certificate and a key file");
  }
  asio::ssl::context tls(asio::ssl::context::tls_server);
  error_code error;
  tls.use_certificate_chain_file(options.tls_certificate_file, error);
  if (error)
    throw std::invalid_argument("cannot use the certificate '" + options.tls_certificate_file +
                                "': " + error.message());
  tls.use_private_key_file(options.tls_key_file, asio::ssl::context::pem, error);
  if (error) throw std::invalid_argument("cannot use the key '" + options.tls_key_file + "': " + error.message());
  return tls;
}

const SimulatorOptions& checked(const SimulatorOptions& options) {
  if (!(options.recording_speed > 0) || options.recording_speed > 1e6) {
    throw std::invalid_argument("the speed of a recording must be above 0 and at most 1,000,000");
  }
  if (!options.recordings.empty()) RecordingReader probe(options.recordings);
  for (const auto& limit : {options.messages_max, options.drop_connection_every}) {
    if (limit && *limit == 0)
      throw std::invalid_argument("a connection carries at least one message before it is ended");
  }
  return options;
}

}  // namespace

class Simulator::Server {
 public:
  explicit Server(const SimulatorOptions& options)
      : exchange_(checked(options), clock_.start_ns()),
        tls_(make_tls(options)),
        acceptor_(io_),
        tape_timer_(io_),
        farewell_timer_(io_),
        broadcast_(exchange_, clock_, io_) {
    const tcp::endpoint wanted = parse_endpoint(options.listen);
    try {
      acceptor_.open(wanted.protocol());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(wanted);
      acceptor_.listen();
    } catch (const boost::system::system_error& failure) {
      throw std::runtime_error("cannot listen on " + options.listen + ": " + failure.code().message() +
                               "; choose another port, or 0 for any");
    }
    endpoint_ = acceptor_.local_endpoint();
    accept();
    if (!exchange_.plays_recordings() && exchange_.tape().has_trades()) arm_tape();
    if (exchange_.plays_recordings() && options.broadcasts_recording) broadcast_.start();
  }

  void run() { io_.run(); }
  void stop() {
    asio::post(io_, [this] { begin_farewell(); });
  }

  [[nodiscard]] const tcp::endpoint& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] const LiveCounters& counters() noexcept { return exchange_.counters(); }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) {  // out of descriptors, most likely: some will be free soon
        retry_timer_.expires_after(std::chrono::milliseconds(50));
        retry_timer_.async_wait([this](error_code cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      const AddressFamily family = endpoint_.protocol() == tcp::v4() ? AddressFamily::v4 : AddressFamily::v6;
      const int descriptor = socket.release(error);
      if (!error) serve_connection(io_, tls_ ? &*tls_ : nullptr, {descriptor, family}, exchange_, clock_);
      accept();
    });
  }

  void arm_tape() {
    const Nanos wait_ns = std::max(cork_ns, exchange_.tape().next_event_ns() - clock_.now_ns());
    tape_timer_.expires_after(std::chrono::nanoseconds(wait_ns));
    tape_timer_.async_wait([this](error_code error) {
      if (error) return;
      exchange_.publish_until(clock_.now_ns());
      arm_tape();
    });
  }

  void begin_farewell() {
    error_code ignored;
    acceptor_.close(ignored);
    retry_timer_.cancel();
    tape_timer_.cancel();
    broadcast_.stop();
    const std::vector<Client*> clients = exchange_.clients();
    for (Client* client : clients) client->leave();
    await_farewell(farewell_polls_max);
  }

  void await_farewell(int polls_left) {
    if (exchange_.clients().empty() || polls_left == 0) return io_.stop();
    farewell_timer_.expires_after(farewell_poll);
    farewell_timer_.async_wait([this, polls_left](error_code error) {
      if (!error) await_farewell(polls_left - 1);
    });
  }

  TapeClock clock_;
  Exchange exchange_;  // outlives the connections, which io_ owns
  std::optional<asio::ssl::context> tls_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer tape_timer_;
  asio::steady_timer retry_timer_{io_};
  asio::steady_timer farewell_timer_;
  Broadcast broadcast_;
  tcp::endpoint endpoint_;
};

Simulator::Simulator(const SimulatorOptions& options) : server_(std::make_unique<Server>(options)) {}
Simulator::~Simulator() = default;

std::uint16_t Simulator::port() const noexcept { return server_->endpoint().port(); }

std::string Simulator::address() const {
  const tcp::endpoint& endpoint = server_->endpoint();
  const std::string host = endpoint.address().to_string();
  return (endpoint.protocol() == tcp::v6() ? '[' + host + ']' : host) + ':' + std::to_string(endpoint.port());
}

void Simulator::run() { server_->run(); }

void Simulator::stop() noexcept {
  try {
    server_->stop();
  } catch (...) {  // only memory can be lacking: then the process is ending anyway
  }
}

SimulatorCounters Simulator::counters() const noexcept {
  const auto value = [](const LiveCounters::Counter& counter) { return counter.load(std::memory_order_relaxed); };
  const LiveCounters& live = server_->counters();
  return {.connections = value(live.connections),
          .http_requests = value(live.http_requests),
          .canned_responses = value(live.canned_responses),
          .websockets = value(live.websockets),
          .control_requests = value(live.control_requests),
          .market_messages = value(live.market_messages),
          .deflated_messages = value(live.deflated_messages),
          .bytes_sent = value(live.bytes_sent),
          .slow_clients_dropped = value(live.slow_clients_dropped),
          .connections_dropped = value(live.connections_dropped)};
}

}  // namespace tapeline::feeds::simulator
