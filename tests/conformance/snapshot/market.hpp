// A journal of everything that changes a state: trades with holes, repetitions, stragglers and absurd prices, coins that
// are polled, source bars that are corrected, clocks, symbols that come later, and messages that nobody can read.
#pragma once

#include <string>
#include <vector>

#include "core/journal/config.hpp"
#include "core/model/frame.hpp"

namespace tapeline::conformance {

class Market {
 public:
  /// In a folder of its own in memory, where there is one.
  explicit Market(std::size_t frames, std::uint64_t seed = 1);
  ~Market();
  Market(const Market&) = delete;
  Market& operator=(const Market&) = delete;

  [[nodiscard]] const JournalConfig& journal() const noexcept { return config_; }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  /// Where each frame ends.
  [[nodiscard]] const std::vector<JournalPosition>& ends() const noexcept { return ends_; }

 private:
  std::string folder_;
  JournalConfig config_;
  std::vector<JournalPosition> ends_;
};

}  // namespace tapeline::conformance
