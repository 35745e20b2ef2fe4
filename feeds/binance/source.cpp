#include "feeds/binance/source.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "feeds/binance/wire.hpp"
#include "feeds/checking_sink.hpp"
#include "feeds/transport/backoff.hpp"
#include "feeds/transport/websocket_client.hpp"

namespace tapeline::feeds::binance {
namespace {

/// A connection that lasts shorter than this is a failure like one that never was: it must not be followed by another
/// at once, for the source bans who connects too often.
constexpr Nanos settled_ns = 30 * nanos_per_second;

Url stream_url(const Config& config) {
  std::string streams;
  for (const Subscription& symbol : config.symbols) {
    std::string name = symbol.native_symbol;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    streams += (streams.empty() ? "" : "/") + name + "@trade";
  }
  auto url = parse_url(config.websocket_url);
  if (!url) throw std::invalid_argument("sources.binance.websocket_url is no address: " + config.websocket_url);
  url->path = (url->path == "/" ? "" : url->path) + "/stream?streams=" + streams;
  return *url;
}

class BinanceSource final : public Source {
 public:
  BinanceSource(boost::asio::io_context& context, const Config& config, const TransportConfig& transport)
      : config_(config),
        socket_(context, stream_url(config), transport),
        timer_(context),
        backoff_(nanos_per_second, Nanos{transport.reconnect_delay_ms_max} * nanos_per_millisecond),
        random_(std::random_device{}()) {
    status_.name = "binance";
    status_.state = "not started";
  }

  void start(FrameSink& sink) override {
    sink_ = &sink;
    connect();
  }
  void stop() noexcept override {
    is_stopped_ = true;
    timer_.cancel();
    socket_.cancel();
    status_.state = "stopped";
  }
  [[nodiscard]] const SourceStatus& status() const noexcept override { return status_; }

 private:
  void connect() {
    status_.state = "connecting";
    socket_.open(config_.silence_timeout_ms,
                 {.on_open = [this] { on_open(); },
                  .on_message = [this](std::string_view message) { on_message(message); },
                  .on_closed = [this](std::string reason) { on_closed(std::move(reason)); }});
  }
  void on_open() {
    status_.state = "streaming";
    opened_ns_ = steady_now_ns();
  }
  void on_message(std::string_view message) {
    ++status_.frames;
    status_.bytes += message.size();
    status_.last_frame_ns = wall_now_ns();
    sink_->append(code, combined, 0, {}, message, status_.last_frame_ns);
  }
  void on_closed(std::string reason) {
    ++status_.errors;
    ++status_.reconnects;
    status_.last_error = std::move(reason);
    if (is_stopped_) return;
    const Nanos opened_ns = std::exchange(opened_ns_, 0);
    if (opened_ns != 0 && steady_now_ns() - opened_ns >= settled_ns) backoff_.reset();
    const Nanos delay_ns = backoff_.next(random_());
    status_.state = "reconnecting: " + status_.last_error;
    timer_.expires_after(std::chrono::nanoseconds(delay_ns));
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error && !is_stopped_) connect();
    });
  }

  Config config_;
  WebSocketClient socket_;
  boost::asio::steady_timer timer_;
  Backoff backoff_;
  std::mt19937_64 random_;
  FrameSink* sink_ = nullptr;
  SourceStatus status_;
  Nanos opened_ns_ = 0;  // steady; 0: not open
  bool is_stopped_ = false;
};

}  // namespace

std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                    const TransportConfig& transport) {
  return std::make_unique<BinanceSource>(context, config, transport);
}

CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms) {
  boost::asio::io_context context;
  Parser parser;
  BinanceSource source(context, config, transport);
  return check_source(context, source, parser, timeout_ms);
}

}  // namespace tapeline::feeds::binance
