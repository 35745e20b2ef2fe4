// What is wrong with a connection string, in words that give none of its password away.
//
// Output    nullopt when libpq can read it. libpq's own words quote the string: they are only passed on where it holds
//           no password.
#pragma once

#include <optional>
#include <string>

namespace tapeline::sinks::postgres {

[[nodiscard]] std::optional<std::string> connection_string_problem(const std::string& dsn);

}  // namespace tapeline::sinks::postgres
