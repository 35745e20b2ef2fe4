// The machine that a simulated process believes to run on: its clocks, and a disk that keeps only what was synced.
//
// The code under test is the real one, and so are its calls: clock_gettime, fsync, msync and rename of this program are
// defined here. Files lie in memory (/dev/shm), which plays the page cache: a killed process loses nothing of it. Beside
// it the host keeps what has reached the disk; a power cut goes back to that, but for sectors of 512 bytes that happened
// to be written out: torn, and in any order.
//
// Threads   One: everything of a run happens on it.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "core/base/time.hpp"

namespace tapeline::simulation {

using Random = std::mt19937_64;

/// A number below `end`.
[[nodiscard]] inline std::uint64_t below(Random& random, std::uint64_t end) { return random() % end; }
/// True in `percent` of a hundred cases.
[[nodiscard]] inline bool chance(Random& random, unsigned percent) { return random() % 100 < percent; }

class Host {
 public:
  Host();
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void pass(Nanos duration_ns) noexcept;
  void step_wall_clock(Nanos by_ns) noexcept;

  /// A folder of this run, removed at its end.
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  /// What a cut of the power leaves of the files in a folder. Precondition: no process has them open.
  void cut_power(const std::string& folder, Random& random);
  /// As `cp -a`: the copy is on the disk.
  void copy(const std::string& from, const std::string& to);

 private:
  std::string folder_;
};

}  // namespace tapeline::simulation
