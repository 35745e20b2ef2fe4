// What a source sent, as the journal keeps it: bytes, stamps and where they came from. Nothing is parsed yet.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/time.hpp"

namespace tapeline {

/// Stable number of a source, written into journals and dim_source.source_id: never reuse one. feeds/registry names them.
enum class SourceCode : std::uint8_t {};

/// Byte offset in a lane's journal; grows for ever, identifies a frame.
using JournalPosition = std::uint64_t;

enum class FrameKind : std::uint8_t {
  data = 1,           // bytes from a source
  clock = 2,          // the wall clock, journaled: closes bars in a quiet market, and replays the same
  session_start = 3,  // a process began to append
  end_of_input = 4,   // a recording is over: open bars are closed as partial
  session_end = 5,    // the process stopped appending; missing after a crash
};

/// Which of a source's message forms the payload has (an endpoint or a stream); numbers belong to the feed's wire.hpp.
using Channel = std::uint8_t;

/// View of one journal record. Valid as long as the segment stays mapped. `payload` is followed by at least
/// `frame_padding_bytes` readable bytes, so that simdjson reads it in place.
struct Frame {
  JournalPosition position = 0;      // where this record begins
  JournalPosition end_position = 0;  // where the next one begins: the checkpoint after this frame
  Nanos receive_ns = 0;              // wall clock when the last byte had arrived
  FrameKind kind = FrameKind::data;
  SourceCode source{};
  Channel channel = 0;
  std::uint16_t http_status = 0;  // 0 for streams
  std::string_view context;  // what the request asked for, as the feed defines it ("IBM", "BTC-USD 60"); may be empty
  std::string_view payload;
};

inline constexpr std::size_t frame_padding_bytes = 64;

}  // namespace tapeline
