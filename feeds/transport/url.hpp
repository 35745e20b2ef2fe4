// An address taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tapeline::feeds {

enum class Security { plain, tls };

struct Url {
  Security security = Security::tls;
  std::string host;
  std::string port;
  std::string path;  // with query; at least "/"
};

/// http, https, ws or wss with a host, a port of 1 to 65535 and no user name; nullopt for anything else.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

/// As it may stand in a path or a query: everything but letters, digits and "-._~" as %XX.
[[nodiscard]] std::string url_encoded(std::string_view text);

}  // namespace tapeline::feeds
