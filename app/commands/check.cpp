#include "app/commands/check.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

#include <fmt/format.h>

#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/summary.hpp"
#include "feeds/alpha_vantage/source.hpp"
#include "feeds/binance/source.hpp"
#include "feeds/coingecko/source.hpp"
#include "feeds/yahoo/source.hpp"
#include "sinks/postgres/check.hpp"
#include "sinks/redis/check.hpp"

namespace tapeline::app {
namespace {

constexpr int source_timeout_ms = 15'000;

struct Line {
  std::string what;
  bool is_ok;
  std::string detail;
  Nanos latency_ns;
};

Line source_line(const char* name, const feeds::CheckResult& result) {
  return {name, result.ok, result.detail, result.latency_ns};
}

void check_sources(const Config& config, std::vector<Line>& lines) {
  const SourcesConfig& sources = config.sources;
  if (sources.alpha_vantage.enabled) {
    lines.push_back(source_line(
        "alpha_vantage", feeds::alpha_vantage::check(sources.alpha_vantage, config.transport, source_timeout_ms)));
  }
  if (sources.coingecko.enabled) {
    lines.push_back(
        source_line("coingecko", feeds::coingecko::check(sources.coingecko, config.transport, source_timeout_ms)));
  }
  if (sources.yahoo.enabled)
    lines.push_back(source_line("yahoo", feeds::yahoo::check(sources.yahoo, config.transport, source_timeout_ms)));
  if (sources.binance.enabled) {
    lines.push_back(
        source_line("binance", feeds::binance::check(sources.binance, config.transport, source_timeout_ms)));
  }
}

Line check_postgres(const Config& config, const std::string& var_directory) {
  try {
    const auto result =
        sinks::postgres::check(resolve_postgres(config.postgres, var_directory), config.postgres.call_timeout_ms);
    return {"postgres", result.ok, result.detail, result.latency_ns};
  } catch (const std::exception& error) {
    return {"postgres", false, error.what(), 0};
  }
}

Line check_redis(const Config& config, const std::string& var_directory) {
  try {
    sinks::redis::Config redis = config.redis;
    redis.address = resolve_redis(config.redis, var_directory);
    const auto result = sinks::redis::check(redis);
    if (!result) return {"redis", false, result.error(), 0};
    return {"redis", true, result->server, result->round_trip_ns};
  } catch (const std::exception& error) {
    return {"redis", false, error.what(), 0};
  }
}

void print_table(const std::vector<Line>& lines) {
  for (const Line& line : lines) {
    const std::string latency = line.latency_ns > 0 ? duration_text(static_cast<std::uint64_t>(line.latency_ns)) : "";
    std::fputs(
        fmt::format("{:<14} {:<6} {:>9}  {}\n", line.what, line.is_ok ? "ok" : "FAILED", latency, line.detail).c_str(),
        stdout);
  }
}

void print_json(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    text += fmt::format("{}{{\"what\":{},\"ok\":{},\"detail\":{},\"latency_ns\":{}}}", text.empty() ? "" : ",",
                        json_string(line.what), line.is_ok, json_string(line.detail), line.latency_ns);
  }
  std::fputs(("[" + text + "]\n").c_str(), stdout);
}

}  // namespace

int run_check(const CheckOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file);
  std::vector<Line> lines;
  lines.push_back({"configuration", true, "hash " + loaded.hash, 0});
  if (!options.config_only) {
    const std::string var_directory = resolve_var_directory();
    check_sources(loaded.config, lines);
    if (loaded.config.postgres.enabled) lines.push_back(check_postgres(loaded.config, var_directory));
    if (loaded.config.redis.enabled) lines.push_back(check_redis(loaded.config, var_directory));
  }
  options.json ? print_json(lines) : print_table(lines);
  return std::all_of(lines.begin(), lines.end(), [](const Line& line) { return line.is_ok; }) ? 0 : 2;
}

}  // namespace tapeline::app
