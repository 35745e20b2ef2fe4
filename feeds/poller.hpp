// The first stage: runs the sources' I/O and appends what they receive to the journal before anyone else sees it.
//
// Threads   One, its own, on which every source's I/O runs too. statuses() may be asked from any.
// Output    The journal, and marks in the poller_parser ring: "readable up to here". When that ring is full the poller
//           goes on; the next mark that fits covers what was appended meanwhile.
// Failure   A frame that the journal refuses (too large, disk full) is counted, kept out, and told loudly.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/journal/journal_writer.hpp"
#include "core/ring/spsc_ring.hpp"
#include "core/runtime/metrics.hpp"
#include "core/runtime/operations.hpp"
#include "core/runtime/stage.hpp"
#include "core/stages/journal_mark.hpp"
#include "feeds/source.hpp"
#include "feeds/source_log.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds {

struct PollerCounts {
  Counter frames;
  Counter bytes;
  Counter refused;  // by the journal
};

class Poller final : public Stage, public FrameSink {
 public:
  struct Options {
    Nanos clock_interval_ns = 0;  // between two clock frames; 0: none (a recording brings its own time)
  };

  Poller(Options options, JournalWriter& journal, SpscRing<JournalMark>& marks, Operations& operations);
  ~Poller() override;

  /// Where the sources' I/O runs; add them before the first poll.
  [[nodiscard]] boost::asio::io_context& context() noexcept { return *context_; }
  void add(std::unique_ptr<Source> source) {
    statuses_.push_back(source->status());  // whoever asks before the first poll knows of it
    sources_.push_back(std::move(source));
  }

  /// Lets the sources go on where the journal ends; before the first poll. Reads some of it.
  void resume_sources();

  [[nodiscard]] std::string_view name() const noexcept override { return "poller"; }
  std::size_t poll() noexcept override;
  bool wait(Nanos timeout_ns) noexcept override;
  bool drained() noexcept override;

  void append(SourceCode source, Channel channel, std::uint16_t http_status, std::string_view context,
              std::string_view payload, Nanos receive_ns) override;

  [[nodiscard]] const PollerCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] std::vector<SourceStatus> statuses() const;
  /// From any thread: polled sources are asked now.
  void poll_sources_now() noexcept { poll_wanted_.store(true, std::memory_order_release); }  // (P) acquire in poll()
  /// All sources were recordings and have been read to their end, which is in the journal too.
  [[nodiscard]] bool exhausted() const noexcept { return exhausted_.load(std::memory_order_acquire); }

 private:
  void append_control(FrameKind kind, Nanos time_ns) noexcept;
  /// Tells of a wall clock that was set since it was looked at last.
  void watch_wall_clock(Nanos wall_ns, Nanos steady_ns) noexcept;
  void refused(std::size_t payload_bytes) noexcept;
  void complain(std::string text) noexcept;
  void publish_mark() noexcept;
  void note_statuses(Nanos now_ns) noexcept;
  void finish_recordings() noexcept;

  Options options_;
  std::unique_ptr<boost::asio::io_context> context_;
  JournalWriter& journal_;
  SpscRing<JournalMark>& marks_;
  Operations& operations_;
  std::vector<std::unique_ptr<Source>> sources_;
  JournalPosition marked_ = 0;
  Nanos last_receive_ns_ = 0;
  Nanos next_clock_ns_ = 0;
  std::optional<Nanos> wall_minus_steady_ns_;
  Nanos next_status_ns_ = 0;
  Nanos next_complaint_ns_ = 0;
  std::size_t appended_ = 0;  // since the last poll
  bool started_ = false;
  bool stopped_ = false;
  std::atomic<bool> poll_wanted_{false};
  std::atomic<bool> exhausted_{false};  // (E) release here, acquire in whoever waits for the end
  PollerCounts counts_;

  SourceLog log_;

  mutable std::mutex status_mutex_;  // taken by displays; the poller only tries it, a few times a second
  std::vector<SourceStatus> statuses_;
};

}  // namespace tapeline::feeds
