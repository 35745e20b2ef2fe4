// Who may ask: Host and Origin against an allow-list (DNS rebinding, cross-site WebSockets), and the token.
//
// Input     Header values as they came; empty where there was none.
// Failure   None: a verdict. Nothing of what was sent is repeated.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"

namespace tapeline::sinks::dashboard {

enum class Access { granted, wrong_host, wrong_origin, no_token };

/// What a request says about where it comes from.
struct Credentials {
  std::string_view host;
  std::string_view origin;
  std::string_view authorization;
  std::string_view cookie;
};

inline constexpr std::string_view token_cookie = "tapeline_token";

class AccessPolicy {
 public:
  /// `hosts` beside localhost, 127.0.0.1 and [::1]; an empty token: none is asked for.
  AccessPolicy(std::vector<std::string> hosts, Secret token);

  /// Host and Origin, and, where there is one, the token.
  [[nodiscard]] Access check(const Credentials& credentials) const;
  /// Host and Origin alone: for what is no secret (health, the page that asks for the token).
  [[nodiscard]] Access check_place(const Credentials& credentials) const;
  /// Compares in a time that does not depend on where they differ.
  [[nodiscard]] bool is_token(std::string_view text) const;

 private:
  std::vector<std::string> hosts_;
  Secret token_;
};

}  // namespace tapeline::sinks::dashboard
