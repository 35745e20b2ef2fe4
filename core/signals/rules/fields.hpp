// What a rule can read: the fields of a closed bar's row, by name and type, and their values.
//
// Units     As in BarRow and fact_bar. Values are doubles: booleans 0 or 1, words the number of their enumerator, NaN null.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/row.hpp"

namespace tapeline {

enum class FieldType : std::uint8_t { number, boolean, signal, trend };

struct Field {
  std::string name;
  FieldType type;
};

class FieldTable {
 public:
  explicit FieldTable(std::vector<Field> fields) : fields_(std::move(fields)) {}

  [[nodiscard]] std::optional<std::uint16_t> find(std::string_view name) const noexcept;
  [[nodiscard]] const Field& operator[](std::size_t index) const noexcept { return fields_[index]; }
  [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

/// The fields of every bar, then the custom ones, which are numbers.
[[nodiscard]] FieldTable bar_fields(std::span<const std::string> custom_names);

/// The values, in the order of bar_fields(). Precondition: values.size() is that table's, custom as it was named.
void fill_fields(const BarRow& row, std::span<const double> custom, std::span<double> values) noexcept;

}  // namespace tapeline
