#include "app/config/private_servers.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/config/loader.hpp"

namespace tapeline::app {
namespace {

/// Value of `key` in <var>/servers.env; empty when there is none.
std::string noted(const std::string& var_directory, const std::string& key) {
  std::ifstream file(var_directory + "/servers.env");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with(key + "=")) return line.substr(key.size() + 1);
  }
  return {};
}

}  // namespace

std::string resolve_var_directory() {
  const char* var = std::getenv("TAPELINE_VAR");
  return std::filesystem::absolute(var != nullptr && *var != '\0' ? var : "var").string();
}

Secret resolve_postgres(const sinks::postgres::Config& config, const std::string& var_directory) {
  if (!config.dsn.empty()) return config.dsn;
  const std::string dsn = noted(var_directory, "TAPELINE_PG_DSN");
  if (dsn.empty()) {
    throw ConfigErrors(
        {"no PostgreSQL: postgres.dsn is not set and " + var_directory +
         "/servers.env names no private server; run ./dev up, set postgres.dsn, or set postgres.enabled = false"});
  }
  return Secret(dsn);
}

std::string resolve_redis(const sinks::redis::Config& config, const std::string& var_directory) {
  if (!config.address.empty()) return config.address;
  std::string address = noted(var_directory, "TAPELINE_REDIS");
  if (address.empty()) {
    throw ConfigErrors(
        {"no Redis: redis.address is not set and " + var_directory +
         "/servers.env names no private server; run ./dev up, set redis.address, or set redis.enabled = false"});
  }
  return address;
}

}  // namespace tapeline::app
