// Why PostgreSQL could not be opened: for a reason that passes, or for one that somebody must mend.
#pragma once

#include <stdexcept>
#include <string>

#include "sinks/postgres/sql_state.hpp"

namespace tapeline::sinks::postgres {

/// The server cannot be reached, starts, is full, or is a standby yet: worth waiting for.
class ServerAway : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws ServerAway where another try may help, else std::runtime_error. `state`: the SQLSTATE, empty where the
/// connection itself failed.
[[noreturn]] inline void throw_opening_failure(const std::string& what, std::string_view state) {
  if (sql_state::passes(state)) throw ServerAway(what);
  throw std::runtime_error(what);
}

}  // namespace tapeline::sinks::postgres
