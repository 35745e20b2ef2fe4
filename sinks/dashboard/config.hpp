// Options of the service's own HTTP door: metrics, health, status, the dashboard.
#pragma once

#include <string>
#include <vector>

#include "core/base/secret.hpp"

namespace tapeline::sinks::dashboard {

struct Config {
  bool enabled = true;
  std::string listen = "127.0.0.1:8087";  // IP:PORT; port 0: any free one
  Secret token;                           // needed when `listen` is not on loopback
  std::vector<std::string> hosts;         // names beside localhost by which browsers may call it
};

}  // namespace tapeline::sinks::dashboard
