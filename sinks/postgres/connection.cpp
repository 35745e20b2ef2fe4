#include "sinks/postgres/connection.hpp"

#include <algorithm>
#include <cerrno>

#include <libpq-fe.h>
#include <poll.h>

#include "core/base/crash_point.hpp"
#include "sinks/postgres/connection_string.hpp"
#include "sinks/postgres/sql_state.hpp"

namespace tapeline::sinks::postgres {

struct Connection::Handle {
  explicit Handle(PGconn* connection) noexcept : pq(connection) {}
  ~Handle() { PQfinish(pq); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  PGconn* pq;
};

namespace {

struct ResultDeleter {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultDeleter>;

/// libpq ends its messages with a line break and has several lines where several hosts were tried.
std::string one_line(std::string_view message) {
  std::string line(message);
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

Connection::Connection(Secret dsn, int call_timeout_ms)
    : dsn_(std::move(dsn)), timeout_ns_(Nanos{call_timeout_ms} * nanos_per_millisecond) {}

Connection::~Connection() = default;

void Connection::close() noexcept { handle_.reset(); }

bool Connection::fail(std::string_view what) {
  error_ = std::string(what);
  sql_state_.clear();
  context_.clear();
  return false;
}

bool Connection::wait(bool for_write, Nanos deadline_ns) {
  for (;;) {
    const Nanos left_ns = deadline_ns - steady_now_ns();
    if (left_ns <= 0) return fail("no answer within " + std::to_string(timeout_ns_ / nanos_per_millisecond) + " ms");
    pollfd descriptor{PQsocket(handle_->pq), static_cast<short>(for_write ? POLLOUT | POLLIN : POLLIN), 0};
    const int ready = poll(&descriptor, 1, static_cast<int>(left_ns / nanos_per_millisecond + 1));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return fail("poll failed on the connection");
  }
}

bool Connection::open() {
  close();
  const std::string& dsn = dsn_.reveal();
  if (const auto problem = connection_string_problem(dsn)) return fail(*problem);
  const Nanos begin_ns = steady_now_ns();
  const std::vector<HostAndPort> hosts = several_hosts(dsn);
  if (hosts.empty())
    return finish_opening(std::make_unique<Handle>(PQconnectStart(dsn.c_str())), begin_ns + timeout_ns_);
  // libpq would wait for a host that is dead as long as we let it, and never come to the next: each has its share.
  std::string errors;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const char* const keywords[] = {"dbname", "host", "port", nullptr};
    const char* const values[] = {dsn.c_str(), hosts[i].host.c_str(), hosts[i].port.c_str(), nullptr};
    const Nanos deadline_ns = begin_ns + timeout_ns_ * static_cast<Nanos>(i + 1) / static_cast<Nanos>(hosts.size());
    if (finish_opening(std::make_unique<Handle>(PQconnectStartParams(keywords, values, 1)), deadline_ns)) return true;
    errors += (errors.empty() ? "" : "; ") + hosts[i].host + ": " + error_;
  }
  return fail(errors);
}

bool Connection::finish_opening(std::unique_ptr<Handle> handle, Nanos deadline_ns) {
  handle_ = std::move(handle);
  PGconn* const pq = handle_->pq;
  if (pq == nullptr) {
    close();
    return fail("out of memory");
  }
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (PQstatus(pq) != CONNECTION_BAD && status != PGRES_POLLING_OK) {
    if (status == PGRES_POLLING_FAILED) break;
    if (!wait(status == PGRES_POLLING_WRITING, deadline_ns)) {
      close();
      return false;
    }
    status = PQconnectPoll(pq);
  }
  if (PQstatus(pq) != CONNECTION_OK) {
    const std::string reason = one_line(PQerrorMessage(pq));
    close();
    return fail(reason);
  }
  PQsetnonblocking(pq, 1);
  // Notices ("relation exists already") are not for a user's terminal.
  PQsetNoticeProcessor(
      pq, [](void*, const char*) {}, nullptr);
  return true;
}

bool Connection::flush(Nanos deadline_ns) {
  for (;;) {
    const int left = PQflush(handle_->pq);
    if (left == 0) return true;
    if (left < 0) return fail(one_line(PQerrorMessage(handle_->pq)));
    if (!wait(true, deadline_ns)) return false;
    if (PQconsumeInput(handle_->pq) == 0) return fail(one_line(PQerrorMessage(handle_->pq)));
  }
}

bool Connection::finish_command(Nanos deadline_ns, Rows* rows) {
  bool is_ok = true;
  for (;;) {
    while (PQisBusy(handle_->pq) != 0) {
      if (!wait(false, deadline_ns)) return false;
      if (PQconsumeInput(handle_->pq) == 0) return fail(one_line(PQerrorMessage(handle_->pq)));
    }
    const Result result(PQgetResult(handle_->pq));
    if (!result) return is_ok;
    switch (PQresultStatus(result.get())) {
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY: break;
      case PGRES_COPY_IN: return is_ok;  // the caller sends data now
      case PGRES_TUPLES_OK:
        if (rows == nullptr) break;
        for (int row = 0; row < PQntuples(result.get()); ++row) {
          auto& fields = rows->emplace_back();
          for (int column = 0; column < PQnfields(result.get()); ++column) {
            fields.emplace_back(PQgetvalue(result.get(), row, column),
                                static_cast<std::size_t>(PQgetlength(result.get(), row, column)));
          }
        }
        break;
      default: {
        const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
        const char* context = PQresultErrorField(result.get(), PG_DIAG_CONTEXT);
        error_ = one_line(PQresultErrorMessage(result.get()));
        if (context != nullptr && error_.find(context) == std::string::npos)
          error_ += std::string(" (") + one_line(context) + ")";
        context_ = context != nullptr ? one_line(context) : "";
        sql_state_ = state != nullptr ? state : "";
        // A partition that is missing comes as a check that fails, but for the name of a check.
        if (sql_state_ == sql_state::check_violation &&
            PQresultErrorField(result.get(), PG_DIAG_CONSTRAINT_NAME) == nullptr)
          sql_state_ = sql_state::undefined_table;
        is_ok = false;
      }
    }
  }
}

bool Connection::execute(const std::string& sql) {
  sql_state_.clear();
  if (!is_open()) return fail("not connected");
  const Nanos deadline_ns = steady_now_ns() + timeout_ns_;
  if (PQsendQuery(handle_->pq, sql.c_str()) == 0) return fail(one_line(PQerrorMessage(handle_->pq)));
  return flush(deadline_ns) && finish_command(deadline_ns, nullptr);
}

bool Connection::commit() {
  sql_state_.clear();
  if (!is_open()) return fail("not connected");
  const Nanos deadline_ns = steady_now_ns() + timeout_ns_;
  if (PQsendQuery(handle_->pq, "commit") == 0) return fail(one_line(PQerrorMessage(handle_->pq)));
  if (!flush(deadline_ns)) return false;
  pass_crash_point(CrashPoint::commit_sent);
  return finish_command(deadline_ns, nullptr);
}

std::optional<Connection::Rows> Connection::query(const std::string& sql, const std::vector<std::string>& parameters) {
  sql_state_.clear();
  error_.clear();
  if (!is_open()) {
    static_cast<void>(fail("not connected"));
    return std::nullopt;
  }
  const Nanos deadline_ns = steady_now_ns() + timeout_ns_;
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  if (PQsendQueryParams(handle_->pq, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                        nullptr, 0) == 0) {
    static_cast<void>(fail(one_line(PQerrorMessage(handle_->pq))));
    return std::nullopt;
  }
  Rows rows;
  if (!flush(deadline_ns) || !finish_command(deadline_ns, &rows)) return std::nullopt;
  return rows;
}

bool Connection::copy(const std::string& sql, std::string_view bytes) {
  if (!execute(sql)) return false;
  constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(chunk_bytes, bytes.size()))) {
    // Each chunk is sent before the next is put: libpq would gather them all, and move what is left of them at every send.
    const int put = PQputCopyData(handle_->pq, bytes.data(), static_cast<int>(std::min(chunk_bytes, bytes.size())));
    if (put != 1) return fail(one_line(PQerrorMessage(handle_->pq)));
    // A deadline for each: a server that takes what it is sent is not hung, however much that is.
    if (!flush(steady_now_ns() + timeout_ns_)) return false;
  }
  const Nanos deadline_ns = steady_now_ns() + timeout_ns_;
  int ended = 0;
  while ((ended = PQputCopyEnd(handle_->pq, nullptr)) == 0) {
    if (!flush(deadline_ns)) return false;
  }
  if (ended < 0) return fail(one_line(PQerrorMessage(handle_->pq)));
  return flush(deadline_ns) && finish_command(deadline_ns, nullptr);
}

ServerState Connection::server_state() const {
  // Let in, and thrown out before a word: what a server that ends or crashes, or a proxy before it, does for a moment.
  if (error_.find("closed the connection unexpectedly") != std::string::npos ||
      error_.find("Connection reset by peer") != std::string::npos)
    return ServerState::starting;
  const char* const keywords[] = {"connect_timeout", "dbname", nullptr};
  const char* const values[] = {"2", dsn_.reveal().c_str(), nullptr};
  switch (PQpingParams(keywords, values, 1)) {
    case PQPING_OK: return ServerState::ready;
    case PQPING_REJECT: return ServerState::starting;
    default: return ServerState::absent;
  }
}

}  // namespace tapeline::sinks::postgres
