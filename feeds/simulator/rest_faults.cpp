#include "feeds/simulator/rest_faults.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

using Kind = RestFaultKind;

constexpr std::array<std::pair<std::string_view, Kind>, 14> kinds{{{"429", Kind::rate_limit},
                                                                   {"quota", Kind::quota},
                                                                   {"premium", Kind::premium},
                                                                   {"bad-key", Kind::bad_key},
                                                                   {"unknown", Kind::unknown},
                                                                   {"500", Kind::server_error},
                                                                   {"html", Kind::html},
                                                                   {"text", Kind::text},
                                                                   {"empty", Kind::empty},
                                                                   {"truncated", Kind::truncated},
                                                                   {"slow", Kind::slow},
                                                                   {"cut", Kind::cut},
                                                                   {"hang", Kind::hang},
                                                                   {"bomb", Kind::bomb}}};
constexpr std::size_t bomb_bytes = 64 * 1024 * 1024;

enum class Origin { alpha_vantage, coingecko, yahoo };

Origin origin_of(const Target& target) {
  if (target.path == "/query") return Origin::alpha_vantage;
  return target.path.starts_with("/api/v3/") ? Origin::coingecko : Origin::yahoo;
}

HttpReply json_reply(unsigned status, std::string body) { return {.status = status, .body = std::move(body)}; }

HttpReply alpha_vantage_says(std::string_view key, std::string_view words) {
  std::string body = "{\n    ";
  append_json_string(body, key);
  body += ": ";
  append_json_string(body, words);
  return json_reply(200, body + "\n}");
}

HttpReply coingecko_says(unsigned status, int code, std::string_view words) {
  std::string body = "{\"status\":{\"error_code\":" + std::to_string(code) + ",\"error_message\":";
  append_json_string(body, words);
  return json_reply(status, body + "}}");
}

HttpReply yahoo_says(unsigned status, std::string_view code, std::string_view words) {
  std::string body = "{\"chart\":{\"result\":null,\"error\":{\"code\":";
  append_json_string(body, code);
  body += ",\"description\":";
  append_json_string(body, words);
  return json_reply(status, body + "}}}");
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return out;
}

HttpReply refusal(const RestFault& fault, const Target& target) {
  const Origin origin = origin_of(target);
  const std::string key(target.get("apikey"));
  switch (fault.kind) {
    case Kind::rate_limit:
      if (origin == Origin::alpha_vantage) {
        return alpha_vantage_says(
            "Information",
            "Thank you for using Alpha Vantage! Please consider spreading out your free API requests "
            "more sparingly (1 request per second).");
      }
      if (origin == Origin::coingecko) return coingecko_says(429, 429, "You've exceeded the Rate Limit.");
      return {.status = 429, .content_type = "text/plain", .body = "Too Many Requests\r\n"};
    case Kind::quota:
      if (origin == Origin::alpha_vantage) {
        return alpha_vantage_says("Information", "We have detected your API key as " + key +
                                                     " and our standard API rate limit is 25 requests per day.");
      }
      if (origin == Origin::coingecko) return coingecko_says(429, 429, "You've exceeded your Monthly credits.");
      return {.status = 429, .content_type = "text/plain", .body = "Edge: Too Many Requests"};
    case Kind::premium:
      if (origin == Origin::alpha_vantage) {
        return alpha_vantage_says("Information", "Thank you for using Alpha Vantage! This is a premium endpoint.");
      }
      if (origin == Origin::coingecko) {
        return json_reply(401,
                          R"({"error":{"status":{"error_code":10005,"error_message":"This needs another plan."}}})");
      }
      return yahoo_says(401, "Unauthorized", "User is not logged in");
    case Kind::bad_key:
      if (origin == Origin::alpha_vantage) {
        return alpha_vantage_says("Error Message", "the parameter apikey is invalid or missing: " + key + ' ' +
                                                       percent_encoded(key) + ' ' + base64_of(key) + ' ' +
                                                       base64_of("apikey=" + key));
      }
      if (origin == Origin::coingecko) {
        return json_reply(401, R"({"timestamp":"2026-01-01T00:00:00Z","error_code":10010,"status":{"error_message":)"
                               R"("If you are using Pro API key, please change your root URL"}})");
      }
      return json_reply(401,
                        R"({"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}})");
    case Kind::unknown:
      if (origin == Origin::alpha_vantage) return json_reply(200, "{\n    \"Global Quote\": {}\n}");
      if (origin == Origin::coingecko) return json_reply(200, "{}");
      return yahoo_says(404, "Not Found", "No data found, symbol may be delisted");
    case Kind::server_error:
      if (origin == Origin::yahoo) return yahoo_says(500, "Internal Server Error", "server error");
      return json_reply(500, R"({"status":500,"error":"Internal Server Error"})");
    default:
      return {
          .status = 502, .content_type = "text/html", .body = "<!DOCTYPE html><html><h1>502 Bad Gateway</h1></html>"};
  }
}

}  // namespace

RestFault parse_rest_fault(std::string_view text) {
  const auto number = [&](std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
      throw std::invalid_argument("--rest-fault " + std::string(text) + ": \"" + std::string(digits) +
                                  "\" is no number");
    }
    return value;
  };
  RestFault fault;
  std::string_view rest = text;
  constexpr std::string_view option = ";retry-after=";
  if (const std::size_t at = rest.find(option); at != std::string_view::npos) {
    fault.retry_after_s = static_cast<int>(std::min<std::uint64_t>(number(rest.substr(at + option.size())), 1'000'000));
    rest = rest.substr(0, at);
  }
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    fault.every = number(rest.substr(at + 1));
    rest = rest.substr(0, at);
  }
  const auto* const found =
      std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.first == rest; });
  if (found == kinds.end() || fault.every == 0) {
    throw std::invalid_argument("--rest-fault " + std::string(text) +
                                ": write KIND[@EVERY][;retry-after=SECONDS], KIND one of " + rest_fault_kinds());
  }
  fault.kind = found->second;
  return fault;
}

std::string rest_fault_kinds() {
  std::string names;
  for (const auto& [name, kind] : kinds) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

void RestFaults::spoil(const Target& target, HttpReply& reply) {
  ++requests_;
  for (const RestFault& fault : faults_) {
    if (requests_ % fault.every != 0) continue;
    switch (fault.kind) {
      case Kind::text: reply = {.content_type = "text/plain", .body = "Edge: Too Many Requests"}; break;
      case Kind::empty: reply = {.body = ""}; break;
      case Kind::truncated: reply.body.resize(reply.body.size() / 2); break;
      case Kind::slow: reply.delivery = Delivery::slow; break;
      case Kind::cut: reply.delivery = Delivery::cut; break;
      case Kind::hang: reply.delivery = Delivery::hang; break;
      case Kind::bomb:
        reply.body.assign(bomb_bytes, ' ');
        reply.delivery = Delivery::packed;
        break;
      default: reply = refusal(fault, target);
    }
    reply.retry_after_s = fault.retry_after_s;
    return;
  }
}

}  // namespace tapeline::feeds::simulator
