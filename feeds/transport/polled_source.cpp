#include "feeds/transport/polled_source.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/decimal.hpp"
#include "feeds/transport/poll_planner.hpp"
#include "feeds/transport/redactor.hpp"

namespace tapeline::feeds {
namespace {

PollTime time_now() { return {steady_now_ns(), wall_now_ns()}; }

PollPlan plan_of(const PolledOptions& options, const TransportConfig& transport) {
  PollPlan plan;
  for (const PolledRequest& request : options.requests) plan.requests.push_back({request.name, request.market});
  plan.poll_ns = Nanos{options.poll_seconds} * nanos_per_second;
  plan.spacing_ns = Nanos{options.request_spacing_ms} * nanos_per_millisecond;
  plan.requests_per_minute = options.requests_per_minute;
  plan.requests_per_day = options.requests_per_day;
  plan.backoff_cap_ns = Nanos{transport.reconnect_delay_ms_max} * nanos_per_millisecond;
  if (plan.requests_per_day > 0) {
    plan.quota_file = quota_file(transport.quota_directory, options.name, options.key.reveal());
  }
  return plan;
}

class PolledSource final : public Source {
 public:
  PolledSource(boost::asio::io_context& context, PolledOptions options, const TransportConfig& transport)
      : options_(std::move(options)),
        base_(url_of(options_)),
        client_(context, base_, transport),
        timer_(context),
        planner_(plan_of(options_, transport), std::random_device{}()),
        redactor_(options_.key),
        has_answered_(options_.requests.size(), false),
        answered_ns_(options_.requests.size(), 0) {
    status_.name = options_.name;
    status_.state = "not started";
    status_.is_polled = true;
    status_.quota_per_day = options_.requests_per_day;
  }

  void start(FrameSink& sink) override {
    sink_ = &sink;
    step();
  }
  void stop() noexcept override {
    is_stopped_ = true;
    timer_.cancel();
    client_.cancel();
    status_.state = "stopped";
    status_.next_poll_ns = 0;
  }
  void poll_now() override {
    if (is_stopped_ || planner_.is_over()) return;
    planner_.demand_all(time_now());
    if (!is_asking_) step();
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

  /// Does what the planner wants next.
  void step() {
    if (planner_.is_over()) {
      note_plan(time_now());
      status_.state = "refused for good: " + status_.last_error;
      status_.next_poll_ns = 0;
      return;
    }
    const PollTime now = time_now();
    const PollPlanner::Step next = planner_.next(now);
    note_plan(now);
    if (next.request) return ask(*next.request);
    if (!planner_.ledger_error().empty()) status_.last_error = planner_.ledger_error();
    status_.next_poll_ns = next.due_ns == 0 ? 0 : now.wall_ns + next.due_ns;
    timer_.expires_after(std::chrono::nanoseconds(std::max<Nanos>(next.wait_ns, 0)));
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error && !is_stopped_) step();
    });
  }

  void note_plan(PollTime now) {
    status_.rounds = planner_.rounds();
    status_.quota_left = planner_.quota_left(now.wall_ns).value_or(0);
    if (is_well_) status_.state = "polling";
  }

  void ask(std::size_t number) {
    const PolledRequest& request = options_.requests[number];
    is_asking_ = true;
    status_.state = "asking for " + request.name;
    status_.next_poll_ns = wall_now_ns();
    // The key joins the target here and nowhere else.
    std::string target = base_.path + (catches_up(number) ? request.catch_up_target : request.target);
    if (!options_.key_parameter.empty())
      target += "&" + options_.key_parameter + "=" + url_encoded(options_.key.reveal());
    client_.get(std::move(target), options_.headers, [this, number](Result<HttpResponse, HttpError> result) {
      is_asking_ = false;
      if (!is_stopped_) on_answer(number, std::move(result));
    });
  }

  [[nodiscard]] bool catches_up(std::size_t number) const {
    const PolledRequest& request = options_.requests[number];
    const Nanos last_ns = answered_ns_[number];
    return !request.catch_up_target.empty() && (last_ns == 0 || steady_now_ns() - last_ns > request.catch_up_ns);
  }

  void on_answer(std::size_t number, Result<HttpResponse, HttpError> result) {
    const PollTime now = time_now();
    if (!result) {
      const PollOutcome outcome = result.error().was_sent ? PollOutcome::unreachable : PollOutcome::not_sent;
      planner_.answered(number, outcome, 0, now);
      note_trouble(result.error().text, now);
    } else {
      HttpResponse& response = *result;
      redactor_.redact(response.body);
      const PolledRequest& request = options_.requests[number];
      ++status_.frames;
      status_.bytes += response.body.size();
      status_.last_frame_ns = now.wall_ns;
      sink_->append(options_.code, request.channel, response.status, request.context, response.body, now.wall_ns);
      const Reason refusal = read(number, response, now.wall_ns);
      act_on(number, refusal, response, now);
    }
    step();
  }

