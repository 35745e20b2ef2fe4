#include "app/service/query.hpp"

#include <algorithm>
#include <charconv>

#include "sinks/dashboard/http_server.hpp"

namespace tapeline::app {

std::string Query::text(std::string_view name) const {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) {
      return sinks::dashboard::percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

std::int64_t Query::number(std::string_view name, std::int64_t fallback, std::int64_t min, std::int64_t max) const {
  const std::string digits = text(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return fallback;
  return std::clamp(value, min, max);
}

}  // namespace tapeline::app
