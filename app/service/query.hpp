// The parameters of a request: "symbol=BTC-USD&limit=100".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapeline::app {

class Query {
 public:
  explicit Query(std::string_view text) : text_(text) {}

  /// Percent-decoded; empty where it is not there.
  [[nodiscard]] std::string text(std::string_view name) const;
  /// Within [min, max]; `fallback` where it is not there or no number.
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t fallback, std::int64_t min,
                                    std::int64_t max) const;

 private:
  std::string_view text_;
};

}  // namespace tapeline::app
