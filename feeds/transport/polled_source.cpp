#include "feeds/transport/polled_source.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "feeds/transport/backoff.hpp"

namespace tapeline::feeds {
namespace {

constexpr Nanos rate_limit_pause_ns = 60 * nanos_per_second;
constexpr Nanos quota_pause_ns = 3'600 * nanos_per_second;
/// A source that asks for more patience than this is asked again all the same.
constexpr int retry_after_s_max = 24 * 3'600;
/// Of one request in one round.
constexpr int tries_max = 3;

class PolledSource final : public Source {
 public:
  PolledSource(boost::asio::io_context& context, PolledOptions options, const TransportConfig& transport)
      : options_(std::move(options)),
        base_(url_of(options_)),
        client_(context, base_, transport),
        timer_(context),
        backoff_(nanos_per_second, std::max(Nanos{transport.reconnect_delay_ms_max} * nanos_per_millisecond,
                                            Nanos{options_.poll_seconds} * nanos_per_second)),
        random_(std::random_device{}()),
        is_refused_(options_.requests.size(), false) {
    status_.name = options_.name;
    status_.state = "not started";
  }

  void start(FrameSink& sink) override {
    sink_ = &sink;
    begin_round();
  }
  void stop() noexcept override {
    is_stopped_ = true;
    timer_.cancel();
    client_.cancel();
    status_.state = "stopped";
  }
  [[nodiscard]] const SourceStatus& status() const noexcept override { return status_; }

 private:
  static Url url_of(const PolledOptions& options) {
    auto url = parse_url(options.base_url);
    if (!url) throw std::invalid_argument("sources." + options.name + ".base_url is no address: " + options.base_url);
    while (url->path.ends_with('/')) url->path.pop_back();
    const std::string& key = options.key.reveal();
    if (std::any_of(key.begin(), key.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; })) {
      throw std::invalid_argument("sources." + options.name +
                                  ".api_key holds white space or control characters; is there a line end in it?");
    }
    return *url;
  }

  void begin_round() {
    round_began_ns_ = steady_now_ns();
    next_ = 0;
    tries_ = 0;
    ask_next();
  }

  void ask_next() {
    while (next_ < options_.requests.size() && is_refused_[next_]) ++next_;
    if (next_ == options_.requests.size()) return end_round();
    const PolledRequest& request = options_.requests[next_];
    status_.state = "asking for " + request.name;
    // The key joins the target here and nowhere else.
    std::string target = base_.path + request.target;
    if (!options_.key_parameter.empty())
      target += "&" + options_.key_parameter + "=" + url_encoded(options_.key.reveal());
    client_.get(std::move(target), options_.headers,
                [this](Result<HttpResponse, HttpError> result) { on_answer(std::move(result)); });
  }

  void end_round() {
    ++status_.rounds;
    const bool all_refused = std::all_of(is_refused_.begin(), is_refused_.end(), [](bool refused) { return refused; });
    if (all_refused) {
      status_.state = "refused for good: " + status_.last_error;
      return;
    }
    status_.state = "polling";
    wait_until(round_began_ns_ + Nanos{options_.poll_seconds} * nanos_per_second, [this] { begin_round(); });
  }

  template <class Then>
  void wait_until(Nanos steady_ns, Then then) {
    timer_.expires_after(std::chrono::nanoseconds(std::max<Nanos>(steady_ns - steady_now_ns(), 0)));
    timer_.async_wait([this, then](boost::system::error_code error) {
      if (!error && !is_stopped_) then();
    });
  }

  /// A body may echo the key: the one change that bytes see before the journal.
  void redact(std::string& body) const {
    const std::string& key = options_.key.reveal();
    // Neither short words nor the demo key are secrets, and answers may hold them for other reasons.
    if (key.size() < 4 || key == "demo") return;
    constexpr std::string_view stars = "***";
    for (std::size_t at = body.find(key); at != std::string::npos; at = body.find(key, at + stars.size())) {
      body.replace(at, key.size(), stars);
    }
  }

