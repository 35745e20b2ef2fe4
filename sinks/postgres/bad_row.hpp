// Which row of a table's COPY the database refuses.
//
// Failure   nullopt: no single row is to blame, or it cannot be found out now.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "sinks/postgres/batch.hpp"
#include "sinks/postgres/connection.hpp"
#include "sinks/postgres/session.hpp"

namespace tapeline::sinks::postgres {

/// Sends rows [first, last) of the table inside the open transaction.
[[nodiscard]] bool copy_rows(Connection& connection, const Batch::Table& table, std::size_t first, std::size_t last,
                             Request::Keys keys);

/// By the line that an error's context names ("COPY tick, line 3, column side"), counted from 0.
[[nodiscard]] std::optional<std::size_t> row_of_context(std::string_view context) noexcept;

/// The row of [first, last) that is refused by itself, found by sending halves and taking them back. For refusals without a
/// line: foreign keys, and rows that are merged. Leaves no transaction open.
[[nodiscard]] std::optional<std::size_t> find_bad_row(Connection& connection, const Batch::Table& table,
                                                      std::size_t first, std::size_t last, Request::Keys keys);

}  // namespace tapeline::sinks::postgres
