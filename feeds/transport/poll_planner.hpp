// What a polled source asks for next, and when: decides, and does nothing.
//
// Threads   One. No clock, no socket, no timer: every call brings the time.
// Units     Steady time for paces and pauses, wall clock for the day's quota and the hours of markets.
// Input     what became of each request.
// Output    Without a quota: rounds over all requests, one every `poll_ns`. With one: the quota lasts the day, and goes where
//           it is worth most: to open markets, evenly over their hours; there to what is stale and moves; and once to each
//           market after its close.
// Ordering  Never two requests closer than the spacing, never more than the rate, never more than the quota in 24 hours,
//           restarts included. A request that is refused for good is not planned again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/bars/trading_calendar.hpp"
#include "feeds/transport/backoff.hpp"
#include "feeds/transport/circuit_breaker.hpp"
#include "feeds/transport/quota_ledger.hpp"
#include "feeds/transport/token_bucket.hpp"

namespace tapeline::feeds {

struct PollTime {
  Nanos steady_ns = 0;
  Nanos wall_ns = 0;
};

struct PlannedRequest {
  std::string name;                                 // in the ledger
  std::shared_ptr<const TradingCalendar> market{};  // null: round the clock
};

struct PollPlan {
  std::vector<PlannedRequest> requests;
  Nanos poll_ns = 60 * nanos_per_second;  // least time between two requests for the same
  Nanos spacing_ns = 0;
  int requests_per_minute = 0;  // 0: as fast as the spacing allows
  int requests_per_day = 0;     // 0: no quota
  std::string quota_file;       // empty: the quota is kept in memory
  Nanos backoff_cap_ns = 30 * nanos_per_second;
};

/// What became of a request.
enum class PollOutcome : std::uint8_t {
  answered,      // with data, or with none: the source is well
  refused,       // for good
  rate_limited,  // the source wants a pause
  out_of_quota,  // by the source's own count
  troubled,      // it answered, but not with data: other requests may fare better
  unreachable,   // no answer at all
  not_sent,      // not even connected: the quota has not been touched
};

class PollPlanner {
 public:
  PollPlanner(PollPlan plan, std::uint64_t seed);

  struct Step {
    std::optional<std::size_t> request;  // ask for it now
    Nanos wait_ns = 0;                   // else look again after this time,
    Nanos due_ns = 0;                    // when, after this time, the next is due as far as can be seen; 0: it cannot
  };
  /// Precondition: not is_over(), and nothing is under way.
  [[nodiscard]] Step next(PollTime now);
  /// What follows from an answer; `retry_after_ns` 0: the source did not say.
  void answered(std::size_t request, PollOutcome outcome, Nanos retry_after_ns, PollTime now);
  /// The price that came, so that what moves is asked for more often.
  void note_price(std::size_t request, double price) noexcept;
  /// Everything once, as soon as paces and quotas allow.
  void demand_all(PollTime now);

  /// Every request is refused for good.
  [[nodiscard]] bool is_over() const noexcept;
  [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_; }
  [[nodiscard]] CircuitBreaker::State breaker(Nanos steady_ns) const noexcept { return breaker_.state(steady_ns); }
  /// Steady; in the past: nothing is asked for a pause.
  [[nodiscard]] Nanos paused_until_ns() const noexcept { return paused_until_ns_; }
  /// nullopt: there is no quota.
  [[nodiscard]] std::optional<int> quota_left(Nanos wall_ns) const noexcept;
  /// Trouble with the ledger; empty: none.
  [[nodiscard]] const std::string& ledger_error() const noexcept { return ledger_.last_error(); }

 private:
  struct Tracked {
    bool is_refused = false;
    bool is_demanded = true;
    double price = 0;     // 0: none yet
    double movement = 0;  // mean share by which it changes between two answers
  };
  [[nodiscard]] Step next_in_round(PollTime now);
  [[nodiscard]] Step next_in_quota(PollTime now);
  [[nodiscard]] Step spend(std::size_t request, PollTime now);
  [[nodiscard]] bool is_due(std::size_t request, PollTime now) const;
  [[nodiscard]] bool is_open(std::size_t request, Nanos wall_ns) const;
  [[nodiscard]] double worth(std::size_t request, PollTime now) const;
  [[nodiscard]] Nanos gap_ns(Nanos wall_ns) const;
  void end_round();
  void pause(Nanos pause_ns, PollTime now);
  [[nodiscard]] Nanos jitter_ns(Nanos cap_ns) {
    return static_cast<Nanos>(random_() % static_cast<std::uint64_t>(cap_ns));
  }

  PollPlan plan_;
  std::vector<Tracked> tracked_;
  TokenBucket bucket_;
  QuotaLedger ledger_;
  CircuitBreaker breaker_;
  Backoff backoff_;
  std::mt19937_64 random_;
  std::size_t next_ = 0;      // of a round
  Nanos round_began_ns_ = 0;  // steady
  bool is_in_round_ = false;
  bool has_begun_ = false;
  int tries_ = 0;              // of the request that is in trouble
  Nanos paused_until_ns_ = 0;  // steady
  std::uint64_t rounds_ = 0;
};

}  // namespace tapeline::feeds
