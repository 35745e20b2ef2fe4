// Log lines on standard error, one event a line, through spdlog.
//
// Threads   The control thread's alone: everybody else tells Operations, which never blocks.
#pragma once

#include <memory>
#include <string_view>

#include "app/config/config.hpp"
#include "core/model/row.hpp"

namespace spdlog {
class logger;
}

namespace tapeline::app {

class Log {
 public:
  explicit Log(const LogConfig& config);
  void write(Severity severity, std::string_view stage, std::string_view text);

 private:
  std::shared_ptr<spdlog::logger> logger_;
  bool is_json_;
};

}  // namespace tapeline::app
