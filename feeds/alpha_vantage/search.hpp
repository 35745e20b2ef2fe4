// Shares by name or ticker: SYMBOL_SEARCH. It counts against the quota of the key.
#pragma once

#include <string>

#include "feeds/alpha_vantage/config.hpp"
#include "feeds/symbol_search.hpp"

namespace tapeline::feeds::alpha_vantage {

[[nodiscard]] Result<FoundSymbols, std::string> search_symbols(const Config& config, const TransportConfig& transport,
                                                               const std::string& text);

}  // namespace tapeline::feeds::alpha_vantage
