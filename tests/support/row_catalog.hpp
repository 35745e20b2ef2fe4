// The catalog of the default rules, for tests of what writes or explains rows.
#pragma once

#include "core/stages/row_catalog.hpp"

namespace tapeline::test {

/// Rules 0, 1, 2: rsi_oversold, rsi_overbought, significant_move.
[[nodiscard]] inline std::shared_ptr<const RowCatalog> default_catalog(const IndicatorsConfig& indicators = {}) {
  return make_row_catalog(indicators, default_rules(), "c0ffee");
}

}  // namespace tapeline::test
