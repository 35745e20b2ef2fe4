// A model of PostgreSQL, as far as a writer can tell: sessions, transactions, the lock on the checkpoint's row, commits
// that end later than their client waits, a standby that lacks the newest, constraints, and times when it refuses.
//
// Truth     A log of commits. What is in the tables is what the log says, so a failover is a shorter log.
// Time      Given by the caller; what a session has in commit, or has left behind, ends when its time has come.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sinks/postgres/row_collector.hpp"
#include "sinks/postgres/session.hpp"
#include "tests/simulation/host.hpp"

namespace tapeline::simulation {

class Database {
 public:
  struct StoredRow {
    std::string table;
    std::string fields;  // as they were copied
    auto operator<=>(const StoredRow&) const = default;
  };

  explicit Database(bool refuses_some_trades) : refuses_some_trades_(refuses_some_trades) {}

  [[nodiscard]] int connect();
  /// Its client is gone: a commit that has been sent goes on, anything else is rolled back by and by.
  void abandon(int session, Nanos now_ns, Random& random);
  /// What the server does for a request, at once, and what it would answer.
  [[nodiscard]] sinks::postgres::Reply execute(int session, const sinks::postgres::Request& request,
                                               sinks::postgres::RowCollector& collector, Nanos now_ns);
  /// COMMIT is received, and takes so long.
  void begin_commit(int session, Nanos until_ns);
  [[nodiscard]] bool is_alive(int session) const { return sessions_.contains(session); }

  /// Whatever was to happen until then has happened.
  void advance(Nanos now_ns);
  /// Every session ends; a commit that has been sent is stored, or is not.
  void crash(Random& random);
  /// The newest so many commits are gone, and all sessions.
  void fail_over(std::size_t commits);
  [[nodiscard]] bool refuses_some_trades() const noexcept { return refuses_some_trades_; }
  void refuse(std::string sql_state) { refusal_ = std::move(sql_state); }  // everything; empty: nothing

  [[nodiscard]] JournalPosition position() const;
  [[nodiscard]] std::size_t commits() const noexcept { return log_.size(); }
  /// Every row of every table, sorted. Refused ones are of the table "quarantined_row".
  [[nodiscard]] std::vector<StoredRow> rows() const;

 private:
  struct Commit {
    std::vector<StoredRow> rows;
    JournalPosition to = 0;  // 0: the checkpoint was not moved
  };
  struct Session {
    Commit transaction;
    bool is_in_transaction = false;
    Nanos commit_at_ns = 0;  // 0: not in commit
    Nanos end_at_ns = 0;     // 0: its client is there
  };

  [[nodiscard]] sinks::postgres::Reply copy(Session& session, sinks::postgres::Batch& batch,
                                            sinks::postgres::Request::Keys keys);
  [[nodiscard]] sinks::postgres::Reply set_aside(sinks::postgres::Batch& batch) const;
  [[nodiscard]] bool is_refused(const StoredRow& row) const;
  [[nodiscard]] bool is_locked_for(int session) const noexcept { return holder_ != 0 && holder_ != session; }
  void store(Session& session);
  void end(int session);
  void index_keys();

  bool refuses_some_trades_;
  std::string refusal_;
  std::map<int, Session> sessions_;
  int newest_session_ = 0;
  int holder_ = 0;  // session whose transaction holds the checkpoint's row; 0: none
  std::vector<Commit> log_;
  std::set<StoredRow> keys_;  // of the rows in tables with a natural key
};

/// The number of an instrument: a function of its name, so that two runs can be compared byte for byte.
[[nodiscard]] sinks::postgres::InstrumentKey instrument_key(const Row& row);

/// Field `number` of a copied row; empty for NULL.
[[nodiscard]] std::string field(const std::string& fields, std::size_t number);

}  // namespace tapeline::simulation
