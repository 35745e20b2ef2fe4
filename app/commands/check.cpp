#include "app/commands/check.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <future>
#include <vector>

#include <fmt/format.h>

#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/summary.hpp"
#include "core/base/json_text.hpp"
#include "feeds/alpha_vantage/source.hpp"
#include "feeds/binance/source.hpp"
#include "feeds/coinbase/source.hpp"
#include "feeds/coingecko/source.hpp"
#include "feeds/kraken/source.hpp"
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

// All are asked at once: a source that is silent delays no other.
using Lines = std::vector<std::future<Line>>;

/// Asks with `ask`; a failure's detail begins with the file that says where to ask.
template <class Ask>
void add(Lines& lines, const char* what, const std::string& file, Ask ask) {
  lines.push_back(std::async(std::launch::async, [what, file, ask] {
    Line line{what, false, {}, 0};
    try {
      ask(line);
    } catch (const std::exception& error) {
      line.detail = error.what();
    }
    if (!line.is_ok) line.detail = file + ": " + line.detail;
    return line;
  }));
}

template <class SourceConfig>
using SourceCheck = feeds::CheckResult (*)(const SourceConfig&, const feeds::TransportConfig&, int);

template <class SourceConfig>
void add_source(Lines& lines, const char* name, const LoadedConfig& loaded, const SourceConfig& source,
                const std::string& address, SourceCheck<SourceConfig> check) {
  if (!source.enabled) return;
  add(lines, name, loaded.file, [=, &loaded, &source](Line& line) {
    const feeds::CheckResult result = check(source, loaded.config.transport, source_timeout_ms);
    line.is_ok = result.ok;
    line.latency_ns = result.latency_ns;
    line.detail = result.ok ? result.detail
                            : fmt::format("sources.{} at {}: {}; mend what it says, or set sources.{}.enabled = false",
                                          name, address, result.detail, name);
  });
}

void add_sources(Lines& lines, const LoadedConfig& loaded) {
  const SourcesConfig& sources = loaded.config.sources;
  add_source(lines, "alpha_vantage", loaded, sources.alpha_vantage, sources.alpha_vantage.base_url,
             feeds::alpha_vantage::check);
  add_source(lines, "coingecko", loaded, sources.coingecko, sources.coingecko.base_url, feeds::coingecko::check);
  add_source(lines, "yahoo", loaded, sources.yahoo, sources.yahoo.base_url, feeds::yahoo::check);
  add_source(lines, "binance", loaded, sources.binance, sources.binance.websocket_url, feeds::binance::check);
  add_source(lines, "coinbase", loaded, sources.coinbase, sources.coinbase.websocket_url, feeds::coinbase::check);
  add_source(lines, "kraken", loaded, sources.kraken, sources.kraken.websocket_url, feeds::kraken::check);
}

void add_sinks(Lines& lines, const LoadedConfig& loaded) {
  const std::string var_directory = resolve_var_directory();
  const sinks::postgres::Config& postgres = loaded.config.postgres;
  const sinks::redis::Config& redis = loaded.config.redis;
  if (postgres.enabled) {
    add(lines, "postgres", loaded.file, [&postgres, var_directory](Line& line) {
      auto result = sinks::postgres::check(resolve_postgres(postgres, var_directory), postgres.call_timeout_ms);
      line = {line.what, result.ok, std::move(result.detail), result.latency_ns};
    });
  }
  if (redis.enabled) {
    add(lines, "redis", loaded.file, [&redis, var_directory](Line& line) {
      sinks::redis::Config resolved = redis;
      resolved.address = resolve_redis(redis, var_directory);
      const auto result = sinks::redis::check(resolved);
      line = result ? Line{line.what, true, result->server, result->round_trip_ns}
                    : Line{line.what, false, result.error(), 0};
    });
  }
}

/// What everybody may ask for, of sources that are not enabled.
void enable_keyless(SourcesConfig& sources) {
  const auto enable = [](auto& source, const char* symbol, const char* native_symbol) {
    if (source.symbols.empty()) source.symbols = {{symbol, native_symbol}};
    source.enabled = true;
  };
  enable(sources.coingecko, "BTC-USD", "bitcoin/usd");
  enable(sources.yahoo, "AAPL", "AAPL");
  enable(sources.binance, "BTC-USD", "BTCUSDT");
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
  LoadedConfig loaded = load_config(options.config_file, options.no_secrets ? Purpose::inspect : Purpose::run);
  if (options.live) enable_keyless(loaded.config.sources);
  Lines asked;
  if (!options.config_only) {
    add_sources(asked, loaded);
    if (!options.live) add_sinks(asked, loaded);
  }
  std::vector<Line> lines{{"configuration", true, loaded.file + ", hash " + loaded.hash, 0}};
  for (std::future<Line>& line : asked) lines.push_back(line.get());
  options.json ? print_json(lines) : print_table(lines);
  return std::all_of(lines.begin(), lines.end(), [](const Line& line) { return line.is_ok; }) ? 0 : 2;
}

}  // namespace tapeline::app
