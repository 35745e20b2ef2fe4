// What is stored beside what the journal says, field by field, exactly: doubles bit for bit, decimals by their value.
//
// Output    Texts for people; a field is the same or it is not, there is no tolerance.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"
#include "core/model/row.hpp"
#include "core/stages/row_catalog.hpp"
#include "sinks/postgres/stored_rows.hpp"

namespace tapeline::app {

struct ComparedField {
  std::string name;
  std::string stored;
  std::string recomputed;
  bool is_same = false;
};

/// An alert or bar of an instrument that our configuration calls `symbol`.
[[nodiscard]] std::vector<ComparedField> compare_alert(const sinks::postgres::StoredRow& stored, const Row& recomputed,
                                                       std::string_view symbol, const RowCatalog& catalog);
[[nodiscard]] std::vector<ComparedField> compare_bar(const sinks::postgres::StoredRow& stored, const Row& recomputed);
/// Custom indicators of one bar: what is stored by name, and rows of kind values.
[[nodiscard]] std::vector<ComparedField> compare_values(const std::map<std::string, std::string>& stored,
                                                        const std::vector<Row>& recomputed, const RowCatalog& catalog);

/// Shortest text that reads back to the same bits; "null" where undefined.
[[nodiscard]] std::string real_text(double value);

}  // namespace tapeline::app
