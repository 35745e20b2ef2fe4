// Makes a journal's next segment before it is needed, so that the thread that appends meets no new file, no allocation on
// the disk and no page fault.
//
// Threads   One of its own, from the constructor to the destructor.
// Failure   What it cannot make, the writer tries itself when it comes to it, and says why not.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/journal/journal_writer.hpp"

namespace tapeline {

class SegmentSupply {
 public:
  /// `writer` outlives it, and has no other.
  explicit SegmentSupply(JournalWriter& writer);
  ~SegmentSupply();
  SegmentSupply(const SegmentSupply&) = delete;
  SegmentSupply& operator=(const SegmentSupply&) = delete;

 private:
  void run();
  void step();
  void prepare_when_due();

  JournalWriter& writer_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool is_stopped_ = false;
  Nanos next_try_ns_ = 0;
  JournalPosition seen_end_ = 0;
  Nanos seen_ns_ = 0;
  std::thread thread_;
};

}  // namespace tapeline
