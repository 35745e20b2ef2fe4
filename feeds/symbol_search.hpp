// What a source calls the instruments that somebody looks for: one request to its own search, or through its list of products.
//
// Threads   The caller's; it waits for the answer.
// Failure   A text that says why nothing was found out; it never holds a key.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "feeds/transport/config.hpp"
#include "feeds/transport/http_client.hpp"

namespace tapeline::feeds {

struct FoundSymbol {
  std::string native_symbol;  // as [sources.*].symbols takes it
  std::string description;    // "Bitcoin (BTC), rank 1"
};
using FoundSymbols = std::vector<FoundSymbol>;

struct SearchRequest {
  std::string base_url;
  std::string target;
  HttpClient::Headers headers{};
  std::string key_parameter{};  // the key travels in the URL; empty: it does not
  Secret key{};
  /// nullopt: the body is not what the source promises.
  std::function<std::optional<FoundSymbols>(std::string_view body)> read;
};

[[nodiscard]] Result<FoundSymbols, std::string> search(const SearchRequest& request, const TransportConfig& transport);

/// Whether `text` occurs in `where`, in whatever case.
[[nodiscard]] bool occurs(std::string_view text, std::string_view where);

}  // namespace tapeline::feeds
