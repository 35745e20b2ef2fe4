#include "sinks/postgres/bad_row.hpp"

#include <charconv>

#include "sinks/postgres/sql_state.hpp"

namespace tapeline::sinks::postgres {

bool copy_rows(Connection& connection, const Batch::Table& table, std::size_t first, std::size_t last,
               Request::Keys keys) {
  const std::string rows = table.rows.some_rows(first, last);
  if (keys == Request::Keys::are_new || !table.has_key()) return connection.copy(table.copy_sql(), rows);
  return connection.execute(table.stage_sql()) && connection.copy(table.copy_to_stage_sql(), rows) &&
         connection.execute(table.merge_sql()) && connection.execute(table.unstage_sql());
}

std::optional<std::size_t> row_of_context(std::string_view context) noexcept {
  constexpr std::string_view before = ", line ";
  // A trigger's own lines may stand before it.
  const std::size_t copy = context.find("COPY ");
  const std::size_t at = copy == std::string_view::npos ? copy : context.find(before, copy);
  if (at == std::string_view::npos) return std::nullopt;
  std::size_t line = 0;
  const char* const digits = context.data() + at + before.size();
  const auto [end, problem] = std::from_chars(digits, context.data() + context.size(), line);
  if (problem != std::errc{} || line == 0) return std::nullopt;
  return line - 1;
}

std::optional<std::size_t> find_bad_row(Connection& connection, const Batch::Table& table, std::size_t first,
                                        std::size_t last, Request::Keys keys) {
  enum class Answer { taken, refused, unknown };
  const auto ask = [&](std::size_t from, std::size_t to) {
    if (!connection.execute("begin")) return Answer::unknown;
    Answer answer = Answer::taken;
    if (!copy_rows(connection, table, from, to, keys))
      answer = sql_state::blames_row(connection.sql_state()) ? Answer::refused : Answer::unknown;
    return connection.execute("rollback") ? answer : Answer::unknown;
  };
  while (last - first > 1) {
    const std::size_t middle = first + (last - first) / 2;
    const Answer answer = ask(first, middle);
    if (answer == Answer::unknown) return std::nullopt;
    (answer == Answer::refused ? last : first) = middle;
  }
  return last > first && ask(first, last) == Answer::refused ? std::optional(first) : std::nullopt;
}

}  // namespace tapeline::sinks::postgres
