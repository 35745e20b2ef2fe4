#include "app/commands/sources.hpp"

#include <cstdio>
#include <stdexcept>
#include <vector>

#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/service/lane_service.hpp"
#include "app/service/sources_text.hpp"
#include "core/base/json_text.hpp"
#include "feeds/transport/quota_ledger.hpp"

namespace tapeline::app {
namespace {

constexpr int timeout_ms = 5'000;

template <class SourceConfig>
feeds::SourceStatus described(const char* name, const SourceConfig& source) {
  feeds::SourceStatus status;
  status.name = name;
  status.state = source.enabled ? "configured, " + std::to_string(source.symbols.size()) + " symbols" : "not enabled";
  return status;
}

/// As described(), with what is left of the key's quota.
template <class SourceConfig>
feeds::SourceStatus counted(const char* name, const SourceConfig& source, const feeds::TransportConfig& transport) {
  feeds::SourceStatus status = described(name, source);
  if (source.requests_per_day == 0) return status;
  const std::string file = feeds::quota_file(transport.quota_directory, name, source.api_key.reveal());
  feeds::QuotaLedger ledger(file, source.requests_per_day);
  ledger.refresh(wall_now_ns());
  status.quota_per_day = source.requests_per_day;
  status.quota_left = ledger.left(wall_now_ns());
  status.last_frame_ns = ledger.last_spent_ns().value_or(0);
  status.last_error = ledger.last_error();
  return status;
}

std::vector<feeds::SourceStatus> configured_sources(const Config& config) {
  const SourcesConfig& sources = config.sources;
  return {counted("alpha_vantage", sources.alpha_vantage, config.transport),
          counted("coingecko", sources.coingecko, config.transport), described("yahoo", sources.yahoo),
          described("binance", sources.binance)};
}

std::string json_of(const std::vector<feeds::SourceStatus>& sources) {
  std::string text;
  for (const feeds::SourceStatus& source : sources) text += (text.empty() ? "" : ",") + source_json(source);
  return "{\"running\":false,\"sources\":[" + text + "]}\n";
}

}  // namespace

int run_sources(const SourcesOptions& options) {
  const Config config = load_config(options.config_file).config;
  const std::string lane = options.lane.empty() ? config.lane : options.lane;
  const std::string socket = service_socket(resolve_var_directory(), lane);
  try {
    const auto answer = sinks::dashboard::ask_over_socket(socket, sinks::dashboard::Method::get,
                                                          options.json ? "/api/sources" : "/sources", timeout_ms);
    std::fputs(answer.body.c_str(), stdout);
    return 0;
  } catch (const std::exception&) {
    // None runs, or it listens elsewhere: what is configured can be told all the same.
  }
  const auto sources = configured_sources(config);
  if (options.json) {
    std::fputs(json_of(sources).c_str(), stdout);
    return 0;
  }
  std::printf("no service of lane %s answers at %s: this is what is configured\n", lane.c_str(), socket.c_str());
  std::fputs(sources_text(sources, wall_now_ns()).c_str(), stdout);
  return 0;
}

}  // namespace tapeline::app
