#include "app/config/address.hpp"

#include <cstdlib>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "feeds/transport/url.hpp"

namespace tapeline::app {
namespace {

using Error = Unexpected<std::string>;

Result<std::string, std::string> simulator_authority() {
  const char* simulator = std::getenv("TAPELINE_SIM");
  if (simulator == nullptr || *simulator == '\0') {
    return Error{
        "names the simulator, but TAPELINE_SIM is not set; start it with ./dev run, or with `tapeline sim` and export "
        "TAPELINE_SIM=127.0.0.1:PORT"};
  }
  const auto url = feeds::parse_url("http://" + std::string(simulator));
  if (!url || url->path != "/" || !is_loopback(url->host)) {
    return Error{
        "names the simulator, but TAPELINE_SIM is no host:port of this machine; export it as `tapeline sim` tells it"};
  }
  return std::string(simulator);
}

}  // namespace

bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

Result<std::string, std::string> resolve_address(std::string_view text, Protocol protocol) {
  const std::string plain = protocol == Protocol::http ? "http" : "ws";
  if (text.find('@') != std::string_view::npos) {
    return Error{fmt::format("holds a user name or an '@'; write {}s://host, secrets have keys of their own", plain)};
  }
  const std::string_view scheme = text.substr(0, text.find("://"));
  const bool is_plain = scheme == plain;
  const auto url = feeds::parse_url(text);
  if (!url || (!is_plain && scheme != plain + "s")) {
    return Error{fmt::format("\"{}\" is no address; write {}s://host or {}s://host:port", text, plain, plain)};
  }
  if (text.find_first_of("?#") != std::string_view::npos) {
    return Error{fmt::format("holds a query; write {}s://host, what is asked for is added to it", plain)};
  }
  const std::string_view rest = text.substr(scheme.size() + 3);
  if (url->host == "tapeline-sim") {
    auto authority = simulator_authority();
    if (!authority) return authority;
    return fmt::format("{}://{}{}", scheme, *authority, rest.substr(std::min(rest.find('/'), rest.size())));
  }
  if (is_plain && !is_loopback(url->host)) {
    return Error{fmt::format("{}:// would send everything in the clear; write {}s://{}", plain, plain, rest)};
  }
  return std::string(text);
}

}  // namespace tapeline::app
