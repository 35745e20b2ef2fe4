#include "tests/simulation/database.hpp"

#include <algorithm>
#include <cstring>

namespace tapeline::simulation {
namespace {

using sinks::postgres::Batch;
using sinks::postgres::Reply;
using sinks::postgres::Request;
using sinks::postgres::RowCollector;

constexpr Nanos lock_timeout_ns = 2 * nanos_per_second;
constexpr std::size_t copy_header_bytes = 19;
constexpr std::size_t copy_trailer_bytes = 2;
constexpr std::size_t tick_trade_id = 5;  // its place among the columns of tick

std::uint32_t big_endian(const char* bytes, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::vector<std::string> words(const char* list) {
  std::vector<std::string> all;
  const std::string text(list);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(", ", at), text.size());
    all.push_back(text.substr(at, comma - at));
    at = comma + 2;
  }
  return all;
}

std::string fields_of(const Batch::Table& table, std::size_t row) {
  const std::string copy = table.rows.some_rows(row, row + 1);
  return copy.substr(copy_header_bytes, copy.size() - copy_header_bytes - copy_trailer_bytes);
}

/// The natural key of a row, as a row of its own.
Database::StoredRow key_of(const Batch::Table& table, const std::string& fields) {
  Database::StoredRow key{table.name, {}};
  const std::vector<std::string> columns = words(table.columns);
  for (const std::string& name : words(table.key)) {
    const auto at = std::find(columns.begin(), columns.end(), name);
    key.fields += field(fields, static_cast<std::size_t>(at - columns.begin())) + '|';
  }
  return key;
}

Reply failed(std::string error, std::string sql_state) {
  return {.error = std::move(error), .sql_state = std::move(sql_state)};
}

}  // namespace

std::string field(const std::string& fields, std::size_t number) {
  std::size_t at = 2;
  for (;; --number) {
    const std::uint32_t length = big_endian(fields.data() + at, 4);
    const std::size_t bytes = length == 0xffffffff ? 0 : length;
    if (number == 0) return fields.substr(at + 4, bytes);
    at += 4 + bytes;
  }
}

sinks::postgres::InstrumentKey instrument_key(const Row& row) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char* at = row.as_instrument.native_symbol; *at != 0; ++at)
    hash = (hash ^ static_cast<unsigned char>(*at)) * 16'777'619U;
  return {static_cast<std::int32_t>(hash >> 2U), static_cast<std::int16_t>(row.source), row.as_instrument.symbol};
}

int Database::connect() {
  sessions_[++newest_session_] = {};
  return newest_session_;
}