  /// Reads the answer as the pipeline will: for what it refuses, and for what it holds.
  Reason read(std::size_t number, HttpResponse& response, Nanos now_ns) {
    const PolledRequest& request = options_.requests[number];
    const std::size_t size = response.body.size();
    response.body.append(frame_padding_bytes, '\0');
    Frame frame;
    frame.receive_ns = now_ns;
    frame.source = options_.code;
    frame.channel = request.channel;
    frame.http_status = response.status;
    frame.context = request.context;
    frame.payload = {response.body.data(), size};
    output_.clear();
    options_.parser->parse(frame, output_);
    std::set<std::string_view> found;
    Reason refusal = Reason::none;
    for (const WireEvent& event : output_.events) {
      if (event.kind == EventKind::refusal && refusal == Reason::none) refusal = event.reason;
      if (event.kind != EventKind::tick && event.kind != EventKind::source_bar) continue;
      found.insert(event.symbol);
      if (request.symbols.size() == 1) planner_.note_price(number, to_double(event.price));
    }
    if (refusal == Reason::none || refusal == Reason::no_data) note_unknown(number, found);
    return refusal;
  }

  /// A symbol that a good answer does not hold, and never did, is unknown to the source, or no longer traded.
  void note_unknown(std::size_t number, const std::set<std::string_view>& found) {
    auto& unknown = status_.unknown_symbols;
    for (const std::string& symbol : options_.requests[number].symbols) {
      const auto listed = std::find(unknown.begin(), unknown.end(), symbol);
      if (found.contains(symbol)) {
        if (listed != unknown.end()) unknown.erase(listed);
      } else if (!has_answered_[number] && listed == unknown.end()) {
        unknown.push_back(symbol);
        ++status_.errors;
        status_.last_error =
            symbol + " is unknown to the source, or delisted: mend sources." + options_.name + ".symbols";
      }
    }
    has_answered_[number] = has_answered_[number] || !found.empty();
    answered_ns_[number] = steady_now_ns();
  }

  void act_on(std::size_t number, Reason refusal, const HttpResponse& response, PollTime now) {
    const PolledRequest& request = options_.requests[number];
    const Nanos told_ns = Nanos{response.retry_after_s} * nanos_per_second;
    const std::string what = request.name + ": HTTP " + std::to_string(response.status) + ", " + to_string(refusal);
    switch (refusal) {
      case Reason::refused_permanent:
        planner_.answered(number, PollOutcome::refused, 0, now);
        ++status_.errors;
        status_.last_error = request.name + " is refused (HTTP " + std::to_string(response.status) + ", " +
                             to_string(refusal) + "); it is not asked for again until a restart";
        is_well_ = true;
        return;
      case Reason::refused_quota:
        planner_.answered(number, PollOutcome::out_of_quota, told_ns, now);
        return note_trouble("the day's quota is used up", now);
      case Reason::refused_rate_limit:
        planner_.answered(number, PollOutcome::rate_limited, told_ns, now);
        return note_trouble("rate limit", now);
      case Reason::refused_temporary:
      case Reason::server_error:
        planner_.answered(number, PollOutcome::troubled, told_ns, now);
        return note_trouble(what, now);
      default: planner_.answered(number, PollOutcome::answered, 0, now); is_well_ = true;
    }
  }

  void note_trouble(std::string why, PollTime now) {
    ++status_.errors;
    status_.last_error = std::move(why);
    is_well_ = false;
    const Nanos wait_ns = planner_.paused_until_ns() - now.steady_ns;
    const bool rests = planner_.breaker(now.steady_ns) == CircuitBreaker::State::open;
    status_.state = (rests ? "left in peace for " : "waiting ") +
                    std::to_string(std::max<Nanos>(wait_ns, 0) / nanos_per_second) + " s: " + status_.last_error;
  }

  PolledOptions options_;
  Url base_;
  HttpClient client_;
  boost::asio::steady_timer timer_;
  PollPlanner planner_;
  Redactor redactor_;
  WireOutput output_;
  FrameSink* sink_ = nullptr;
  SourceStatus status_;
  std::vector<bool> has_answered_;  // by request: it has brought prices
  std::vector<Nanos> answered_ns_;  // by request: when it was well answered last, steady; 0: not yet
  bool is_well_ = true;             // nothing in trouble since the last good answer
  bool is_asking_ = false;
  bool is_stopped_ = false;
};

}  // namespace

std::unique_ptr<Source> make_polled_source(boost::asio::io_context& context, PolledOptions options,
                                           const TransportConfig& transport) {
  return std::make_unique<PolledSource>(context, std::move(options), transport);
}

}  // namespace tapeline::feeds
