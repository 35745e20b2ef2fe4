// The layout of a journal on disk; little-endian, as every machine that we run on.
//
//   directory   <16 hex digits of the index>.journal, or .journal.zst once it is closed and compressed; lock
//   segment     SegmentHeader, then records until a filler or zeros; the last one may be blank: made ahead of its use
//   record      RecordHeader, context, payload, at least frame_padding_bytes zeros, to a multiple of record_align
// Segments form a chain: each says the SHA-256 of the whole segment before it (uncompressed), written when that is closed.
// A position is index * segment_bytes + offset in the segment: it grows for ever and names a record. No record spans
// segments. The position inside each header tells a record from stale or foreign bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/journal/crc32c.hpp"
#include "core/model/frame.hpp"

namespace tapeline {

inline constexpr std::size_t record_align = 16;
inline constexpr std::size_t segment_bytes_min = std::size_t{64} * 1024;

/// Kind of the record that fills the rest of a segment; not a FrameKind.
inline constexpr std::uint8_t record_filler = 255;

struct SegmentHeader {
  char magic[8];  // "TLJRNL1\0"
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t segment_bytes;
  std::uint64_t index;
  std::uint8_t previous_sha256[32];  // zeros: not known yet, or version 1
};
static_assert(sizeof(SegmentHeader) == 64);

inline constexpr char segment_magic[8] = {'T', 'L', 'J', 'R', 'N', 'L', '1', '\0'};
inline constexpr std::uint32_t segment_version = 2;  // 1: without the chain; is read, and written to its end

struct RecordHeader {
  std::uint32_t crc;           // CRC-32C of the header after this field, the context and the payload
  std::uint32_t record_bytes;  // whole record with padding
  std::uint64_t position;
  std::int64_t receive_ns;
  std::uint32_t payload_bytes;
  std::uint16_t context_bytes;
  std::uint16_t http_status;
  std::uint8_t kind;  // FrameKind or record_filler
  std::uint8_t source;
  std::uint8_t channel;
  std::uint8_t reserved[13];
};
static_assert(sizeof(RecordHeader) == 48);

[[nodiscard]] constexpr std::size_t record_bytes_of(std::size_t context_bytes, std::size_t payload_bytes) noexcept {
  const std::size_t bytes = sizeof(RecordHeader) + context_bytes + payload_bytes + frame_padding_bytes;
  return (bytes + record_align - 1) / record_align * record_align;
}

/// Of a record with this header; where context and payload lie one behind the other, both may be given as one.
[[nodiscard]] inline std::uint32_t record_crc(const RecordHeader& header, std::string_view context,
                                              std::string_view payload) noexcept {
  const auto* after_crc = reinterpret_cast<const unsigned char*>(&header) + sizeof header.crc;
  const std::uint32_t crc = crc32c(0, after_crc, sizeof header - sizeof header.crc);
  return crc32c(crc32c(crc, context.data(), context.size()), payload.data(), payload.size());
}

}  // namespace tapeline
