// A libpq connection whose every call has a deadline of ours: keepalives do not notice a server that hangs.
//
// Threads   One.
// Failure   A failed call returns false and leaves the reason in error(), without password; the connection is then
//           only good for close(). Nothing throws.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "core/base/time.hpp"

namespace tapeline::sinks::postgres {

enum class ServerState {
  absent,    // nobody answers there
  starting,  // lets nobody in yet, or hung up
  ready,     // lets others in: it has something against us, or has just become ready
};

class Connection {
 public:
  Connection(Secret dsn, int call_timeout_ms);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] bool open();
  /// Another deadline for the calls that follow.
  void set_timeout(int call_timeout_ms) noexcept { timeout_ns_ = Nanos{call_timeout_ms} * nanos_per_millisecond; }
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }
  /// After a failed open(): what became of the server. Asks it, up to 2 s.
  [[nodiscard]] ServerState server_state() const;

  /// Runs statements without parameters or result.
  [[nodiscard]] bool execute(const std::string& sql);
  /// Ends the transaction. After a failure nobody knows whether it was stored.
  [[nodiscard]] bool commit();
  /// The rows of one statement with text parameters; nullopt on failure. NULL is an empty string.
  using Rows = std::vector<std::vector<std::string>>;
  [[nodiscard]] std::optional<Rows> query(const std::string& sql, const std::vector<std::string>& parameters = {});
  /// COPY ... FROM STDIN (FORMAT BINARY) of a whole encoded buffer.
  [[nodiscard]] bool copy(const std::string& sql, std::string_view bytes);

  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  /// SQLSTATE of the last call's failure; empty when it did not fail, or the connection itself did.
  [[nodiscard]] const std::string& sql_state() const noexcept { return sql_state_; }
  /// Where in what we sent the last refusal arose, in the server's words: "COPY tick, line 3".
  [[nodiscard]] const std::string& context() const noexcept { return context_; }

 private:
  struct Handle;
  [[nodiscard]] bool fail(std::string_view what);
  /// Takes over what is being connected, and brings it to its end.
  [[nodiscard]] bool finish_opening(std::unique_ptr<Handle> handle, Nanos deadline_ns);
  [[nodiscard]] bool wait(bool for_write, Nanos deadline_ns);
  [[nodiscard]] bool flush(Nanos deadline_ns);
  /// Reads results until there are none; keeps the last rows. False on any error result.
  [[nodiscard]] bool finish_command(Nanos deadline_ns, Rows* rows);
  [[nodiscard]] bool prepare_socket();

  Secret dsn_;
  Nanos timeout_ns_;
  std::unique_ptr<Handle> handle_;
  std::string error_;
  std::string sql_state_;
  std::string context_;
};

}  // namespace tapeline::sinks::postgres
