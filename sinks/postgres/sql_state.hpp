// What a refusal of PostgreSQL means to a writer, by its SQLSTATE.
#pragma once

#include <string_view>

namespace tapeline::sinks::postgres::sql_state {

inline constexpr std::string_view read_only_transaction = "25006";
inline constexpr std::string_view lock_not_available = "55P03";
inline constexpr std::string_view undefined_table = "42P01";
inline constexpr std::string_view check_violation = "23514";
inline constexpr std::string_view unique_violation = "23505";

/// One row's content was refused, not the statement: without that row the others go in.
[[nodiscard]] bool blames_row(std::string_view state) noexcept;

/// The server is well and refuses: a mended table, right or disk is what helps, not another connection.
[[nodiscard]] bool blames_server(std::string_view state) noexcept;

/// Another try helps, sooner or later: the connection itself failed, the server starts, is full, or is a standby yet.
[[nodiscard]] bool passes(std::string_view state) noexcept;

/// What to do about it, with a leading "; "; empty where the server's words say it all.
[[nodiscard]] std::string_view cure(std::string_view state) noexcept;

}  // namespace tapeline::sinks::postgres::sql_state
