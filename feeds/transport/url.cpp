#include "feeds/transport/url.hpp"

namespace tapeline::feeds {

std::optional<Url> parse_url(std::string_view text) {
  const std::size_t separator = text.find("://");
  if (separator == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = text.substr(0, separator);
  Url url;
  if (scheme == "http" || scheme == "ws") {
    url.security = Security::plain;
  } else if (scheme != "https" && scheme != "wss") {
    return std::nullopt;
  }
  const std::string_view rest = text.substr(separator + 3);
  const std::size_t slash = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, slash);
  url.path = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (url.path.front() != '/') url.path.insert(0, "/");
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.host = std::string(authority.substr(0, colon));
  if (url.host.starts_with('[') && url.host.ends_with(']')) url.host = url.host.substr(1, url.host.size() - 2);
  url.port = colon == std::string_view::npos ? (url.security == Security::tls ? "443" : "80") : std::string(authority.substr(colon + 1));
  const bool is_port = !url.port.empty() && url.port.find_first_not_of("0123456789") == std::string::npos;
  if (url.host.empty() || !is_port) return std::nullopt;
  return url;
}

}  // namespace tapeline::feeds
