// gzip, for replies.
#pragma once

#include <string>

namespace tapeline::feeds::simulator {

[[nodiscard]] std::string gzipped(const std::string& bytes);

}  // namespace tapeline::feeds::simulator
