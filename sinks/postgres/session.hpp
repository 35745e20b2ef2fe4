// What a writer asks the database for next, and what an answer means: every decision that exactly-once rests on, without
// a socket. The writer carries the requests out over libpq; tests/simulation does so in a modelled database.
//
//   away -> connect -> read the checkpoint, FOR UPDATE -> idle -> begin -> copy -> move the checkpoint -> commit -> idle
//
// Ordering  After any trouble the stored checkpoint is read again before anything is sent, and waited for: a transaction
//           of ours may still be inside its commit. It says what became of the batch: at its end, it was committed; where
//           it began, it was not and is sent again; before that, or where it or an instrument of the batch is gone, the
//           server has lost what it had acknowledged; anything else, another writer has the lane.
// Time      Is an input; so is the seed of what is random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "core/base/time.hpp"
#include "core/model/frame.hpp"

namespace tapeline::sinks::postgres {

struct Request {
  enum class Kind : std::uint8_t {
    none,
    connect,
    read_checkpoint,  // FOR UPDATE, waiting at most lock_timeout
    end_holder,       // of the checkpoint's row, where it is of our own role
    register_instrument,
    begin,
    copy,             // the next part of the batch's rows
    set_aside_row,    // roll back, find the row that was refused and take it out
    merge,            // roll back: the rows are sent over those that are there
    move_checkpoint,  // from `from` to `to`, by compare-and-set
    roll_back,
    commit,
  };
  enum class Keys : std::uint8_t { are_new, may_be_there };

  Kind kind = Kind::none;
  Keys keys = Keys::are_new;
  JournalPosition from = 0;
  JournalPosition to = 0;
};

struct Reply {
  bool is_ok = false;
  bool is_part = false;                     // of copy: there are more rows
  std::string error;                        // the server's words, or ours for a broken connection
  std::string sql_state;                    // empty: the connection failed
  std::optional<JournalPosition> position;  // what read_checkpoint has found
  bool lacks_instrument = false;            // of read_checkpoint: one that was given a number since the last commit
  std::size_t changed = 0;                  // rows that move_checkpoint has hit
};

/// What there is to do for the session.
struct Work {
  bool instrument_waits = false;
  bool batch_waits = false;
  JournalPosition batch_end = 0;  // 0: there is no batch
};

class Session {
 public:
  enum class Event : std::uint8_t {
    none,
    is_back,        // connected, and nothing has changed meanwhile
    committed,      // the batch is stored
    was_committed,  // the batch in doubt is stored
    trouble,        // told(): why; tried again at retry_at_ns()
    fenced,         // for good: another writer has the lane
    rolled_back,    // for good: the server has lost what it had acknowledged
  };

  /// More rows than this of one batch are not bad rows: the table is wrong.
  static constexpr std::size_t refused_rows_max = 100;

  Session(int reconnect_delay_ms_max, std::uint32_t seed) noexcept
      : reconnect_delay_ms_max_(reconnect_delay_ms_max), random_(seed) {}

  /// Whatever is stored is where we begin: at the start.
  void adopt() noexcept;

  /// What to ask for now; Kind::none: nothing, or not before retry_at_ns(). The answer goes to on().
  [[nodiscard]] Request next(const Work& work, Nanos now_ns);
  Event on(const Request& request, const Reply& reply, const Work& work, Nanos now_ns);

  [[nodiscard]] JournalPosition checkpoint() const noexcept { return checkpoint_.value_or(0); }
  /// Connected, and the checkpoint is known.
  [[nodiscard]] bool is_ready() const noexcept { return step_ == Step::idle; }
  [[nodiscard]] bool is_over() const noexcept { return step_ == Step::over; }
  [[nodiscard]] Nanos retry_at_ns() const noexcept { return retry_at_ns_; }
  /// Of the last event: what an operator should read.
  [[nodiscard]] const std::string& words() const noexcept { return words_; }
  /// The trouble is new, or of another kind than the last.
  [[nodiscard]] bool is_news() const noexcept { return is_news_; }
  /// The server is there and refuses.
  [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }

 private:
  enum class Step : std::uint8_t {
    away,
    reading,
    held,
    reading_again,
    idle,
    copying,
    setting_aside,
    merging,
    moving,
    losing,
    committing,
    over
  };

  Event read(const Reply& reply, const Work& work, Nanos now_ns);
  Event settle(JournalPosition stored, bool lacks_instrument, const Work& work);
  Event rolled_back(std::string words);
  Event copied(const Reply& reply, Nanos now_ns);
  Event committed(const Work& work);
  Event trouble(const std::string& words, const std::string& sql_state, Nanos now_ns);

  int reconnect_delay_ms_max_;
  std::minstd_rand random_;
  Step step_ = Step::away;
  std::optional<JournalPosition> checkpoint_;  // nullopt: whatever is stored
  Request::Keys keys_ = Request::Keys::are_new;
  std::size_t refused_rows_ = 0;  // of the batch
  int failures_ = 0;
  Nanos retry_at_ns_ = 0;
  std::string words_;
  std::string told_state_;  // SQLSTATE of the trouble that was told last
  bool is_news_ = false;
  bool is_refused_ = false;
};

}  // namespace tapeline::sinks::postgres
