// A stream of an exchange, kept alive: connections, subscriptions, silences, gaps. It does no I/O and reads no clock: it is
// told what happened and says what to do.
//
// Threads   One.
// Input     what came of the connections and of requests, each with the steady time; messages, padded for their parser.
// Output    actions, in order; whether a message belongs into the journal.
// Failure   Whatever fails is tried again: a connection at once, then with growing pauses of random length; a symbol that
//           the source does not know ends alone, and is asked for again on the next connection.
// Ordering  Of a connection whose end is known ahead (its age, the source's own word) the next one is opened before it is
//           closed. While both live, a message all of whose trades have come is not journaled again.
#pragma once

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/quality/cadence.hpp"
#include "core/quality/trade_sequence.hpp"
#include "feeds/source.hpp"
#include "feeds/transport/backoff.hpp"
#include "feeds/transport/stream_backfill.hpp"
#include "feeds/transport/stream_plan.hpp"

namespace tapeline::feeds {

struct StreamAction {
  enum class Kind { open, close, send, fetch };
  Kind kind;
  std::size_t link = 0;      // open, close, send
  std::string text;          // send: the message; fetch: the target
  std::string context = {};  // fetch: goes into the journal with the answer
};

/// What REST has answered to a fetch, its body padded.
struct StreamAnswer {
  std::uint16_t status = 0;
  std::string_view body;
  std::string_view context;
  int retry_after_s = 0;
};

class StreamSession {
 public:
  static constexpr std::size_t links = 2;

  /// `seed` decides the random pauses alone.
  StreamSession(StreamPlan plan, std::uint64_t seed);

  /// A trade that the journal has, in its order; before start(). Ids that lack there, and what has come since, is asked for.
  void resume(const JournaledTrade& trade);
  void start(Nanos now_ns);
  void opened(std::size_t link, Nanos now_ns);
  void closed(std::size_t link, std::string reason, Nanos now_ns);
  /// False: it has come over the other connection, and is not to be journaled.
  [[nodiscard]] bool heard(std::size_t link, std::string_view padded, Nanos wall_ns, Nanos now_ns);
  /// A ping: a sign of life.
  void pinged(std::size_t link, Nanos now_ns) { link_of(link).heard_ns = now_ns; }
  void answered(const StreamAnswer& answer, Nanos wall_ns, Nanos now_ns);
  void fetch_failed(std::string why, Nanos now_ns);
  /// A few times a second.
  void pass_time(Nanos now_ns);

  [[nodiscard]] std::vector<StreamAction> take_actions() { return std::exchange(actions_, {}); }
  [[nodiscard]] bool has_actions() const noexcept { return !actions_.empty(); }
  [[nodiscard]] const StreamPlan& plan() const noexcept { return plan_; }
  /// state, errors, reconnects, gaps and troubles; the bytes are counted by whoever moves them.
  void describe(SourceStatus& status) const;

 private:
  enum class Phase { idle, waiting, opening, open };
  struct Link {
    Phase phase = Phase::idle;
    Nanos due_ns = 0;  // waiting: to be opened then
    Nanos opened_ns = 0;
    Nanos heard_ns = 0;
    Nanos next_request_ns = 0;
    Nanos next_keep_alive_ns = 0;
    Nanos unacknowledged_ns = 0;  // acknowledgements that are missing then are asked for again; 0: none is awaited
    int asked_again = 0;
    std::vector<std::string> requests;  // to be sent, spaced
  };
  struct Symbol {
    std::string name;
    TradeSequence sequence;
    Cadence cadence;
    Nanos heard_ns = 0;
    std::uint32_t arrivals = 0;     // enough of them teach a cadence
    double patience = 1;            // a symbol that REST says is only quiet is given more time
    Nanos newest_event_ns = 0;      // of its newest trade
    Nanos catch_up_ns = 0;          // no trade until then: REST is asked; 0: not
    std::uint64_t told_newest = 0;  // by the source, and not come yet
    std::uint64_t checked_id = 0;   // the newest when REST was asked because of silence
    bool is_live = false;
    bool is_acknowledged = false;
    bool is_silent = false;
    Nanos dead_ns = 0;    // REST had trades that the stream had not: when it still has not then, it is dead; 0: not
    std::string refusal;  // the source's own words
    std::string failure;  // of the newest gap that could not be filled
  };
  struct Request {
    std::uint64_t id;
    std::size_t first, end;  // symbols
  };
  static constexpr Nanos silence_ns_min = 5 * nanos_per_second;
  static constexpr double silence_factor = 2;  // times the usual pause
  static constexpr std::uint32_t arrivals_needed = 9;
  static constexpr Nanos acknowledgement_ns = 5 * nanos_per_second;
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  [[nodiscard]] Link& link_of(std::size_t link) noexcept { return links_[link]; }
  [[nodiscard]] std::size_t find(std::string_view symbol) noexcept;
  [[nodiscard]] Link& other_of(std::size_t link) noexcept { return links_[1 - link]; }

  void open(std::size_t link, Nanos now_ns);
  void reopen(std::size_t link, Nanos now_ns);
  void drop(std::size_t link, std::string reason, Nanos now_ns);
  void begin_rollover(Nanos now_ns);
  void queue_subscriptions(std::size_t link, Nanos now_ns);
  void request_symbols(Link& link, std::size_t first, std::size_t end);
  void live(Symbol& symbol, Nanos now_ns);
  [[nodiscard]] TradeOrder take_trade(std::size_t index, const WireEvent& event, Nanos now_ns);
  void take_refusal(const WireEvent& event, std::size_t link, Nanos now_ns);
  void take_notice(const WireNotice& notice, Nanos now_ns);
  void keep_link(std::size_t link, Nanos now_ns);
  void keep_symbols(Nanos now_ns);
  void check_acknowledgements(std::size_t link, Nanos now_ns);
  [[nodiscard]] Nanos silence_limit_ns() const noexcept;
  void want(std::size_t index, std::uint64_t first, std::uint64_t last, Nanos due_ns);
  void fetch_next(Nanos now_ns);
  void note_failures();
  void complain(std::string text);

  StreamPlan plan_;
  std::mt19937_64 random_;
  std::vector<Symbol> symbols_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
  std::size_t last_found_ = 0;
  std::array<Link, links> links_;
  std::size_t carrier_ = 0;
  Backoff backoff_;
  StreamBackfill backfill_;
  std::uint64_t next_request_id_ = 1;
  std::vector<Request> requests_;  // newest last; a few
  std::vector<StreamAction> actions_;
  WireOutput output_;
  Nanos next_symbols_ns_ = 0;
  Nanos next_rollover_ns_ = 0;
  Nanos rollover_ns_ = 0;  // both are open since then
  std::string last_error_;
  std::string state_ = "not started";
  std::uint64_t errors_ = 0, reconnects_ = 0, gaps_ = 0, repeated_ = 0, backfilled_ = 0;
};

}  // namespace tapeline::feeds
