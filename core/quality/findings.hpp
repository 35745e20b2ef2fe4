// What the checks say of one event: a handful of findings, each a quality_event to be written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/check.hpp"
#include "core/model/event.hpp"
#include "core/quality/config.hpp"

namespace tapeline {

struct Finding {
  Reason reason;
  Action action;     // flag or reject
  char detail[128];  // NUL-terminated; what was seen, and with what it was compared
};

/// Not initialised beyond its count: an ordinary tick has none, and pays for none.
class Findings {
 public:
  static constexpr std::size_t capacity = 6;

  Finding& add(Reason reason, Action action) noexcept {
    TL_DCHECK(count_ < capacity && action != Action::off);
    is_rejected_ = is_rejected_ || action == Action::reject;
    Finding& finding = findings_[count_++];
    finding.reason = reason;
    finding.action = action;
    finding.detail[0] = '\0';
    return finding;
  }

  /// The event must not be stored, nor reach a bar.
  [[nodiscard]] bool rejected() const noexcept { return is_rejected_; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] const Finding* begin() const noexcept { return findings_.data(); }
  [[nodiscard]] const Finding* end() const noexcept { return findings_.data() + count_; }

 private:
  std::size_t count_ = 0;
  bool is_rejected_ = false;
  std::array<Finding, capacity> findings_;
};

}  // namespace tapeline
