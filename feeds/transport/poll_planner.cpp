#include "feeds/transport/poll_planner.hpp"

#include <algorithm>
#include <cmath>

#include "feeds/transport/retry_after.hpp"

namespace tapeline::feeds {
namespace {

constexpr Nanos quota_pause_ns = 3'600 * nanos_per_second;
/// A source that asks for more patience than this is asked again all the same.
constexpr Nanos retry_after_ns_max = 86'400 * nanos_per_second;
/// Of one request before the others get their turn.
constexpr int tries_max = 3;
/// How often the plan is looked at while nothing is due.
constexpr Nanos look_again_ns = 60 * nanos_per_second;
constexpr Nanos us_session_ns = 13 * Nanos{1'800} * nanos_per_second;
/// In which closing prices are asked for.
constexpr Nanos closing_ns = 900 * nanos_per_second;
constexpr double movement_weight = 0.3;  // of the newest change in the mean
/// What moves by so much between two answers is worth twice what stands still.
constexpr double movement_of_note = 0.005;

/// The plan may change meanwhile: markets open, other processes ask.
PollPlanner::Step wait_for(Nanos due_ns) {
  return {{}, std::clamp<Nanos>(due_ns, 1, look_again_ns), std::max<Nanos>(due_ns, 1)};
}

/// A few at once, and the rest of the rate evenly: together never more than the rate in a minute.
TokenBucket bucket_of(const PollPlan& plan) {
  const int burst = std::max(plan.requests_per_minute / 10, 1);
  return {burst > 1 ? plan.requests_per_minute - burst : plan.requests_per_minute, burst, plan.spacing_ns};
}

}  // namespace

PollPlanner::PollPlanner(PollPlan plan, std::uint64_t seed)
    : plan_(std::move(plan)),
      tracked_(plan_.requests.size()),
      bucket_(bucket_of(plan_)),
      ledger_(plan_.quota_file, plan_.requests_per_day),
      backoff_(nanos_per_second, std::max(plan_.backoff_cap_ns, plan_.poll_ns)),
      random_(seed) {}

PollPlanner::Step PollPlanner::next(PollTime now) {
  if (!has_begun_) {
    has_begun_ = true;
    is_in_round_ = true;
    round_began_ns_ = now.steady_ns;
    if (plan_.requests_per_day > 0) {
      ledger_.refresh(now.wall_ns);
      // What was asked for before a restart need not be asked for again.
      for (std::size_t i = 0; i < tracked_.size(); ++i) {
        if (ledger_.last_spent_ns(plan_.requests[i].name)) tracked_[i].is_demanded = false;
      }
    }
  }
  const Nanos ready_ns = std::max(paused_until_ns_, bucket_.ready_ns(now.steady_ns));
  if (ready_ns > now.steady_ns) return wait_for(ready_ns - now.steady_ns);
  return plan_.requests_per_day > 0 ? next_in_quota(now) : next_in_round(now);
}

PollPlanner::Step PollPlanner::next_in_round(PollTime now) {
  if (!is_in_round_) {
    const Nanos due_ns = round_began_ns_ + plan_.poll_ns;
    if (now.steady_ns < due_ns) return wait_for(due_ns - now.steady_ns);
    is_in_round_ = true;
    round_began_ns_ = now.steady_ns;
    next_ = 0;
    tries_ = 0;
  }
  while (next_ < tracked_.size() && tracked_[next_].is_refused) ++next_;
  if (next_ < tracked_.size()) return spend(next_, now);
  end_round();
  return wait_for(round_began_ns_ + plan_.poll_ns - now.steady_ns);
}

void PollPlanner::end_round() {
  is_in_round_ = false;
  ++rounds_;
}

PollPlanner::Step PollPlanner::next_in_quota(PollTime now) {
  ledger_.refresh(now.wall_ns);  // another process may use the same key
  const auto last_ns = ledger_.last_spent_ns();
  if (last_ns && *last_ns + plan_.spacing_ns > now.wall_ns) return wait_for(*last_ns + plan_.spacing_ns - now.wall_ns);
  if (is_in_round_ && std::none_of(tracked_.begin(), tracked_.end(),
                                   [](const Tracked& one) { return one.is_demanded && !one.is_refused; })) {
    end_round();
  }
  if (ledger_.left(now.wall_ns) <= 0) {
    if (std::exchange(is_in_round_, false)) ++rounds_;  // cut short
    for (Tracked& one : tracked_) one.is_demanded = false;
    return wait_for(std::max(ledger_.ready_ns(now.wall_ns) - now.wall_ns, nanos_per_second));
  }
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < tracked_.size(); ++i) {
    if (!tracked_[i].is_refused && is_due(i, now) && (!best || worth(i, now) > worth(*best, now))) best = i;
  }
  if (!best) return {{}, look_again_ns};
  // What is demanded goes at once; the rest evenly over the hours of the market.
  const Nanos due_ns = last_ns && !tracked_[*best].is_demanded ? *last_ns + gap_ns(now.wall_ns) : now.wall_ns;
  if (due_ns > now.wall_ns) return wait_for(due_ns - now.wall_ns);
  return spend(*best, now);
}

PollPlanner::Step PollPlanner::spend(std::size_t request, PollTime now) {
  if (plan_.requests_per_day > 0 && !ledger_.try_spend(plan_.requests[request].name, now.wall_ns)) {
    return {{}, look_again_ns};
  }
  bucket_.spend(now.steady_ns);
  return {request, 0};
}

bool PollPlanner::is_open(std::size_t request, Nanos wall_ns) const {
  const auto& market = plan_.requests[request].market;
  return market == nullptr || market->in_session(wall_ns);
}

bool PollPlanner::is_due(std::size_t request, PollTime now) const {
  if (tracked_[request].is_demanded) return true;
  const auto last_ns = ledger_.last_spent_ns(plan_.requests[request].name);
  if (is_open(request, now.wall_ns)) return !last_ns || now.wall_ns - *last_ns >= plan_.poll_ns;
  // Once after each close. The ledger reaches back 24 hours: what closed before that has been asked for, or is old news.
  const Nanos close_ns = plan_.requests[request].market->session_start(now.wall_ns) + us_session_ns;
  return last_ns ? *last_ns < close_ns : close_ns > now.wall_ns - QuotaLedger::window_ns;
}

double PollPlanner::worth(std::size_t request, PollTime now) const {
  const auto last_ns = ledger_.last_spent_ns(plan_.requests[request].name);
  const Nanos age_ns = last_ns ? now.wall_ns - *last_ns : 2 * QuotaLedger::window_ns;
  const double staleness = static_cast<double>(age_ns) / static_cast<double>(nanos_per_second);
  const double demanded = tracked_[request].is_demanded ? 1e6 : 1;
  return demanded * staleness * (1 + tracked_[request].movement / movement_of_note);
}

Nanos PollPlanner::gap_ns(Nanos wall_ns) const {
  int closings = 0;
  std::optional<Nanos> close_ns;  // of the sessions that go on
  bool is_round_the_clock = false;
  for (std::size_t i = 0; i < tracked_.size(); ++i) {
    if (tracked_[i].is_refused) continue;
    const auto& market = plan_.requests[i].market;
    const bool has_sessions = market != nullptr && market->kind() == Calendar::us_equity;
    is_round_the_clock = is_round_the_clock || !has_sessions;
    if (!has_sessions) continue;
    ++closings;
    if (market->in_session(wall_ns)) close_ns = market->session_start(wall_ns) + us_session_ns;
  }
  if (!close_ns) return is_round_the_clock ? QuotaLedger::window_ns / plan_.requests_per_day : plan_.spacing_ns;
  // Closing prices have their share; what is left, or comes back until then, is spread over the session.
  const int reserve = std::min(closings, plan_.requests_per_day / 2);
  const int spendable = ledger_.left(*close_ns + closing_ns) - reserve;
  const Nanos remaining_ns = *close_ns - wall_ns;
  return std::max(plan_.spacing_ns, spendable > 0 ? remaining_ns / spendable : QuotaLedger::window_ns);
}

void PollPlanner::answered(std::size_t request, PollOutcome outcome, Nanos retry_after_ns, PollTime now) {
  const auto go_on = [&] {
    next_ = request + 1;
    tries_ = 0;
    tracked_[request].is_demanded = false;
  };
  switch (outcome) {
    case PollOutcome::answered:
      breaker_.succeeded();
      backoff_.reset();
      return go_on();
    case PollOutcome::refused:
      breaker_.succeeded();
      tracked_[request].is_refused = true;
      if (is_over()) ++rounds_;
      return go_on();
    case PollOutcome::out_of_quota: return pause(quota_pause_ns, now);
    case PollOutcome::rate_limited:
      return pause(retry_after_ns > 0 ? std::min(retry_after_ns, retry_after_ns_max) : rate_limit_pause_ns, now);
    case PollOutcome::troubled:
      if (++tries_ >= tries_max) go_on();
      break;
    case PollOutcome::not_sent:
      if (plan_.requests_per_day > 0) ledger_.take_back(plan_.requests[request].name, now.wall_ns);
      [[fallthrough]];
    case PollOutcome::unreachable:
      if (++tries_ % tries_max == 0) ++rounds_;
      break;
  }
  breaker_.failed(now.steady_ns);
  if (breaker_.state(now.steady_ns) == CircuitBreaker::State::open) ++rounds_;  // cut short
  const Nanos told_ns = std::min(retry_after_ns, retry_after_ns_max);
  paused_until_ns_ =
      std::max({now.steady_ns + backoff_.next(random_()), now.steady_ns + told_ns, breaker_.rests_until_ns()});
}

/// As long as the source asks for and a little more, so that not all come at once.
void PollPlanner::pause(Nanos pause_ns, PollTime now) {
  ++rounds_;
  paused_until_ns_ = now.steady_ns + pause_ns + jitter_ns(nanos_per_second);
}

void PollPlanner::note_price(std::size_t request, double price) noexcept {
  Tracked& one = tracked_[request];
  if (one.price > 0 && price > 0) {
    one.movement += movement_weight * (std::abs(price / one.price - 1) - one.movement);
  }
  if (price > 0) one.price = price;
}

void PollPlanner::demand_all(PollTime now) {
  for (Tracked& one : tracked_) one.is_demanded = true;
  if (is_in_round_) return;
  is_in_round_ = true;
  round_began_ns_ = now.steady_ns;
  next_ = 0;
  tries_ = 0;
}

bool PollPlanner::is_over() const noexcept {
  return std::all_of(tracked_.begin(), tracked_.end(), [](const Tracked& one) { return one.is_refused; });
}

std::optional<int> PollPlanner::quota_left(Nanos wall_ns) const noexcept {
  if (plan_.requests_per_day == 0) return std::nullopt;
  return std::max(ledger_.left(wall_ns), 0);
}

}  // namespace tapeline::feeds
