#include "sinks/redis/address.hpp"

#include <charconv>

namespace tapeline::sinks::redis {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// sockaddr_un::sun_path, with its NUL.
constexpr std::size_t socket_path_bytes_max = 107;

}  // namespace

Result<Address, std::string> parse_address(std::string_view text) {
  using Error = Unexpected<std::string>;
  Address address;
  if (take_prefix(text, "rediss://")) {
    return Error{
        "rediss:// (TLS) is not supported: use a unix socket, or a TLS tunnel such as stunnel on this machine"};
  }
  if (take_prefix(text, "unix:")) {
    take_prefix(text, "//");
    if (text.empty() || text.front() != '/')
      return Error{"unix: needs an absolute path, as in unix:/run/redis/redis.sock"};
    if (text.size() > socket_path_bytes_max) {
      return Error{"the path of a unix socket has at most " + std::to_string(socket_path_bytes_max) + " bytes"};
    }
    address.path = text;
    return address;
  }
  take_prefix(text, "redis://");
  if (text.find('@') != std::string_view::npos) {
    return Error{"user and password do not belong into the address: set redis.user and redis.password"};
  }
  if (text.find('/') != std::string_view::npos) {
    return Error{"'/' does not belong into the address: set redis.database; a unix socket is written unix:/path"};
  }
  std::string_view port;
  if (take_prefix(text, "[")) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return Error{"']' is missing behind the IPv6 address"};
    address.host = text.substr(0, end);
    port = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    address.host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (address.host.empty()) return Error{"the address has no host: write host:port or unix:/path"};
  if (port.empty()) return address;
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc{} || end != port.data() + port.size() || address.port < 1 || address.port > 65'535) {
    return Error{"the port must be a number from 1 to 65535"};
  }
  return address;
}

std::string to_string(const Address& address) {
  if (!address.path.empty()) return "unix:" + address.path;
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace tapeline::sinks::redis
