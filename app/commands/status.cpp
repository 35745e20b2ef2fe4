#include "app/commands/status.hpp"

#include <cstdio>
#include <stdexcept>

#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/service/lane_service.hpp"

namespace tapeline::app {
namespace {

constexpr int timeout_ms = 5'000;

}  // namespace

int run_status(const StatusOptions& options) {
  const std::string lane =
      options.lane.empty() ? load_config(options.config_file, Purpose::look_back).config.lane : options.lane;
  const std::string socket = service_socket(resolve_var_directory(), lane);
  const auto ask = [&](const char* target) {
    try {
      return sinks::dashboard::ask_over_socket(socket, sinks::dashboard::Method::get, target, timeout_ms);
    } catch (const std::exception& error) {
      throw std::runtime_error(
          "no service of lane " + lane + " answers at " + socket + " (" + error.what() +
          "); start one with tapeline run, name another --lane, or set TAPELINE_VAR to its folder");
    }
  };
  const auto status = ask(options.json ? "/api/status" : "/status");
  std::fputs(status.body.c_str(), stdout);
  return ask("/readyz").status == 200 ? 0 : 1;
}

}  // namespace tapeline::app
