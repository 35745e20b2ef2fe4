// What a closed segment holds, by time, source and symbol, in blocks: so that who looks for something reads only where it
// can be. Kept beside the segment; made again where it is not there, or not of this segment.
//
// Threads   One.
// Failure   An index that cannot be kept is made for this once; the segment itself is only read.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/journal/digest.hpp"
#include "core/journal/journal_survey.hpp"
#include "core/stages/wire_parser.hpp"

namespace tapeline::app {

struct FrameTotals {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;  // of payloads
};

struct SegmentIndex {
  struct Block {
    JournalPosition begin = 0;
    JournalPosition end = 0;
    Nanos first_ns = 0;  // the least and the greatest time of receipt
    Nanos last_ns = 0;
    std::vector<std::uint32_t> symbols;  // numbers in `symbols`, ascending
  };
  using Symbol = std::pair<SourceCode, std::string>;  // native name
  using Kind = std::pair<FrameKind, SourceCode>;

  std::vector<Block> blocks;
  std::vector<Symbol> symbols;
  std::map<Kind, FrameTotals> totals;

  [[nodiscard]] std::string encoded(std::uint64_t segment, const Digest& digest) const;
  /// nullopt for what is damaged, or of another segment.
  [[nodiscard]] static std::optional<SegmentIndex> decoded(std::string_view bytes, std::uint64_t segment,
                                                           const Digest& digest);
};

/// Native symbols that a frame speaks of.
class FrameSymbols {
 public:
  FrameSymbols();

  /// Valid until the next call.
  [[nodiscard]] const std::vector<std::string_view>& of(const Frame& frame);

 private:
  std::array<std::unique_ptr<WireParser>, 256> wire_;
  WireOutput output_;
  std::vector<std::string_view> symbols_;
};

class JournalIndex {
 public:
  JournalIndex(const JournalExtent& extent, FrameSymbols& symbols) : extent_(extent), symbols_(symbols) {}

  /// Of what stands in one segment up to the extent's end. Closed segments have theirs kept.
  [[nodiscard]] SegmentIndex of_segment(std::uint64_t segment);
  /// Segments whose index had to be made.
  [[nodiscard]] std::size_t made() const noexcept { return made_; }

 private:
  [[nodiscard]] SegmentIndex make(std::uint64_t segment);

  const JournalExtent& extent_;
  FrameSymbols& symbols_;
  std::size_t made_ = 0;
};

}  // namespace tapeline::app
