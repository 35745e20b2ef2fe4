// Log lines on standard error, one event a line, formatted by spdlog and written by standard_error()'s thread.
//
// Threads   The control thread's alone: everybody else tells Operations, which never blocks.
// Output    Of each stage at most `log_burst` lines at once and `log_per_second` in the long run; how many were left out is
//           said when there is room again. Critical ones are always handed over.
// Failure   Nobody reads them: none waits for that, and those that found no room are counted in their place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "app/config/config.hpp"
#include "core/base/time.hpp"
#include "core/model/row.hpp"

namespace spdlog {
class logger;
}

namespace tapeline::app {

inline constexpr double log_burst = 50;
inline constexpr double log_per_second = 5;

/// Room for lines of one stage: a bucket that fills with time.
class LogAllowance {
 public:
  /// Whether a line may be written now.
  [[nodiscard]] bool take(Nanos now_ns) noexcept {
    room_ = std::min(log_burst, room_ + static_cast<double>(now_ns - filled_ns_) / 1e9 * log_per_second);
    filled_ns_ = now_ns;
    if (room_ < 1) {
      ++left_out_;
      return false;
    }
    room_ -= 1;
    return true;
  }
  /// Since it was asked last.
  [[nodiscard]] std::uint64_t take_left_out() noexcept { return std::exchange(left_out_, 0); }

 private:
  double room_ = log_burst;
  Nanos filled_ns_ = 0;
  std::uint64_t left_out_ = 0;
};

class Log {
 public:
  explicit Log(const LogConfig& config);
  void write(Severity severity, std::string_view stage, std::string_view text);

 private:
  void put(Severity severity, std::string_view stage, std::string_view text);

  std::shared_ptr<spdlog::logger> logger_;
  std::map<std::string, LogAllowance, std::less<>> allowances_;  // by stage
  bool is_json_;
};

}  // namespace tapeline::app