void Database::abandon(int session, Nanos now_ns, Random& random) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  found->second.end_at_ns = now_ns + static_cast<Nanos>(below(random, 20'000)) * nanos_per_millisecond + 1;
  if (found->second.is_in_transaction || found->second.commit_at_ns != 0) return;
  end(session);
}

void Database::begin_commit(int session, Nanos until_ns) { sessions_.at(session).commit_at_ns = until_ns; }

void Database::advance(Nanos now_ns) {
  std::vector<int> all;
  for (const auto& entry : sessions_) all.push_back(entry.first);
  for (const int number : all) {
    Session& session = sessions_.at(number);
    if (session.commit_at_ns != 0 && session.commit_at_ns <= now_ns) {
      store(session);
      if (holder_ == number) holder_ = 0;
      session.commit_at_ns = 0;
      if (session.end_at_ns != 0) end(number);
    } else if (session.commit_at_ns == 0 && session.end_at_ns != 0 && session.end_at_ns <= now_ns) {
      end(number);
    }
  }
}

void Database::store(Session& session) {
  log_.push_back(std::move(session.transaction));
  session.transaction = {};
  session.is_in_transaction = false;
  for (const StoredRow& row : log_.back().rows) {
    if (row.table.starts_with("key of ")) keys_.insert(row);
  }
}

void Database::end(int session) {
  if (holder_ == session) holder_ = 0;
  sessions_.erase(session);
}

void Database::crash(Random& random) {
  for (auto& [number, session] : sessions_) {
    if (session.commit_at_ns != 0 && chance(random, 50)) store(session);
  }
  sessions_.clear();
  holder_ = 0;
}

void Database::fail_over(std::size_t commits) {
  log_.resize(log_.size() - std::min(commits, log_.size()));
  sessions_.clear();
  holder_ = 0;
  index_keys();
}

void Database::index_keys() {
  keys_.clear();
  for (const Commit& commit : log_) {
    for (const StoredRow& row : commit.rows) {
      if (row.table.starts_with("key of ")) keys_.insert(row);
    }
  }
}

JournalPosition Database::position() const {
  for (auto commit = log_.rbegin(); commit != log_.rend(); ++commit) {
    if (commit->to != 0) return commit->to;
  }
  return 0;
}

Reply Database::execute(int number, const Request& request, RowCollector& collector, Nanos now_ns) {
  using Kind = Request::Kind;
  if (request.kind == Kind::connect) return {.is_ok = true};
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return failed("the server closed the connection", "");
  if (!refusal_.empty() && request.kind != Kind::end_holder) return failed("refused", refusal_);
  Session& session = found->second;
  switch (request.kind) {
    case Kind::read_checkpoint: {
      if (is_locked_for(number)) advance(now_ns + lock_timeout_ns);
      if (is_locked_for(number)) return failed("canceling statement due to lock timeout", "55P03");
      if (!is_alive(number)) return failed("the server closed the connection", "");
      return {.is_ok = true, .position = position()};
    }
    case Kind::end_holder:
      if (is_locked_for(number)) end(holder_);
      return {.is_ok = true};
    case Kind::register_instrument:
      collector.registered(instrument_key(*collector.instrument_that_waits()));
      return {.is_ok = true};
    case Kind::begin:
      session.transaction = {};
      session.is_in_transaction = true;
      return {.is_ok = true};
    case Kind::copy: return copy(session, collector.batch(), request.keys);
    case Kind::set_aside_row: session.transaction = {}; return set_aside(collector.batch());
    case Kind::merge:
    case Kind::roll_back:
      session.transaction = {};
      session.is_in_transaction = false;
      if (holder_ == number) holder_ = 0;
      return {.is_ok = true};
    case Kind::move_checkpoint: {
      if (is_locked_for(number)) advance(now_ns + lock_timeout_ns);
      if (is_locked_for(number)) return failed("canceling statement due to lock timeout", "55P03");
      if (position() != request.from) return {.is_ok = true, .changed = 0};
      session.transaction.to = request.to;
      holder_ = number;
      return {.is_ok = true, .changed = 1};
    }
    default: return {.is_ok = true};
  }
}

bool Database::is_refused(const StoredRow& row) const {
  if (!refuses_some_trades_ || row.table != "tick") return false;
  const std::string trade = field(row.fields, tick_trade_id);
  return trade.size() == 8 && big_endian(trade.data() + 4, 4) % 29 == 13;
}

Reply Database::copy(Session& session, Batch& batch, Request::Keys keys) {
  for (Batch::Table& table : batch.tables()) {
    for (std::size_t i = 0; i < table.rows.rows(); ++i) {
      StoredRow row{table.name, fields_of(table, i)};
      if (is_refused(row)) return failed("violates a check", "23514");
      if (table.has_key()) {
        StoredRow key = key_of(table, row.fields);
        key.table = "key of " + key.table;
        if (keys == Request::Keys::are_new && keys_.contains(key)) return failed("duplicate key", "23505");
        session.transaction.rows.push_back(std::move(key));
      }
      session.transaction.rows.push_back(std::move(row));
    }
  }
  for (const auto& refused : batch.refused())
    session.transaction.rows.push_back({"quarantined_row", refused.table + ' ' + refused.copy});
  return {.is_ok = true};
}

Reply Database::set_aside(Batch& batch) const {
  for (Batch::Table& table : batch.tables()) {
    for (std::size_t i = 0; i < table.rows.rows(); ++i) {
      if (!is_refused({table.name, fields_of(table, i)})) continue;
      batch.set_aside(table, i, {.sql_state = "23514", .reason = "violates a check", .context = "", .copy = ""});
      return {.is_ok = true};
    }
  }
  return failed("no row is to blame", "23514");
}

std::vector<Database::StoredRow> Database::rows() const {
  std::vector<StoredRow> all;
  for (const Commit& commit : log_) {
    for (const StoredRow& row : commit.rows) {
      if (!row.table.starts_with("key of ")) all.push_back(row);
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace tapeline::simulation
