#include "feeds/transport/proxy.hpp"

#include <algorithm>

namespace tapeline::feeds {
namespace {

constexpr std::size_t reason_bytes_max = 80;

std::string printable(std::string_view text) {
  std::string out(text.substr(0, reason_bytes_max));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

}  // namespace

std::string connect_request(const Url& target, const std::string& user_agent) {
  const bool is_ipv6 = target.host.find(':') != std::string::npos;
  const std::string authority = (is_ipv6 ? '[' + target.host + ']' : target.host) + ':' + target.port;
  return "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\nUser-Agent: " + user_agent + "\r\n\r\n";
}

std::string tunnel_refusal(std::string_view answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  if (end == std::string_view::npos) return "an answer that does not end";
  const std::string_view line = answer.substr(0, answer.find("\r\n"));
  if (!line.starts_with("HTTP/1.") || line.size() < 12) return "no HTTP: " + printable(line);
  if (line.substr(8, 2) != " 2") return "HTTP" + printable(line.substr(8));
  if (answer.size() > end + 4) return "bytes behind its answer that nobody asked for";
  return {};
}

}  // namespace tapeline::feeds
