// Trades that are asked for after a gap: what was asked for, as the journal keeps it beside the answer.
//
// Format    Frame::context is "SYMBOL FIRST LAST", ids of trades, both included; LAST may be missing: up to the newest. An
//           answer may hold more than that: what lies outside has come, or comes, by the stream.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace tapeline::feeds {

struct BackfillRange {
  static constexpr std::uint64_t newest = std::numeric_limits<std::uint64_t>::max();

  std::string_view symbol;
  std::uint64_t first = 0;
  std::uint64_t last = newest;

  [[nodiscard]] bool contains(std::uint64_t id) const noexcept { return id >= first && id <= last; }
};

[[nodiscard]] std::string backfill_context(const BackfillRange& range);

/// Of anything else than such a context: its first word, and every trade.
[[nodiscard]] BackfillRange backfill_range_of(std::string_view context) noexcept;

}  // namespace tapeline::feeds
