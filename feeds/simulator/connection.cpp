#include "feeds/simulator/connection.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "feeds/simulator/http_routes.hpp"
#include "feeds/simulator/packing.hpp"
#include "feeds/simulator/recording.hpp"
#include "feeds/simulator/send_limits.hpp"
#include "feeds/simulator/stream_habits.hpp"
#include "feeds/simulator/websocket_frames.hpp"

namespace tapeline::feeds::simulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr auto idle_timeout = std::chrono::seconds(60);
constexpr auto goodbye_timeout = std::chrono::seconds(2);
constexpr auto ping_interval = std::chrono::seconds(20);  // as Binance does
constexpr std::size_t drop_count = 20;                    // of a reply that comes slowly
constexpr auto drop_pause = std::chrono::milliseconds(100);
constexpr auto beat_interval = std::chrono::seconds(1);
constexpr int goodbye_after_s = 5;  // behind the announcement
constexpr std::size_t request_bytes_max = 64 * 1024;
constexpr std::size_t recording_bytes_ahead = 256 * 1024;

using PlainStream = beast::tcp_stream;
using TlsStream = asio::ssl::stream<beast::tcp_stream>;

template <class Stream>
class Connection final : public Client, public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Stream stream, Exchange& exchange, const TapeClock& clock)
      : stream_(std::move(stream)),
        exchange_(exchange),
        clock_(clock),
        listener_{.client = this, .dialect = nullptr},
        limits_(exchange.options()),
        habits_(exchange.options()),
        goodbye_timer_(stream_.get_executor()),
        ping_timer_(stream_.get_executor()),
        beat_timer_(stream_.get_executor()),
        pace_timer_(stream_.get_executor()) {
    LiveCounters::add(exchange_.counters().connections);
    exchange_.enter(*this);
  }

  ~Connection() override {
    exchange_.remove(listener_);
    exchange_.exit(*this);
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    if (!exchange_.lets_in(clock_.now_ns())) return cut();
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      if (exchange_.options().cuts_tls) return lowest().close();
      lowest().expires_after(idle_timeout);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = self()](error_code error) {
        if (!error) self->read_request();
      });
    } else {
      read_request();
    }
  }

  void send(std::string_view message) override {
    habits_.pass(message, [this](std::string_view one) { put(one); });
  }

  void flush() override {
    if (writing_ || filling_.empty()) return;
    writing_ = true;
    std::swap(filling_, flushing_);
    asio::async_write(stream_, asio::buffer(flushing_), [self = self()](error_code error, std::size_t bytes) {
      LiveCounters::add(self->exchange_.counters().bytes_sent, bytes);
      self->flushing_.clear();
      self->writing_ = false;
      self->on_flushed(error);
    });
  }

  void leave() override { leave_with(close_normal); }

  void drop() override {
    if (phase_ != Phase::streaming) return;
    LiveCounters::add(exchange_.counters().connections_dropped);
    phase_ = Phase::closing;
    filling_.clear();
    asio::post(stream_.get_executor(), [self = self()] { self->cut(); });
  }

 private:
  enum class Phase {
    http,       // requests and replies
    streaming,  // a WebSocket
    leaving,    // our close frame is under way, the client's is awaited
    closing     // what is queued still goes out, then the socket is closed
  };

  auto self() { return this->shared_from_this(); }
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  void put(std::string_view message) {
    if (phase_ != Phase::streaming || silent_) return;
    const Verdict verdict = limits_.next();
    if (verdict == Verdict::withhold) {
      silent_ = true;
      return;
    }
    append_message(Opcode::text, message, exchange_.options().fragment_bytes);
    LiveCounters::add(exchange_.counters().market_messages);
    if (verdict == Verdict::send_then_close) leave();
    if (verdict == Verdict::send_then_drop) {
      LiveCounters::add(exchange_.counters().connections_dropped);
      phase_ = Phase::closing;
      is_rude_ = true;
      flush();
    }
    if (filling_.size() > exchange_.options().out_queue_bytes_max && phase_ == Phase::streaming) {
      LiveCounters::add(exchange_.counters().slow_clients_dropped);
      phase_ = Phase::closing;
      filling_.clear();
      asio::post(stream_.get_executor(), [self = self()] { self->cut(); });
    }
  }

  /// In frames of at most `fragment_bytes`; 0: in one.
  void append_message(Opcode opcode, std::string_view message, std::size_t fragment_bytes) {
    std::string packed;
    Packing packing = Packing::none;
    if (deflates_ && (opcode == Opcode::text || opcode == Opcode::binary)) {
      packed = deflated(message);
      message = packed;
      packing = Packing::deflated;
      LiveCounters::add(exchange_.counters().deflated_messages);
    }
    fragment_bytes == 0 ? append_frame(filling_, opcode, message, packing)
                        : append_fragments(filling_, opcode, message, fragment_bytes, packing);
  }

  void read_request() {
    parser_.emplace();
    parser_->body_limit(request_bytes_max);
    lowest().expires_after(idle_timeout);
    http::async_read(stream_, buffer_, *parser_, [self = self()](error_code error, std::size_t) {
      if (error) return self->close_politely();
      self->on_request();
    });
  }

  void on_request() {
    LiveCounters::add(exchange_.counters().http_requests);
    const auto& request = parser_->get();
    const std::string target(request.target());
    if (beast::websocket::is_upgrade(request)) {
      const Target parsed = parse_target(target);
      listener_.dialect = make_dialect(parsed, exchange_.market(), exchange_.tape());
      if (listener_.dialect || exchange_.plays_recordings()) return upgrade();
    }
    HttpReply reply{.status = 405, .content_type = "text/plain", .body = "only GET is served here\n"};
    if (request.method() == http::verb::get || request.method() == http::verb::head) {
      const Nanos now_ns = exchange_.quote_time_ns(clock_.now_ns());
      exchange_.market().advance_to(now_ns);
      RoutedReply routed = route(exchange_.market(), exchange_.history(), exchange_.options().canned, target, now_ns);
      if (routed.canned) LiveCounters::add(exchange_.counters().canned_responses);
      reply = std::move(routed.reply);
      if (!routed.canned) exchange_.rest_faults().spoil(parse_target(target), reply);
    }
    write_reply(std::move(reply));
  }

  void write_reply(HttpReply reply) {
    const auto& request = parser_->get();
    auto response = std::make_shared<http::response<http::string_body>>();
    response->version(request.version());
    response->result(reply.status);
    response->set(http::field::server, "tapeline-sim");
    response->set(http::field::content_type, reply.content_type);
    if (reply.retry_after_s) response->set(http::field::retry_after, std::to_string(*reply.retry_after_s));
    response->keep_alive(request.keep_alive());
    const bool may_pack = request[http::field::accept_encoding].find("gzip") != std::string_view::npos;
    if (may_pack && (exchange_.options().packs_replies || reply.delivery == Delivery::packed)) {
      response->set(http::field::content_encoding, "gzip");
      reply.body = gzipped(reply.body);
    }
    response->content_length(reply.body.size());
    if (request.method() != http::verb::head) response->body() = std::move(reply.body);
    if (reply.delivery != Delivery::whole && reply.delivery != Delivery::packed) {
      return deliver_badly(reply.delivery, serialized(*response));
    }
    lowest().expires_after(idle_timeout);
    auto finish = [self = self(), response](error_code error, std::size_t bytes) {
      LiveCounters::add(self->exchange_.counters().bytes_sent, bytes);
      if (error || response->need_eof() || self->phase_ != Phase::http) return self->close_politely();
      self->read_request();
    };
    http::async_write(stream_, *response, std::move(finish));
  }

  static std::string serialized(const http::response<http::string_body>& response) {
    std::ostringstream text;
    text << response;
    return text.str();
  }

  /// Half of the reply and no more, or in drops, or nothing at all.
  void deliver_badly(Delivery delivery, std::string bytes) {
    lowest().expires_after(idle_timeout);
    if (delivery == Delivery::hang) return read_request();  // until the client leaves
    const bool is_cut = delivery == Delivery::cut;
    drops_ = is_cut ? bytes.substr(0, bytes.size() / 2) : std::move(bytes);
    deliver_drops(is_cut ? drops_.size() : drops_.size() / drop_count + 1, is_cut);
  }
  void deliver_drops(std::size_t drop_bytes, bool is_cut) {
    flushing_ = drops_.substr(0, drop_bytes);
    drops_.erase(0, drop_bytes);
    asio::async_write(stream_, asio::buffer(flushing_),
                      [self = self(), drop_bytes, is_cut](error_code error, std::size_t) {
                        self->flushing_.clear();
                        if (error || is_cut) return self->cut();
                        if (self->drops_.empty()) return self->read_request();
                        self->pace_timer_.expires_after(drop_pause);
                        self->pace_timer_.async_wait([self, drop_bytes](error_code cancelled) {
                          if (!cancelled) self->deliver_drops(drop_bytes, false);
                        });
                      });
  }

  void upgrade() {
    const auto& request = parser_->get();
    const std::string key(request[http::field::sec_websocket_key]);
    std::string extensions;
    if (exchange_.options().deflates_messages) {
      extensions = accepted_deflate(request[http::field::sec_websocket_extensions]);
      deflates_ = !extensions.empty();
      if (deflates_) {
        frames_.accept_deflated();
        extensions = "\r\nSec-WebSocket-Extensions: " + extensions;
      }
    }
    LiveCounters::add(exchange_.counters().websockets);
    lowest().expires_never();
    phase_ = Phase::streaming;
    upgraded_ns_ = clock_.now_ns();
    filling_ =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        accept_key(key) + extensions + "\r\n\r\n";
    frames_.feed({static_cast<const char*>(buffer_.data().data()), buffer_.size()});
    buffer_.clear();
    parser_.reset();
    if (exchange_.plays_recordings() && !exchange_.options().broadcasts_recording) {
      recording_ = std::make_unique<RecordingReader>(exchange_.options().recordings);
      play();
    } else {
      if (!exchange_.plays_recordings()) listener_.dialect->greet(direct());
      exchange_.add(listener_);
    }
    flush();
    arm_ping();
    if (listener_.dialect) arm_beat();
    take_frames();
    read_frames();
  }

  /// For what is no market message, and subject to no habit.
  [[nodiscard]] StreamDialect::Send direct() {
    return [this](std::string_view message) { reply(Opcode::text, message); };
  }

  void arm_beat() {
    beat_timer_.expires_after(beat_interval);
    beat_timer_.async_wait([weak = this->weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (error || !self || self->phase_ != Phase::streaming) return;
      const Nanos now_ns = self->clock_.now_ns();
      self->listener_.dialect->beat(now_ns, self->direct());
      const int lifetime_s = self->exchange_.options().lifetime_s;
      const Nanos age_ns = now_ns - self->upgraded_ns_;
      if (lifetime_s > 0 && age_ns >= (lifetime_s + goodbye_after_s) * nanos_per_second) return self->leave();
      if (lifetime_s > 0 && age_ns >= lifetime_s * nanos_per_second && !std::exchange(self->is_announced_, true)) {
        self->listener_.dialect->announce_end(now_ns, self->direct());
      }
      self->flush();
      self->arm_beat();
    });
  }

  void read_frames() {
    stream_.async_read_some(asio::buffer(chunk_), [self = self()](error_code error, std::size_t bytes) {
      if (error) return self->cut();
      self->frames_.feed({self->chunk_.data(), bytes});
      self->take_frames();
      if (self->phase_ != Phase::closing) self->read_frames();
    });
  }

  void take_frames() {
    while (phase_ != Phase::closing) {
      const ClientFrames::Status status = frames_.next();
      if (status == ClientFrames::Status::need_more) break;
      if (status == ClientFrames::Status::broken) return leave_with(close_protocol_error);
      on_frame();
    }
    flush();
  }

  void on_frame() {
    switch (frames_.opcode()) {
      case Opcode::text:
      case Opcode::binary:
        LiveCounters::add(exchange_.counters().control_requests);
        if (listener_.dialect) listener_.dialect->answer(frames_.payload(), direct());
        break;
      case Opcode::ping: reply(Opcode::pong, frames_.payload()); break;
      case Opcode::close:
        if (phase_ == Phase::streaming) append_frame(filling_, Opcode::close, frames_.payload().substr(0, 2));
        phase_ = Phase::closing;
        if (!writing_ && filling_.empty()) close_politely();
        break;
      default: break;
    }
  }

  void reply(Opcode opcode, std::string_view payload) {
    if (phase_ == Phase::streaming && !silent_) append_message(opcode, payload, 0);
  }

  void arm_ping() {
    ping_timer_.expires_after(ping_interval);
    ping_timer_.async_wait([weak = this->weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (error || !self || self->phase_ != Phase::streaming) return;
      self->reply(Opcode::ping, std::to_string(self->clock_.now_ns() / nanos_per_millisecond));
      self->flush();
      self->arm_ping();
    });
  }

  /// Sends what is due of the recording, as long as the client keeps up.
  void play() {
    try {
      while (phase_ == Phase::streaming && !silent_ && filling_.size() < recording_bytes_ahead) {
        if (!loaded_) {
          if (!recording_->next(message_)) return leave();
          loaded_ = true;
        }
        if (!due()) return flush();
        send(message_.payload);
        loaded_ = false;
      }
    } catch (const std::exception&) {
      return leave_with(
          1011);  // the files were readable at the start: what is missing now, the client sees as an error
    }
    flush();
  }

  /// Whether the loaded message may go; if not, its time is waited for.
  bool due() {
    if (exchange_.options().recording_pacing == Pacing::fastest) return true;
    const Nanos now_ns = clock_.now_ns();
    if (!first_receive_ns_) {
      first_receive_ns_ = message_.receive_ns;
      play_start_ns_ = now_ns;
    }
    const double since_start = static_cast<double>(message_.receive_ns - *first_receive_ns_);
    const Nanos due_ns = play_start_ns_ + static_cast<Nanos>(since_start / exchange_.options().recording_speed);
    if (due_ns <= now_ns) return true;
    pace_timer_.expires_after(std::chrono::nanoseconds(due_ns - now_ns));
    pace_timer_.async_wait([weak = this->weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (!error && self) self->play();
    });
    return false;
  }

  void on_flushed(error_code error) {
    if (error) return cut();
    if (!filling_.empty()) return flush();
    if (phase_ == Phase::closing) return is_rude_ ? cut() : close_politely();
    if (recording_ && phase_ == Phase::streaming) play();
  }

  void leave_with(std::uint16_t code) {
    if (phase_ == Phase::http) {
      phase_ = Phase::closing;
      lowest().cancel();
      return;
    }
    if (phase_ != Phase::streaming) return;
    phase_ = Phase::leaving;
    append_close(filling_, code);
    flush();
    goodbye_timer_.expires_after(goodbye_timeout);
    goodbye_timer_.async_wait([weak = this->weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (!error && self) self->cut();
    });
  }

  /// Ends the connection with the farewell of its transport.
  void close_politely() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(goodbye_timeout);
      stream_.async_shutdown([self = self()](error_code) { self->cut(); });
    } else {
      error_code ignored;
      lowest().socket().shutdown(tcp::socket::shutdown_send, ignored);
      cut();
    }
  }

  void cut() {
    phase_ = Phase::closing;
    ping_timer_.cancel();
    beat_timer_.cancel();
    pace_timer_.cancel();
    goodbye_timer_.cancel();
    exchange_.remove(listener_);
    lowest().close();
  }

  Stream stream_;
  Exchange& exchange_;
  const TapeClock& clock_;
  Phase phase_ = Phase::http;
  bool silent_ = false;

  beast::flat_buffer buffer_{request_bytes_max};
  std::optional<http::request_parser<http::string_body>> parser_;

  Listener listener_;
  SendLimits limits_;
  StreamHabits habits_;
  Nanos upgraded_ns_ = 0;
  bool is_announced_ = false;  // that it is about to end
  bool is_rude_ = false;       // ends without the farewell of its transport
  bool deflates_ = false;      // agreed upon with the client
  ClientFrames frames_;
  std::array<char, 8192> chunk_{};
  std::string drops_;     // what is left of a reply that comes slowly
  std::string filling_;   // what the next write takes
  std::string flushing_;  // what a write is taking
  bool writing_ = false;

  std::unique_ptr<RecordingReader> recording_;
  RecordedMessage message_;
  bool loaded_ = false;
  std::optional<Nanos> first_receive_ns_;
  Nanos play_start_ns_ = 0;

  asio::steady_timer goodbye_timer_;
  asio::steady_timer ping_timer_;
  asio::steady_timer beat_timer_;
  asio::steady_timer pace_timer_;
};

}  // namespace

void serve_connection(asio::io_context& io, asio::ssl::context* tls, AcceptedSocket accepted, Exchange& exchange,
                      const TapeClock& clock) {
  tcp::socket socket(io);
  error_code error;
  socket.assign(accepted.family == AddressFamily::v4 ? tcp::v4() : tcp::v6(), accepted.descriptor, error);
  if (error) return;
  socket.set_option(tcp::no_delay(true), error);
  beast::tcp_stream stream(std::move(socket));
  if (tls == nullptr) {
    std::make_shared<Connection<PlainStream>>(std::move(stream), exchange, clock)->start();
  } else {
    std::make_shared<Connection<TlsStream>>(TlsStream(std::move(stream), *tls), exchange, clock)->start();
  }
}

}  // namespace tapeline::feeds::simulator
