#include "sinks/redis/check.hpp"

#include <unistd.h>

#include "sinks/redis/connection.hpp"

namespace tapeline::sinks::redis {
namespace {

/// "redis_version:7.0.15\r\n" within the text of INFO.
std::string version_in(std::string_view info) {
  constexpr std::string_view label = "redis_version:";
  const std::size_t at = info.find(label);
  if (at == std::string_view::npos) return "Redis";
  info.remove_prefix(at + label.size());
  return "Redis " + std::string(info.substr(0, info.find('\r')));
}

}  // namespace

Result<Checked, std::string> check(const Config& config) {
  using Error = Unexpected<std::string>;
  const auto address = parse_address(config.address);
  if (!address) return Error{"redis.address: " + address.error()};
  const std::string where = "Redis at " + to_string(*address) + ": ";
  const Nanos deadline_ns = steady_now_ns() + Nanos{config.call_timeout_ms} * nanos_per_millisecond;

  Connection connection;
  if (std::string problem = connection.open(*address, deadline_ns); !problem.empty()) {
    return Error{problem + "; is the server running? mend redis.address, or switch it off with redis.enabled = false"};
  }
  if (const Login login = log_in(connection, config, deadline_ns); login.outcome != LoginOutcome::accepted) {
    return Error{login.problem.starts_with("Redis at ") ? login.problem : where + login.problem};
  }

  const std::string key = "tapeline:check:" + std::to_string(getpid());
  Commands commands;
  commands.add({"SET", key, "ok", "EX", "10"});
  commands.add({"GET", key});
  commands.add({"EVAL", "redis.call('XADD', KEYS[1], '*', 'check', '1'); return redis.call('PUBLISH', KEYS[1], '1')",
                "1", key + ":stream"});
  commands.add({"DEL", key, key + ":stream"});
  const Nanos begin_ns = steady_now_ns();
  const auto replies = connection.exchange(commands, deadline_ns);
  if (!replies) return Error{replies.error()};
  const Nanos round_trip_ns = steady_now_ns() - begin_ns;
  for (const Reply& reply : *replies) {
    if (reply.kind == Reply::Kind::error) return Error{where + reply.text};
  }
  if ((*replies)[1].text != "ok") return Error{where + "what was written does not read back: is this really Redis?"};

  Commands ask_version;
  ask_version.add({"INFO", "server"});
  const auto info = connection.exchange(ask_version, deadline_ns);
  return Checked{info ? version_in(info->front().text) : "Redis", round_trip_ns};
}

}  // namespace tapeline::sinks::redis
