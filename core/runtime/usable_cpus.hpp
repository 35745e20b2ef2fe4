// The CPUs of this process: which ones its threads may run on, and how many of them it may count on.
//
// The two differ under a cgroup's quota: it pays for an amount of CPU time, wherever that is spent. Whoever pinned threads
// to the first so many CPUs would meet every other container of the host there.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tapeline {

struct UsableCpus {
  /// Precondition: `affinity` is not empty.
  explicit UsableCpus(std::vector<int> affinity, std::optional<double> quota = std::nullopt);

  /// The quota pays for fewer than threads may run on.
  [[nodiscard]] bool has_quota() const noexcept { return count < affinity.size(); }
  /// A quota forbids none.
  [[nodiscard]] bool may_pin_to(int cpu) const noexcept;
  /// How many may be counted on by threads that keep to `chosen`; empty: to none in particular.
  [[nodiscard]] std::size_t count_within(const std::vector<int>& chosen) const noexcept;
  /// Where threads are pinned when the configuration names `chosen`; empty: nowhere.
  [[nodiscard]] std::vector<int> to_pin(const std::vector<int>& chosen) const;
  /// A line about the quota; empty: there is none.
  [[nodiscard]] std::string describe() const;

  std::vector<int> affinity;  // in ascending order
  std::size_t count;          // of these, that may be counted on: at least one
};

[[nodiscard]] UsableCpus usable_cpus();

}  // namespace tapeline
