// Answers the searches and product lists of the sources: /api/v3/search, /v1/finance/search and
// SYMBOL_SEARCH.
#pragma once

#include <optional>

#include "feeds/simulator/market.hpp"
#include "feeds/simulator/request.hpp"

namespace tapeline::feeds::simulator {

/// nullopt: the target is no search.
[[nodiscard]] std::optional<HttpReply> answer_search(const Market& market, const Target& target);

}  // namespace tapeline::feeds::simulator
