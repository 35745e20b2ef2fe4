// The bad habits of the polled sources: every so many requests one is refused, garbled, late or cut, as the real ones do it.
//
// Threads   One.
// Ordering  By the number of requests alone: the same requests meet the same faults.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/request.hpp"

namespace tapeline::feeds::simulator {

enum class RestFaultKind : std::uint8_t {
  rate_limit,    // 429, with or without Retry-After; Alpha Vantage says it with 200
  quota,         // the day's or month's requests are used up; Alpha Vantage echoes the key
  premium,       // a plan is needed
  bad_key,       // the key is not known; the body echoes it as it is, percent-encoded and in base64
  unknown,       // the symbol or coin does not exist
  server_error,  // 500 in the source's own words
  html,          // 502 and an HTML page
  text,          // 200 and bare text
  empty,         // 200 and no body
  truncated,     // 200 and half a body, whole by its length
  slow,          // the body comes in drops
  cut,           // the connection ends in mid-body
  hang,          // nothing comes, the connection stays
  bomb,          // a small body that unpacks to 64 MiB
};

struct RestFault {
  RestFaultKind kind{};
  std::uint64_t every = 1;
  std::optional<int> retry_after_s;
};

/// "KIND[@EVERY][;retry-after=SECONDS]", such as "429@3;retry-after=2" or "html". Throws std::invalid_argument with the kinds.
[[nodiscard]] RestFault parse_rest_fault(std::string_view text);
[[nodiscard]] std::string rest_fault_kinds();

class RestFaults {
 public:
  explicit RestFaults(std::vector<RestFault> faults) : faults_(std::move(faults)) {}
  /// Counts a request, and spoils its reply where its turn has come.
  void spoil(const Target& target, HttpReply& reply);

 private:
  std::vector<RestFault> faults_;
  std::uint64_t requests_ = 0;
};

}  // namespace tapeline::feeds::simulator
