// The requests that a key has sent in the last 24 hours, in a file that outlives the process and is shared by all of them.
//
// Threads   One. Processes take turns by a lock beside the file.
// Units     Wall clock, nanoseconds since the epoch.
// Ordering  A request is on disk before it is sent: a crash may lose a request that was paid for, never one that was sent.
// Failure   What cannot be written is told by last_error(), and the request is not allowed: a quota that is not kept may end
//           the day. Lines that are damaged count as requests of the moment when they are read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace tapeline::feeds {

class QuotaLedger {
 public:
  /// When the source's own day begins is not known: any 24 hours hold no more than the quota.
  static constexpr Nanos window_ns = 86'400 * nanos_per_second;

  /// `file` empty: kept in memory only.
  QuotaLedger(std::string file, int per_day);

  /// Reads what other processes have spent.
  void refresh(Nanos wall_ns);
  /// Whether one more was allowed, which is written down then.
  [[nodiscard]] bool try_spend(std::string_view request, Nanos wall_ns);
  /// The last request of this name was not sent after all.
  void take_back(std::string_view request, Nanos wall_ns);

  [[nodiscard]] int left(Nanos wall_ns) const noexcept;
  /// When the next one will be allowed; not after `wall_ns`: now.
  [[nodiscard]] Nanos ready_ns(Nanos wall_ns) const noexcept;
  /// nullopt: not in the last 24 hours.
  [[nodiscard]] std::optional<Nanos> last_spent_ns(std::string_view request) const noexcept;
  [[nodiscard]] std::optional<Nanos> last_spent_ns() const noexcept;
  [[nodiscard]] int per_day() const noexcept { return per_day_; }
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }

 private:
  struct Spent {
    Nanos wall_ns;
    std::string request;
  };
  void forget_old(Nanos wall_ns);
  /// Reads, changes and writes as one step among processes; `change` says whether there is anything to write.
  bool update(Nanos wall_ns, const std::function<bool()>& change);
  bool load(Nanos wall_ns);
  bool save();

  std::string file_;
  int per_day_;
  std::vector<Spent> spent_;  // ascending
  std::string last_error_;
};

/// Name of the file of a key: says whose it is, not what it is.
[[nodiscard]] std::string quota_file(const std::string& directory, std::string_view source, std::string_view key);

}  // namespace tapeline::feeds
