#include "app/log.hpp"

#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "core/base/json_text.hpp"

namespace tapeline::app {

Log::Log(const LogConfig& config)
    : logger_(std::make_shared<spdlog::logger>("tapeline", std::make_shared<spdlog::sinks::stderr_sink_mt>())),
      is_json_(config.format == LogFormat::json) {
  logger_->set_pattern(is_json_ ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                       spdlog::pattern_time_type::utc);
  switch (config.level) {
    case LogLevel::info: logger_->set_level(spdlog::level::info); break;
    case LogLevel::warning: logger_->set_level(spdlog::level::warn); break;
    case LogLevel::error: logger_->set_level(spdlog::level::err); break;
  }
}

void Log::write(Severity severity, std::string_view stage, std::string_view text) {
  auto allowance = allowances_.find(stage);
  if (allowance == allowances_.end()) allowance = allowances_.emplace(std::string(stage), LogAllowance()).first;
  const bool may_be_written = allowance->second.take(steady_now_ns());
  if (!may_be_written && severity != Severity::critical) return;
  if (const std::uint64_t left_out = may_be_written ? allowance->second.take_left_out() : 0; left_out > 0) {
    put(Severity::warning, stage, std::to_string(left_out) + " lines were left out: too many at once");
  }
  put(severity, stage, text);
}

void Log::put(Severity severity, std::string_view stage, std::string_view text) {
  const auto level = severity == Severity::critical  ? spdlog::level::err
                     : severity == Severity::warning ? spdlog::level::warn
                                                     : spdlog::level::info;
  if (is_json_) {
    logger_->log(level, "\"stage\":{},\"text\":{}", json_string(stage), json_string(text));
  } else {
    logger_->log(level, "{}: {}", stage, text);
  }
}

}  // namespace tapeline::app
