// What someone may have meant by a misspelt word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tapeline::app {

/// Nearest of `words` to `word` by edit distance, where it is near enough to be meant; else empty.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace tapeline::app
