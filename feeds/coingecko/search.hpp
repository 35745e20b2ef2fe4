// Coins by name, symbol or id: /search.
#pragma once

#include <string>

#include "feeds/coingecko/config.hpp"
#include "feeds/symbol_search.hpp"

namespace tapeline::feeds::coingecko {

/// Native names "<coin id>/usd".
[[nodiscard]] Result<FoundSymbols, std::string> search_symbols(const Config& config, const TransportConfig& transport,
                                                               const std::string& text);

}  // namespace tapeline::feeds::coingecko
