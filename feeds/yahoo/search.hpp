// Instruments by name or ticker: /v1/finance/search.
#pragma once

#include <string>

#include "feeds/symbol_search.hpp"
#include "feeds/yahoo/config.hpp"

namespace tapeline::feeds::yahoo {

[[nodiscard]] Result<FoundSymbols, std::string> search_symbols(const Config& config, const TransportConfig& transport,
                                                               const std::string& text);

}  // namespace tapeline::feeds::yahoo
