#include "feeds/alpha_vantage/wire_refusal.hpp"

#include <array>

namespace tapeline::feeds::alpha_vantage {
namespace {

/// In the order of the search: later phrases also occur inside earlier bodies.
struct Wording {
  std::string_view phrase;
  Reason reason;
  std::string_view text;
};
constexpr std::array wordings{
    Wording{"is a premium", Reason::refused_permanent, "this needs a premium plan: disable it or subscribe"},
    Wording{"per second", Reason::refused_rate_limit, "too many requests a second: raise request_spacing_ms"},
    Wording{"per minute", Reason::refused_rate_limit, "too many requests a minute: raise request_spacing_ms"},
    Wording{"Burst pattern", Reason::refused_rate_limit, "a burst of requests: raise request_spacing_ms"},
    Wording{"per day", Reason::refused_quota, "the requests of this day are used up"},
    Wording{"demo purposes", Reason::refused_permanent,
            "the demo key answers only the documentation's examples: set api_key"},
    Wording{"apikey is invalid or missing", Reason::refused_permanent,
            "the API key is invalid or missing: set api_key"},
    Wording{"Invalid API call", Reason::refused_permanent, "invalid symbol or parameter"},
};

}  // namespace

Refusal refusal_by_wording(std::string_view words) noexcept {
  for (const Wording& wording : wordings) {
    if (words.find(wording.phrase) != std::string_view::npos) return {wording.reason, wording.text};
  }
  return {Reason::refused_temporary, "refused in words that we do not know"};
}

}  // namespace tapeline::feeds::alpha_vantage
