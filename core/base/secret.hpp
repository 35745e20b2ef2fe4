// A value that must not be seen: no stream operator, no formatting, no implicit conversion.
#pragma once

#include <string>
#include <utility>

namespace tapeline {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  /// For the one place that sends it. Never log, journal, count or throw what this returns.
  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }

 private:
  std::string value_;
};

}  // namespace tapeline
