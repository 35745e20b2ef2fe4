// One connection to a Redis server: commands out, replies in, always with a deadline. hiredis keeps the protocol.
//
// Threads   One at a time. SIGPIPE is blocked in the thread that connects: hiredis 0.14 writes without MSG_NOSIGNAL.
// Failure   Text that names the address and what went wrong, never a command. After a failure the connection is closed.
//           The deadline does not cover the resolver: a host name is looked up with the system's own limit.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "sinks/redis/address.hpp"
#include "sinks/redis/commands.hpp"
#include "sinks/redis/config.hpp"

struct redisContext;

namespace tapeline::sinks::redis {

struct Reply {
  enum class Kind : std::uint8_t { text, integer, nil, error, array };
  Kind kind = Kind::nil;
  long long integer = 0;
  std::string text;
  std::vector<Reply> items;
};

class Connection {
 public:
  Connection();
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  /// Empty on success, else why not. `deadline_ns` on the steady clock.
  [[nodiscard]] std::string open(const Address& address, Nanos deadline_ns);
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return context_ != nullptr; }

  /// Whether the server has not closed the connection meanwhile; asks the kernel only.
  [[nodiscard]] bool is_alive() const noexcept;

  /// The replies, as many as commands, errors among them.
  [[nodiscard]] Result<std::vector<Reply>, std::string> exchange(const Commands& commands, Nanos deadline_ns);
  /// One reply that no command of ours has asked for: a message of a subscription.
  [[nodiscard]] Result<Reply, std::string> receive(Nanos deadline_ns);

 private:
  struct Free {
    void operator()(redisContext* context) const noexcept;
  };
  [[nodiscard]] std::string wait_for(short events, Nanos deadline_ns) const;
  [[nodiscard]] std::string send(const Commands& commands, Nanos deadline_ns);
  [[nodiscard]] std::string failure(std::string_view what) const;

  std::unique_ptr<redisContext, Free> context_;
  std::string address_;
};

enum class LoginOutcome : std::uint8_t { accepted, try_again, refused };

struct Login {
  LoginOutcome outcome;
  std::string problem;  // empty when accepted
};

/// Authenticates, selects the database and makes sure that the server answers.
[[nodiscard]] Login log_in(Connection& connection, const Config& config, Nanos deadline_ns);

}  // namespace tapeline::sinks::redis
