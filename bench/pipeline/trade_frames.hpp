// Binance trade messages in an in-memory journal of one segment, mapped and present: the input of the pipeline benchmarks.
//
// Input     the trades of a real recording where TAPELINE_BENCH_RECORDING names one (plain or gzip), else generated ones;
//           repeated with later stamps and ids until there are as many as asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/journal/journal_writer.hpp"
#include "core/model/frame.hpp"

namespace tapeline::bench {

class TradeFrames {
 public:
  /// Made once per process: `TAPELINE_BENCH_TRADES` messages, 2 million unless that says otherwise.
  static const TradeFrames& instance();

  [[nodiscard]] const JournalConfig& journal() const noexcept { return writer_->config(); }
  /// To read it without mapping it again.
  [[nodiscard]] const SegmentShare& share() const noexcept { return writer_->share(); }
  [[nodiscard]] JournalPosition end_position() const noexcept { return end_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }

  /// A fresh directory, removed when the process ends: in memory, or where temporary files are, which is a disk on most
  /// machines, as under a lane's journal. Files in memory cost twice as many new pages.
  enum class Medium { memory, disk };
  static std::string make_directory(Medium medium);

 private:
  TradeFrames();

  std::unique_ptr<JournalWriter> writer_;
  JournalPosition end_ = 0;
  std::uint64_t count_ = 0;
  std::string origin_;
};

}  // namespace tapeline::bench
