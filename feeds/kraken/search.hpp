// Pairs that trade, from the list of all: /0/public/AssetPairs.
#pragma once

#include <string>

#include "feeds/symbol_search.hpp"

namespace tapeline::feeds::kraken {

/// `rest_url` empty: the exchange's own.
[[nodiscard]] Result<FoundSymbols, std::string> search_symbols(const std::string& rest_url,
                                                               const TransportConfig& transport,
                                                               const std::string& text);

}  // namespace tapeline::feeds::kraken
