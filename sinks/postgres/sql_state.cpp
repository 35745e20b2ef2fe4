#include "sinks/postgres/sql_state.hpp"

namespace tapeline::sinks::postgres::sql_state {

bool blames_row(std::string_view state) noexcept {
  // A column of another type, or one that we do not know and that must be filled, refuses every row with these: then the
  // table is wrong, and the rows wait.
  if (state == "22P03" || state == "22021" || state == "23502") return false;
  constexpr std::string_view program_limit_exceeded = "54000";  // too large for an index
  return state.starts_with("22") || state.starts_with("23") || state == program_limit_exceeded;
}

bool blames_server(std::string_view state) noexcept {
  return !state.empty() && !state.starts_with("08") && !state.starts_with("57") && state != lock_not_available;
}

bool passes(std::string_view state) noexcept {
  return !blames_server(state) || state.starts_with("53") || state == read_only_transaction;
}

std::string_view cure(std::string_view state) noexcept {
  if (state == read_only_transaction)
    return "; it is a standby, or was made read-only: several hosts and target_session_attrs=read-write find the "
           "primary";
  if (state == "42501") return "; grant the role what config/roles.sql gives tapeline_writer";
  if (state == "42P01" || state == "42703" || state == "22P03" || state == "22021" || state == "23502")
    return "; `tapeline migrate` makes missing tables, a table that was changed must be changed back";
  if (state == "53100") return "; make room on the server's disk";
  if (state == "53300") return "; raise max_connections";
  return "";
}

}  // namespace tapeline::sinks::postgres::sql_state
