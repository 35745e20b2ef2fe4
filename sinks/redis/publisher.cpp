#include "sinks/redis/publisher.hpp"

#include <algorithm>
#include <stdexcept>

#include "core/base/crash_point.hpp"
#include "core/stages/instrument_directory.hpp"
#include "sinks/redis/encoder.hpp"

namespace tapeline::sinks::redis {
namespace {

constexpr Nanos delay_ns_min = 50 * nanos_per_millisecond;
constexpr Nanos tell_interval_ns = 10 * nanos_per_second;
/// Nobody mends a password within seconds, and each refusal is a line in the server's log.
constexpr Nanos refused_delay_factor = 10;

Address address_or_throw(const Config& config) {
  auto address = parse_address(config.address);
  if (!address) throw std::invalid_argument("redis.address: " + address.error());
  return *address;
}

std::string place_text(const auto& place) {
  return "journal position " + std::to_string(place.position) + " (" + format_utc(place.receive_ns) + ")";
}

}  // namespace

const char* to_string(State state) noexcept {
  switch (state) {
    case State::connecting: return "connecting";
    case State::connected: return "connected";
    case State::waiting: return "waiting";
    case State::refused: return "refused";
  }
  return "unknown";
}

Publisher::Publisher(Config config, Surroundings surroundings)
    : config_(std::move(config)),
      surroundings_(std::move(surroundings)),
      address_(address_or_throw(config_)),
      jitter_(static_cast<std::minstd_rand::result_type>(steady_now_ns() | 1)),
      delay_ns_(delay_ns_min) {}

Nanos Publisher::deadline_ns() const noexcept {
  return steady_now_ns() + Nanos{config_.call_timeout_ms} * nanos_per_millisecond;
}

Nanos Publisher::delay_ns_max() const noexcept {
  return std::max(delay_ns_min, Nanos{config_.reconnect_delay_ms_max} * nanos_per_millisecond);
}

SinkReadiness Publisher::readiness() noexcept {
  if (connection_.is_open()) {
    if (connection_.is_alive()) return SinkReadiness::ready;
    lose("Redis at " + to_string(address_) + ": the server closed the connection");
  }
  if (steady_now_ns() < next_attempt_ns_) return SinkReadiness::away;
  return connect();
}

SinkReadiness Publisher::connect() {
  const Nanos deadline = deadline_ns();
  if (const std::string problem = connection_.open(address_, deadline); !problem.empty()) {
    lose(problem);
    return SinkReadiness::away;
  }
  const Login login = log_in(connection_, config_, deadline);
  if (login.outcome == LoginOutcome::try_again) {
    lose(login.problem);
    return SinkReadiness::away;
  }
  if (login.outcome == LoginOutcome::refused) {
    refuse("Redis at " + to_string(address_) + ": " + login.problem);
    return SinkReadiness::away;
  }
  connects_.add();
  {
    const std::lock_guard lock(mutex_);
    state_ = State::connected;
  }
  if (was_lost_) surroundings_.tell(Severity::info, "Redis at " + to_string(address_) + " is back");
  was_lost_ = false;
  next_tell_ns_ = 0;
  return SinkReadiness::returned;
}

void Publisher::let_go(State state, const std::string& problem, Nanos delay_ns) {
  connection_.close();
  errors_.add();
  {
    const std::lock_guard lock(mutex_);
    state_ = state;
    last_error_ = problem;
  }
  // Half to all of the delay, so that many clients do not come back in step.
  next_attempt_ns_ = steady_now_ns() + std::uniform_int_distribution<Nanos>(delay_ns / 2, delay_ns)(jitter_);
  was_lost_ = true;
}

void Publisher::lose(const std::string& problem) {
  let_go(State::waiting, problem, delay_ns_);
  delay_ns_ = std::min(delay_ns_ * 2, delay_ns_max());
  const Nanos now_ns = steady_now_ns();
  if (now_ns < next_tell_ns_) return;
  next_tell_ns_ = now_ns + tell_interval_ns;
  surroundings_.tell(Severity::warning, problem + "; trying again, latest values and alerts wait");
}

void Publisher::refuse(const std::string& problem) {
  const bool is_news = state_ != State::refused;  // this thread alone writes it
  let_go(State::refused, problem, delay_ns_max() * refused_delay_factor);
  if (is_news)
    surroundings_.tell(Severity::critical, problem + "; asked again now and then, latest values and alerts wait");
}

void Publisher::on_instrument(InstrumentIndex instrument, SourceCode source, const InstrumentRow& names) noexcept {
  if (instrument >= instruments_.size()) instruments_.resize(instrument + std::size_t{1});
  if (!is_acceptable_symbol(names.symbol)) return;
  instruments_[instrument] = {names.symbol, surroundings_.source_name(source)};
}

const Publisher::Instrument* Publisher::usable(InstrumentIndex instrument) noexcept {
  if (instrument < instruments_.size() && !instruments_[instrument].symbol.empty()) return &instruments_[instrument];
  symbols_skipped_.add();
  return nullptr;
}

std::vector<Reply> Publisher::exchange() {
  auto replies = connection_.exchange(commands_, deadline_ns());
  if (!replies) {
    lose(replies.error());
    return {};
  }
  pass_crash_point(CrashPoint::redis_publish);
  const auto refused = std::find_if(replies->begin(), replies->end(),
                                    [](const Reply& reply) { return reply.kind == Reply::Kind::error; });
  commands_done_.add(static_cast<std::uint64_t>(refused - replies->begin()));
  if (refused == replies->end()) {
    delay_ns_ = delay_ns_min;  // only a server that does its work has come back
  } else {
    // Full, read-only, failing over, a key of another type: a new connection finds out whether it has passed.
    lose("Redis at " + to_string(address_) + " refuses: " + refused->text);
    replies->erase(refused, replies->end());
  }
  return std::move(*replies);
}

std::size_t Publisher::latest(std::span<const CachedLatest> changed) noexcept {
  if (!connection_.is_open()) return 0;
  commands_.clear();
  for (const CachedLatest& change : changed) {
    const Instrument* instrument = usable(change.instrument);
    if (instrument == nullptr) continue;
    // Several sources may have an instrument of one name: the newest of them is what is current.
    Nanos& newest_ns = newest_ns_[instrument->symbol];
    if (change.latest.event_ns < newest_ns) continue;
    newest_ns = change.latest.event_ns;
    encode_latest(instrument->symbol, change.latest, config_.key_expiry_s, commands_);
  }
  if (commands_.count() == 0) return changed.size();
  encode_market_data_expiry(config_.key_expiry_s, commands_);
  // All or nothing: writing a value again costs little, finding out which were written is not worth it.
  return exchange().size() == commands_.count() ? changed.size() : 0;
}

std::size_t Publisher::alerts(std::span<const CachedAlert> fired) noexcept {
  if (!connection_.is_open()) return 0;
  commands_.clear();
  std::vector<std::size_t> sent;  // indices into `fired`
  for (std::size_t i = 0; i < fired.size(); ++i) {
    const Instrument* instrument = usable(fired[i].instrument);
    if (instrument == nullptr) continue;
    const AlertSubject subject{instrument->symbol, instrument->source, fired[i].position, surroundings_.catalog.get()};
    encode_alert(fired[i].alert, subject, config_.alert_stream_length_max, commands_);
    sent.push_back(i);
  }
  if (sent.empty()) return fired.size();
  const std::vector<Reply> replies = exchange();
  if (!replies.empty() && hole_.count > 0) tell_hole();
  for (const Reply& reply : replies) {
    const bool is_new = reply.integer != static_cast<long long>(AlertOutcome::repeated);
    (is_new ? alerts_delivered_ : alerts_repeated_).add();
  }
  return replies.size() == sent.size() ? fired.size() : sent[replies.size()];
}

void Publisher::give_up(const CachedAlert& alert) noexcept {
  alerts_given_up_.add();
  hole_.last = {alert.position, alert.receive_ns};
  if (hole_.count++ > 0) return;
  hole_.first = hole_.last;
  surroundings_.tell(
      Severity::critical,
      "Redis at " + to_string(address_) +
          " has been away for too long: more alerts wait than redis.alerts_waiting_max, and the oldest are "
          "given up, from " +
          place_text(hole_.first) + " on; fact_alert has them");
}

void Publisher::tell_hole() {
  surroundings_.tell(Severity::critical, std::to_string(hole_.count) + " alerts were not delivered to Redis at " +
                                             to_string(address_) + ": from " + place_text(hole_.first) + " to " +
                                             place_text(hole_.last) + "; fact_alert has them");
  hole_ = {};
}

Status Publisher::status() const {
  const std::lock_guard lock(mutex_);
  return {.state = state_,
          .commands = commands_done_.value(),
          .alerts_delivered = alerts_delivered_.value(),
          .alerts_repeated = alerts_repeated_.value(),
          .alerts_given_up = alerts_given_up_.value(),
          .symbols_skipped = symbols_skipped_.value(),
          .connects = connects_.value(),
          .errors = errors_.value(),
          .last_error = last_error_};
}

}  // namespace tapeline::sinks::redis
