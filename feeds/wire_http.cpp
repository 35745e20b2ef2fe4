#include "feeds/wire_http.hpp"

namespace tapeline::feeds {

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view white_space = " \t\r\n";
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

bool looks_like_json(std::string_view body) noexcept {
  const std::string_view text = trimmed(body);
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

Refusal refusal_by_status(std::uint16_t http_status) noexcept {
  switch (http_status) {
    case 401: return {Reason::refused_permanent, "HTTP 401: the key is missing, wrong or not entitled to this"};
    case 403: return {Reason::refused_permanent, "HTTP 403: access is denied"};
    case 408: return {Reason::refused_temporary, "HTTP 408: the source waited too long for the request"};
    case 418: return {Reason::refused_rate_limit, "HTTP 418: banned for exceeding the rate limit"};
    case 429: return {Reason::refused_rate_limit, "HTTP 429: too many requests"};
    case 451: return {Reason::refused_permanent, "HTTP 451: not available from this country"};
    default: break;
  }
  if (http_status >= 500) return {Reason::server_error, "HTTP 5xx: the source is in trouble"};
  if (http_status >= 300 && http_status < 400) {
    return {Reason::refused_temporary, "HTTP 3xx: a redirect (consent page?) in place of data"};
  }
  return {};
}

Refusal refusal_by_foreign_body(const Frame& frame) noexcept {
  const std::string_view body = trimmed(frame.payload);
  if (body.size() <= 64 && body.find("Too Many Requests") != std::string_view::npos) {
    return {Reason::refused_rate_limit, "the body says: Too Many Requests"};
  }
  if (const Refusal refusal = refusal_by_client_error(frame.http_status)) return refusal;
  if (body.empty()) return {Reason::server_error, "an empty body in place of data"};
  if (body.front() == '<') return {Reason::server_error, "an HTML page in place of data"};
  return {Reason::server_error, "bare text in place of data"};
}

Refusal refusal_by_client_error(std::uint16_t http_status) noexcept {
  if (http_status < 400 || http_status >= 500) return {};
  return {Reason::refused_permanent, "HTTP 4xx: the source does not accept this request"};
}

}  // namespace tapeline::feeds
