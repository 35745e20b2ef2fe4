#include "core/signals/rules/fields.hpp"

#include <algorithm>
#include <array>

#include "core/base/check.hpp"

namespace tapeline {
namespace {

double price(std::int64_t mantissa, const BarRow& row) noexcept {
  return to_double(Int128{mantissa}, row.price_exponent);
}

struct StandardField {
  const char* name;
  FieldType type;
  double (*read)(const BarRow&) noexcept;
};

// clang-format off
constexpr std::array standard{
    StandardField{"open",              FieldType::number,  [](const BarRow& r) noexcept { return price(r.open_mantissa, r); }},
    StandardField{"high",              FieldType::number,  [](const BarRow& r) noexcept { return price(r.high_mantissa, r); }},
    StandardField{"low",               FieldType::number,  [](const BarRow& r) noexcept { return price(r.low_mantissa, r); }},
    StandardField{"close",             FieldType::number,  [](const BarRow& r) noexcept { return price(r.close_mantissa, r); }},
    StandardField{"volume",            FieldType::number,  [](const BarRow& r) noexcept { return to_double(r.volume_mantissa, r.volume_exponent); }},
    StandardField{"trades",            FieldType::number,  [](const BarRow& r) noexcept { return static_cast<double>(r.trades); }},
    StandardField{"sma",               FieldType::number,  [](const BarRow& r) noexcept { return r.sma; }},
    StandardField{"rsi",               FieldType::number,  [](const BarRow& r) noexcept { return r.rsi; }},
    StandardField{"bb_mid",            FieldType::number,  [](const BarRow& r) noexcept { return r.bb_mid; }},
    StandardField{"bb_sigma",          FieldType::number,  [](const BarRow& r) noexcept { return r.bb_sigma; }},
    StandardField{"bb_upper",          FieldType::number,  [](const BarRow& r) noexcept { return r.bb_upper; }},
    StandardField{"bb_lower",          FieldType::number,  [](const BarRow& r) noexcept { return r.bb_lower; }},
    StandardField{"percent_b",         FieldType::number,  [](const BarRow& r) noexcept { return r.percent_b; }},
    StandardField{"bandwidth",         FieldType::number,  [](const BarRow& r) noexcept { return r.bandwidth; }},
    StandardField{"volatility",        FieldType::number,  [](const BarRow& r) noexcept { return r.volatility; }},
    StandardField{"volatility_annual", FieldType::number,  [](const BarRow& r) noexcept { return r.volatility_annual; }},
    StandardField{"change",            FieldType::number,  [](const BarRow& r) noexcept { return r.change; }},
    StandardField{"change_pct",        FieldType::number,  [](const BarRow& r) noexcept { return r.change_pct; }},
    StandardField{"bars_seen",         FieldType::number,  [](const BarRow& r) noexcept { return static_cast<double>(r.bars_seen); }},
    StandardField{"signal",            FieldType::signal,  [](const BarRow& r) noexcept { return static_cast<double>(r.signal); }},
    StandardField{"trend",             FieldType::trend,   [](const BarRow& r) noexcept { return static_cast<double>(r.trend); }},
    StandardField{"is_filled",         FieldType::boolean, [](const BarRow& r) noexcept { return r.is_filled ? 1.0 : 0.0; }},
    StandardField{"interval_s",        FieldType::number,  [](const BarRow& r) noexcept { return static_cast<double>(r.interval_s); }},
};
// clang-format on

}  // namespace

std::optional<std::uint16_t> FieldTable::find(std::string_view name) const noexcept {
  const auto at = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
  if (at == fields_.end()) return std::nullopt;
  return static_cast<std::uint16_t>(at - fields_.begin());
}

FieldTable bar_fields(std::span<const std::string> custom_names) {
  std::vector<Field> fields;
  for (const StandardField& field : standard) fields.push_back({field.name, field.type});
  for (const std::string& name : custom_names) fields.push_back({name, FieldType::number});
  return FieldTable(std::move(fields));
}

void fill_fields(const BarRow& row, std::span<const double> custom, std::span<double> values) noexcept {
  TL_DCHECK(values.size() == standard.size() + custom.size());
  for (std::size_t i = 0; i < standard.size(); ++i) values[i] = standard[i].read(row);
  std::copy(custom.begin(), custom.end(), values.begin() + standard.size());
}

}  // namespace tapeline
