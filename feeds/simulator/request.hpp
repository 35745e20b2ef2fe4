// One HTTP request as the simulated sources look at it, and their reply.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapeline::feeds::simulator {

/// Path and parameters of a request target, percent-decoded.
struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> parameters;

  /// Empty where the parameter is absent.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
};

[[nodiscard]] Target parse_target(std::string_view text);

/// The parts of a comma list, spaces kept: at CoinGecko " ethereum" is a coin that does not exist.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

/// How a reply goes out.
enum class Delivery {
  whole,
  packed,  // gzip
  slow,    // in drops
  cut,     // half of it, then the connection ends
  hang,    // not at all
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::optional<int> retry_after_s;
  Delivery delivery = Delivery::whole;
};

}  // namespace tapeline::feeds::simulator
