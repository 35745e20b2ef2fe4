// Products that trade, from the list of all: /products.
#pragma once

#include <string>

#include "feeds/symbol_search.hpp"

namespace tapeline::feeds::coinbase {

/// `rest_url` empty: the exchange's own.
[[nodiscard]] Result<FoundSymbols, std::string> search_symbols(const std::string& rest_url,
                                                               const TransportConfig& transport,
                                                               const std::string& text);

}  // namespace tapeline::feeds::coinbase
