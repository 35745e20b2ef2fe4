// What is wrong with a connection string, in words that give none of its password away.
//
// Output    nullopt when libpq can read it. libpq's own words quote the string: they are only passed on where it holds
//           no password.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tapeline::sinks::postgres {

[[nodiscard]] std::optional<std::string> connection_string_problem(const std::string& dsn);

struct HostAndPort {
  std::string host;
  std::string port;  // empty: the default
};
/// The hosts of a string that names several, in its order; empty where there is one, or none is named.
[[nodiscard]] std::vector<HostAndPort> several_hosts(const std::string& dsn);

}  // namespace tapeline::sinks::postgres