  void on_answer(Result<HttpResponse, HttpError> result) {
    if (is_stopped_) return;
    if (!result) return retry_connecting(result.error().text);
    HttpResponse& response = *result;
    redact(response.body);
    const PolledRequest& request = options_.requests[next_];
    const Nanos now_ns = wall_now_ns();
    ++status_.frames;
    status_.bytes += response.body.size();
    status_.last_frame_ns = now_ns;
    sink_->append(options_.code, request.channel, response.status, request.context, response.body, now_ns);
    act_on(refusal_in(response, request, now_ns), response.status, response.retry_after_s, request);
  }

  Reason refusal_in(HttpResponse& response, const PolledRequest& request, Nanos now_ns) {
    const std::size_t size = response.body.size();
    response.body.append(frame_padding_bytes, '\0');
    Frame frame;
    frame.receive_ns = now_ns;
    frame.source = options_.code;
    frame.channel = request.channel;
    frame.http_status = response.status;
    frame.context = request.context;
    frame.payload = {response.body.data(), size};
    return options_.refusal_of(frame);
  }

  void act_on(Reason reason, std::uint16_t http_status, int retry_after_s, const PolledRequest& request) {
    switch (reason) {
      case Reason::refused_permanent:
        ++status_.errors;
        status_.last_error = request.name + " is refused (HTTP " + std::to_string(http_status) + ", " +
                             to_string(reason) + "); it is not asked for again until a restart";
        is_refused_[next_] = true;
        break;
      case Reason::refused_quota: return pause("the day's quota is used up", quota_pause_ns);
      case Reason::refused_rate_limit:
        return pause("rate limit", retry_after_s > 0
                                       ? Nanos{std::min(retry_after_s, retry_after_s_max)} * nanos_per_second
                                       : rate_limit_pause_ns);
      case Reason::refused_temporary:
      case Reason::server_error:
        return retry_asking(request.name + ": HTTP " + std::to_string(http_status) + ", " + to_string(reason));
      default: backoff_.reset(); break;
    }
    go_on();
    wait_until(steady_now_ns() + Nanos{options_.request_spacing_ms} * nanos_per_millisecond, [this] { ask_next(); });
  }

  void go_on() noexcept {
    ++next_;
    tries_ = 0;
  }

  /// The same request again after a pause that the source has asked for, and a little more, so that not all come at
  /// once.
  void pause(std::string why, Nanos pause_ns) {
    ++status_.errors;
    ++status_.rounds;
    status_.last_error = std::move(why);
    const auto jitter_ns = static_cast<Nanos>(random_() % static_cast<std::uint64_t>(nanos_per_second));
    status_.state = "waiting " + std::to_string(pause_ns / nanos_per_second) + " s: " + status_.last_error;
    wait_until(steady_now_ns() + pause_ns + jitter_ns, [this] { ask_next(); });
  }

  /// The server is not reached, or leaves in mid-answer: that is the same for every request, so that this one stays the
  /// next.
  void retry_connecting(std::string why) {
    if (++tries_ % tries_max == 0) ++status_.rounds;
    retry_later(std::move(why));
  }

  /// The server answers, but not with data.
  void retry_asking(std::string why) {
    if (++tries_ == tries_max) go_on();
    retry_later(std::move(why));
  }

  void retry_later(std::string why) {
    ++status_.errors;
    status_.last_error = std::move(why);
    status_.state = "retrying: " + status_.last_error;
    const auto spacing_ns = Nanos{options_.request_spacing_ms} * nanos_per_millisecond;
    wait_until(steady_now_ns() + std::max(backoff_.next(random_()), spacing_ns), [this] { ask_next(); });
  }

  PolledOptions options_;
  Url base_;
  HttpClient client_;
  boost::asio::steady_timer timer_;
  Backoff backoff_;
  std::mt19937_64 random_;
  FrameSink* sink_ = nullptr;
  SourceStatus status_;
  std::vector<bool> is_refused_;  // by request
  std::size_t next_ = 0;
  int tries_ = 0;  // of the next request, in this round
  Nanos round_began_ns_ = 0;
  bool is_stopped_ = false;
};

}  // namespace

std::unique_ptr<Source> make_polled_source(boost::asio::io_context& context, PolledOptions options,
                                           const TransportConfig& transport) {
  return std::make_unique<PolledSource>(context, std::move(options), transport);
}

}  // namespace tapeline::feeds
