#include "sinks/dashboard/access.hpp"

#include <algorithm>
#include <utility>

#include "sinks/dashboard/http_server.hpp"

namespace tapeline::sinks::dashboard {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

/// "[::1]:8087" -> "[::1]", "localhost:8087" -> "localhost".
std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

/// Value of the cookie `name` in a Cookie header; empty where there is none.
std::string_view cookie_value(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
    header.remove_prefix(std::min(end + 1, header.size()));
  }
  return {};
}

}  // namespace

AccessPolicy::AccessPolicy(std::vector<std::string> hosts, Secret token)
    : hosts_(std::move(hosts)), token_(std::move(token)) {
  for (const char* always : {"localhost", "127.0.0.1", "[::1]"}) hosts_.emplace_back(always);
}

bool AccessPolicy::is_token(std::string_view text) const {
  const std::string& token = token_.reveal();
  unsigned differences = text.size() == token.size() ? 0U : 1U;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char expected = token.empty() ? '\0' : token[i % token.size()];
    differences |= static_cast<unsigned>(static_cast<unsigned char>(text[i])) ^
                   static_cast<unsigned>(static_cast<unsigned char>(expected));
  }
  return !token.empty() && differences == 0;
}

Access AccessPolicy::check_place(const Credentials& credentials) const {
  const std::string_view host = without_port(credentials.host);
  const bool known =
      std::any_of(hosts_.begin(), hosts_.end(), [&](const std::string& allowed) { return same_text(allowed, host); });
  if (!known) return Access::wrong_host;
  if (credentials.origin.empty()) return Access::granted;
  const std::size_t scheme_end = credentials.origin.find("://");
  const bool is_own =
      scheme_end != std::string_view::npos && same_text(credentials.origin.substr(scheme_end + 3), credentials.host);
  return is_own ? Access::granted : Access::wrong_origin;
}

Access AccessPolicy::check(const Credentials& credentials) const {
  if (const Access place = check_place(credentials); place != Access::granted) return place;
  if (token_.empty()) return Access::granted;
  constexpr std::string_view bearer = "Bearer ";
  if (credentials.authorization.starts_with(bearer) && is_token(credentials.authorization.substr(bearer.size()))) {
    return Access::granted;
  }
  return is_token(percent_decoded(cookie_value(credentials.cookie, token_cookie))) ? Access::granted : Access::no_token;
}

}  // namespace tapeline::sinks::dashboard
