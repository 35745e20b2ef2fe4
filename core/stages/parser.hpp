// Frames to events: reads the journal up to the newest mark, lets the feed's parser read each frame in place.
//
// Threads   One, its own. counts() and failure() may be read from any.
// Input     poller_parser ring of JournalMark, and the journal that they point into.
// Output    parser_kernels ring of MarketEvent, in journal order; a frame's events may be spread over several polls.
// Failure   A bad frame becomes a reject, an unreadable stretch of the journal is skipped, counted and told. A segment that
//           cannot be opened stops it until it can: told once, failure() says why.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/journal/journal_reader.hpp"
#include "core/quality/config.hpp"
#include "core/ring/batch_producer.hpp"
#include "core/runtime/metrics.hpp"
#include "core/runtime/operations.hpp"
#include "core/runtime/stage.hpp"
#include "core/stages/instrument_directory.hpp"
#include "core/stages/journal_mark.hpp"
#include "core/stages/wire_parser.hpp"

namespace tapeline {

struct ParserCounts {
  /// Well-formed messages without data for us, by kind. Slots are claimed once and never move.
  static constexpr std::size_t ignored_kinds_max = 48;
  struct Ignored {
    std::array<char, 32> kind{};
    Counter count;
  };
  Counter frames;
  Counter bytes;
  Counter events;
  Counter rejects;
  Counter refusals;
  Counter corrupt;                      // unreadable stretches of the journal
  LatencyHistogram received_to_parsed;  // of frames from Options::live_position on
  Counter position;                     // frames that end at or before this have been handed on whole
  std::array<Ignored, ignored_kinds_max> ignored;
  std::atomic<std::size_t> ignored_kinds{0};  // (K) release by the parser, acquire by readers: a slot's name is whole

  void count_ignored(std::string_view kind) noexcept;
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> ignored_by_kind() const;
};

class Parser final : public Stage {
 public:
  struct Options {
    JournalConfig journal;
    const SegmentShare* share = nullptr;  // of the journal's writer, where that is in this process
    JournalPosition start_position = 0;   // 0: from the journal's beginning
    /// Frames below this are read again: how long ago they came says nothing of us.
    JournalPosition live_position = ~JournalPosition{0};
    std::uint32_t ahead_ms = QualityConfig{}.ahead_ms;
    std::vector<SymbolName> names;
    /// Parser of each source that may occur; indexed by SourceCode.
    std::array<std::unique_ptr<WireParser>, 256> wire;
  };

  Parser(Options options, SpscRing<JournalMark>& marks, SpscRing<MarketEvent>& events, Operations& operations);

  [[nodiscard]] std::string_view name() const noexcept override { return "parser"; }
  std::size_t poll() noexcept override;
  /// Also where the journal cannot be read on: there is nothing to wait for.
  bool drained() noexcept override {
    return marks_.peek().empty() && (position_ >= limit_ || !failure_.empty()) && !frame_in_work_;
  }
  /// Why the journal cannot be read on, and the cure; empty: it can.
  [[nodiscard]] std::string failure() const {
    const std::lock_guard lock(failure_mutex_);
    return failure_;
  }

  [[nodiscard]] const ParserCounts& counts() const noexcept { return counts_; }

  /// Before the first poll: gives an instrument the next number, as if it had occurred.
  void restore(SourceCode source, std::string_view native_symbol) {
    static_cast<void>(directory_.find_or_add(source, native_symbol));
  }
  // For whoever saves the state, on the parser's thread and once it has drained. It is the directory alone: wire parsers
  // keep nothing from frame to frame.
  [[nodiscard]] const InstrumentDirectory& directory() const noexcept { return directory_; }
  /// The last frame that was read; its end_position is 0 before the first.
  [[nodiscard]] const Frame& last_frame() const noexcept { return frame_; }

 private:
  /// Frames a poll handles at most, so that the stages it shares a thread with get their turn.
  static constexpr std::size_t frames_per_poll = 64;

  void take_marks() noexcept;
  void note_failure(std::string_view failure) noexcept;
  void begin_frame() noexcept;
  /// False when the ring is full: the rest of the frame's events is forwarded by a later poll.
  [[nodiscard]] bool forward_frame() noexcept;
  [[nodiscard]] bool forward(const WireEvent& event) noexcept;
  /// What every event of the frame has.
  void begin(MarketEvent& event, EventKind kind) const noexcept;
  void announce(MarketEvent& event, InstrumentIndex instrument, std::string_view native_symbol) const noexcept;

  SpscRing<JournalMark>& marks_;
  BatchProducer<MarketEvent> events_;  // published at the end of each poll
  Operations& operations_;
  JournalReader reader_;
  InstrumentDirectory directory_;
  std::array<std::unique_ptr<WireParser>, 256> wire_;
  JournalPosition live_position_;
  Nanos ahead_ns_max_;           // 0: no limit
  std::string ahead_complaint_;  // of an event beyond it

  Frame frame_;
  WireOutput output_;
  std::size_t next_event_ = 0;
  bool frame_in_work_ = false;
  JournalPosition position_ = 0;  // the next frame begins here, or later
  JournalPosition limit_ = 0;
  mutable std::mutex failure_mutex_;  // held to write it, and to read it from another thread
  std::string failure_;
  Nanos next_try_ns_ = 0;  // to read on, after it failed
  ParserCounts counts_;
};

}  // namespace tapeline
