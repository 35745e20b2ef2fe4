#include "feeds/yahoo/streamer_source.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/json_text.hpp"
#include "feeds/transport/backoff.hpp"
#include "feeds/transport/websocket_client.hpp"
#include "feeds/yahoo/wire.hpp"

namespace tapeline::feeds::yahoo {
namespace {

/// What is subscribed to beyond this the source drops without a word.
constexpr std::size_t symbols_per_connection = 100;
/// A connection that lasts shorter than this is a failure like one that never was.
constexpr Nanos settled_ns = 30 * nanos_per_second;

Url url_of(const Config& config) {
  auto url = parse_url(config.streamer_url);
  if (!url) throw std::invalid_argument("sources.yahoo.streamer_url is no address: " + config.streamer_url);
  url->path = (url->path == "/" ? "" : url->path) + "/?version=2";
  return *url;
}

/// {"subscribe":["AAPL","BTC-USD"]}
std::string subscription(const std::vector<std::string>& symbols) {
  std::string names;
  for (const std::string& symbol : symbols) names += (names.empty() ? "" : ",") + json_string(symbol);
  return "{\"subscribe\":[" + names + "]}";
}

/// One of the source's connections, which is opened again whenever it ends.
class Connection {
 public:
  Connection(boost::asio::io_context& context, const Config& config, const TransportConfig& transport,
             std::vector<std::string> symbols, SourceStatus& status)
      : silence_timeout_ms_(config.silence_timeout_ms),
        symbols_(std::move(symbols)),
        socket_(context, url_of(config), transport),
        timer_(context),
        backoff_(nanos_per_second, Nanos{transport.reconnect_delay_ms_max} * nanos_per_millisecond),
        random_(std::random_device{}()),
        status_(status) {}

  void start(FrameSink& sink) {
    sink_ = &sink;
    connect();
  }
  void stop() noexcept {
    is_stopped_ = true;
    timer_.cancel();
    socket_.cancel();
  }

 private:
  void connect() {
    status_.state = "connecting";
    socket_.open(silence_timeout_ms_, {.on_open = [this] { on_open(); },
                                       .on_message = [this](std::string_view message) { on_message(message); },
                                       .on_closed = [this](std::string reason) { on_closed(std::move(reason)); }});
  }
  void on_open() {
    status_.state = "streaming";
    opened_ns_ = steady_now_ns();
    socket_.send(subscription(symbols_));
  }
  void on_message(std::string_view message) {
    ++status_.frames;
    status_.bytes += message.size();
    status_.last_frame_ns = wall_now_ns();
    sink_->append(code, streamer, 0, {}, message, status_.last_frame_ns);
  }
  void on_closed(std::string reason) {
    ++status_.errors;
    ++status_.reconnects;
    status_.last_error = std::move(reason);
    if (is_stopped_) return;
    const Nanos opened_ns = std::exchange(opened_ns_, 0);
    if (opened_ns != 0 && steady_now_ns() - opened_ns >= settled_ns) backoff_.reset();
    status_.state = "reconnecting: " + status_.last_error;
    timer_.expires_after(std::chrono::nanoseconds(backoff_.next(random_())));
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error && !is_stopped_) connect();
    });
  }

  int silence_timeout_ms_;
  std::vector<std::string> symbols_;
  WebSocketClient socket_;
  boost::asio::steady_timer timer_;
  Backoff backoff_;
  std::mt19937_64 random_;
  SourceStatus& status_;
  FrameSink* sink_ = nullptr;
  Nanos opened_ns_ = 0;  // steady; 0: not open
  bool is_stopped_ = false;
};

class StreamerSource final : public Source {
 public:
  StreamerSource(boost::asio::io_context& context, const Config& config, const TransportConfig& transport) {
    status_.name = "yahoo";
    status_.state = "not started";
    for (std::size_t begin = 0; begin < config.symbols.size(); begin += symbols_per_connection) {
      std::vector<std::string> symbols;
      const std::size_t end = std::min(begin + symbols_per_connection, config.symbols.size());
      for (std::size_t i = begin; i < end; ++i) symbols.push_back(config.symbols[i].native_symbol);
      connections_.push_back(std::make_unique<Connection>(context, config, transport, std::move(symbols), status_));
    }
  }

  void start(FrameSink& sink) override {
    for (const auto& connection : connections_) connection->start(sink);
  }
  void stop() noexcept override {
    for (const auto& connection : connections_) connection->stop();
    status_.state = "stopped";
  }
  [[nodiscard]] const SourceStatus& status() const noexcept override { return status_; }

 private:
  SourceStatus status_;  // of all connections together
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace

std::unique_ptr<Source> make_streamer_source(boost::asio::io_context& context, const Config& config,
                                             const TransportConfig& transport) {
  return std::make_unique<StreamerSource>(context, config, transport);
}

}  // namespace tapeline::feeds::yahoo
