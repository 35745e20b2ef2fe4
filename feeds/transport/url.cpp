#include "feeds/transport/url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace tapeline::feeds {
namespace {

/// What would end a request line or a header before its time.
bool has_space_or_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

/// "host", "host:port", "[address]" or "[address]:port"; false for anything else, names and passwords included.
bool split_authority(std::string_view authority, Url& url) {
  const bool is_bracketed = authority.starts_with('[');
  const std::size_t host_end = is_bracketed ? authority.find(']') : authority.find(':');
  if (is_bracketed && host_end == std::string_view::npos) return false;
  url.host = std::string(is_bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end));
  const std::string_view rest = authority.substr(std::min(authority.size(), is_bracketed ? host_end + 1 : host_end));
  if (rest.empty()) {
    url.port = url.security == Security::tls ? "443" : "80";
  } else {
    url.port = std::string(rest.substr(1));
    if (rest.front() != ':' || !is_port(url.port)) return false;
  }
  return !url.host.empty() && url.host.find('@') == std::string::npos;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  const std::size_t separator = text.find("://");
  if (separator == std::string_view::npos || has_space_or_control(text)) return std::nullopt;
  const std::string_view scheme = text.substr(0, separator);
  Url url;
  if (scheme == "http" || scheme == "ws") {
    url.security = Security::plain;
  } else if (scheme != "https" && scheme != "wss") {
    return std::nullopt;
  }
  const std::string_view rest = text.substr(separator + 3);
  const std::size_t slash = rest.find_first_of("/?");
  if (!split_authority(rest.substr(0, slash), url)) return std::nullopt;
  url.path = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (url.path.front() != '/') url.path.insert(0, "/");
  return url;
}

std::string url_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '.' || c == '_' || c == '~';
    if (is_plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace tapeline::feeds
