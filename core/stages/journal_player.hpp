// Stands where the poller does in a replay of a journal that is there: says once how far it may be read.
//
// Threads   One, its own.
// Output    One mark. The journal is only read; its owner may be running.
#pragma once

#include "core/ring/spsc_ring.hpp"
#include "core/runtime/stage.hpp"
#include "core/stages/journal_mark.hpp"

namespace tapeline {

class JournalPlayer final : public Stage {
 public:
  JournalPlayer(JournalPosition end_position, SpscRing<JournalMark>& marks)
      : end_position_(end_position), marks_(marks) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "poller"; }
  std::size_t poll() noexcept override {
    if (is_told_) return 0;
    JournalMark* mark = marks_.try_claim();
    if (mark == nullptr) return 0;
    mark->end_position = end_position_;
    marks_.publish();
    is_told_ = true;
    return 1;
  }
  bool drained() noexcept override {
    static_cast<void>(poll());
    return is_told_;
  }

 private:
  JournalPosition end_position_;
  SpscRing<JournalMark>& marks_;
  bool is_told_ = false;
};

}  // namespace tapeline
