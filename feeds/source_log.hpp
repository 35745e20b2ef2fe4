// What the log is told of the sources: trouble when it begins and now and then while it lasts, its end, unknown symbols.
//
// Threads   The poller's.
// Output    Operations events of the stage "poller"; every single error is counted in SourceStatus, whatever is told here.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "core/base/time.hpp"
#include "core/runtime/operations.hpp"
#include "feeds/source.hpp"

namespace tapeline::feeds {

class SourceLog {
 public:
  explicit SourceLog(Operations& operations) : operations_(operations) {}

  /// Compares with what was told before. `now_ns`: steady.
  void note(const SourceStatus& status, Nanos now_ns);

 private:
  struct Told {
    std::uint64_t errors = 0;  // of them the log knows
    std::uint64_t seen_errors = 0, seen_frames = 0;
    Nanos next_ns = 0;  // no word of trouble before
    bool is_troubled = false;
  };

  void tell_trouble(const SourceStatus& status, Told& told, Nanos now_ns);
  void tell_unknown_symbols(const SourceStatus& status);

  Operations& operations_;
  std::map<std::string, Told> told_;    // by name of the source
  std::set<std::string> told_unknown_;  // "source: symbol"
};

}  // namespace tapeline::feeds
