#include "app/log.hpp"

#include <memory>
#include <string>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "app/output_thread.hpp"
#include "core/base/json_text.hpp"

namespace tapeline::app {
namespace {

std::string line_of(spdlog::formatter& formatter, const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t text;
  formatter.format(message, text);
  return {text.data(), text.size()};
}

class StandardErrorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    standard_error().write(line_of(*formatter_, message));
  }
  void flush_() override {}
};

std::string body_of(bool is_json, std::string_view stage, std::string_view text) {
  return is_json ? fmt::format("\"stage\":{},\"text\":{}", json_string(stage), json_string(text))
                 : fmt::format("{}: {}", stage, text);
}

}  // namespace

Log::Log(const LogConfig& config)
    : logger_(std::make_shared<spdlog::logger>("tapeline", std::make_shared<StandardErrorSink>())),
      is_json_(config.format == LogFormat::json) {
  const char* const pattern =
      is_json_ ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  logger_->set_pattern(pattern, spdlog::pattern_time_type::utc);
  switch (config.level) {
    case LogLevel::info: logger_->set_level(spdlog::level::info); break;
    case LogLevel::warning: logger_->set_level(spdlog::level::warn); break;
    case LogLevel::error: logger_->set_level(spdlog::level::err); break;
  }
  standard_error().tell_lost_by([is_json = is_json_, formatter = std::make_shared<spdlog::pattern_formatter>(
                                                         pattern, spdlog::pattern_time_type::utc)](std::uint64_t lost) {
    const std::string body = body_of(is_json, "log", std::to_string(lost) + " lines are lost: nobody took them");
    return line_of(*formatter, {"tapeline", spdlog::level::warn, body});
  });
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
  logger_->log(level, body_of(is_json_, stage, text));
}

}  // namespace tapeline::app
