#include "feeds/transport/stream_source.hpp"

#include <array>
#include <chrono>
#include <random>
#include <stdexcept>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "feeds/transport/http_client.hpp"
#include "feeds/transport/stream_session.hpp"
#include "feeds/transport/websocket_client.hpp"

namespace tapeline::feeds {
namespace {

constexpr auto tick = std::chrono::milliseconds(50);

Url url_of(const std::string& name, const char* key, const std::string& text) {
  auto url = parse_url(text);
  if (!url) throw std::invalid_argument("sources." + name + "." + key + " is no address: " + text);
  return *url;
}

Url websocket_url_of(const std::string& name, const StreamAddresses& addresses) {
  Url url = url_of(name, "websocket_url", addresses.websocket_url);
  if (!addresses.path.empty()) url.path = (url.path == "/" ? "" : url.path) + addresses.path;
  return url;
}

/// Nobody is asked where no address is given: any will do.
Url rest_url_of(const std::string& name, const StreamAddresses& addresses) {
  Url url = url_of(name, "rest_url", addresses.rest_url.empty() ? "http://127.0.0.1" : addresses.rest_url);
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

StreamPlan without_backfill_where_no_address_is(StreamPlan plan, const StreamAddresses& addresses) {
  if (addresses.rest_url.empty()) plan.backfill.trades_max = 0;
  return plan;
}

class StreamSource final : public Source {
 public:
  StreamSource(boost::asio::io_context& context, StreamPlan plan, const StreamAddresses& addresses,
               const TransportConfig& transport)
      : websocket_url_(websocket_url_of(plan.name, addresses)),
        rest_url_(rest_url_of(plan.name, addresses)),
        silence_ms_(static_cast<int>(plan.silence_ns_max / nanos_per_millisecond)),
        session_(without_backfill_where_no_address_is(std::move(plan), addresses), std::random_device{}()),
        sockets_{WebSocketClient(context, websocket_url_, transport),
                 WebSocketClient(context, websocket_url_, transport)},
        http_(context, rest_url_, transport),
        timer_(context) {
    status_.name = session_.plan().name;
    status_.state = "not started";
  }

  void start(FrameSink& sink) override {
    sink_ = &sink;
    session_.start(steady_now_ns());
    act();
    arm();
  }
  [[nodiscard]] std::optional<SourceCode> resumable() const override {
    return session_.plan().backfill.trades_max > 0 ? std::optional(session_.plan().code) : std::nullopt;
  }
  void resume(const JournaledTrade& trade) override { session_.resume(trade); }
  void stop() noexcept override {
    is_stopped_ = true;
    timer_.cancel();
    for (WebSocketClient& socket : sockets_) socket.cancel();
    http_.cancel();
    status_.state = "stopped";
  }
  [[nodiscard]] const SourceStatus& status() const noexcept override { return status_; }

 private:
  void arm() {
    timer_.expires_after(tick);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error || is_stopped_) return;
      session_.pass_time(steady_now_ns());
      act();
      arm();
    });
  }

  /// Does what the session says. What it says meanwhile (a socket that is closed at once) comes behind it.
  void act() {
    while (session_.has_actions() && !is_stopped_) {
      for (StreamAction& action : session_.take_actions()) {
        switch (action.kind) {
          case StreamAction::Kind::open: open(action.link); break;
          case StreamAction::Kind::close: sockets_[action.link].cancel(); break;
          case StreamAction::Kind::send: sockets_[action.link].send(std::move(action.text)); break;
          case StreamAction::Kind::fetch: fetch(std::move(action)); break;
        }
      }
    }
    if (!is_stopped_) session_.describe(status_);
  }

  void open(std::size_t link) {
    sockets_[link].open(silence_ms_,
                        {.on_open =
                             [this, link] {
                               session_.opened(link, steady_now_ns());
                               act();
                             },
                         .on_message = [this, link](std::string_view message) { on_message(link, message); },
                         .on_ping = [this, link] { session_.pinged(link, steady_now_ns()); },
                         .on_closed =
                             [this, link](std::string reason) {
                               session_.closed(link, std::move(reason), steady_now_ns());
                               act();
                             }});
  }

  void on_message(std::size_t link, std::string_view message) {
    const Nanos wall_ns = wall_now_ns();
    ++status_.frames;
    status_.bytes += message.size();
    status_.last_frame_ns = wall_ns;
    const StreamPlan& plan = session_.plan();
    if (session_.heard(link, message, wall_ns, steady_now_ns())) {
      sink_->append(plan.code, plan.channel, 0, {}, message, wall_ns);
    }
    if (session_.has_actions()) act();
  }

  void fetch(StreamAction action) {
    http_.get(rest_url_.path + action.text, {},
              [this, context = std::move(action.context)](Result<HttpResponse, HttpError> result) {
                if (is_stopped_) return;
                if (result) {
                  on_answer(*result, context);
                } else {
                  session_.fetch_failed(result.error().text, steady_now_ns());
                }
                act();
              });
  }

  void on_answer(HttpResponse& response, const std::string& context) {
    const Nanos wall_ns = wall_now_ns();
    const StreamPlan& plan = session_.plan();
    sink_->append(plan.code, plan.backfill.channel, response.status, context, response.body, wall_ns);
    const std::size_t size = response.body.size();
    response.body.append(frame_padding_bytes, '\0');
    session_.answered(
        {response.status, std::string_view(response.body).substr(0, size), context, response.retry_after_s}, wall_ns,
        steady_now_ns());
  }

  Url websocket_url_;
  Url rest_url_;
  int silence_ms_;
  StreamSession session_;
  std::array<WebSocketClient, StreamSession::links> sockets_;
  HttpClient http_;
  boost::asio::steady_timer timer_;
  FrameSink* sink_ = nullptr;
  SourceStatus status_;
  bool is_stopped_ = false;
};

}  // namespace

std::unique_ptr<Source> make_stream_source(boost::asio::io_context& context, StreamPlan plan,
                                           const StreamAddresses& addresses, const TransportConfig& transport) {
  return std::make_unique<StreamSource>(context, std::move(plan), addresses, transport);
}

}  // namespace tapeline::feeds
