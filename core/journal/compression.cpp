#include "core/journal/compression.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>

#include <zstd.h>

#include "core/journal/digest.hpp"

namespace tapeline {
namespace {

constexpr std::uint32_t skippable_magic = 0x184D2A5E;
constexpr std::uint32_t frame_magic = 0xFD2FB528;
constexpr std::size_t trailer_bytes = 8 + sizeof(Digest);

void append_u32(std::string& text, std::uint32_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  text.append(bytes, sizeof bytes);
}

/// The file without its trailer; as it is where it is too short to have one.
std::string_view without_trailer(std::string_view file) {
  return file.size() > trailer_bytes ? file.substr(0, file.size() - trailer_bytes) : file;
}

bool is_as_written(std::string_view file) {
  if (file.size() <= trailer_bytes) return false;
  const std::string_view frames = without_trailer(file);
  std::string expected;
  append_u32(expected, skippable_magic);
  append_u32(expected, sizeof(Digest));
  const Digest digest = digest_of(frames.data(), frames.size());
  expected.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  return file.substr(frames.size()) == expected;
}

struct BlockFrame {
  std::size_t file_bytes = 0;
  std::size_t content_bytes = 0;
};

std::optional<BlockFrame> frame_at(std::string_view file, std::size_t offset) {
  const std::size_t file_bytes = ZSTD_findFrameCompressedSize(file.data() + offset, file.size() - offset);
  if (ZSTD_isError(file_bytes) != 0) return std::nullopt;
  const unsigned long long content = ZSTD_getFrameContentSize(file.data() + offset, file.size() - offset);
  if (content == 0 || content > compressed_block_bytes) return std::nullopt;  // also: unknown, error, skippable
  return BlockFrame{file_bytes, static_cast<std::size_t>(content)};
}

/// How many frames stand from `offset` to exactly the end; 0 when they do not reach it.
std::size_t frames_to_end(std::string_view file, std::size_t offset) {
  std::size_t count = 0;
  while (offset < file.size()) {
    const auto frame = frame_at(file, offset);
    if (!frame) return 0;
    offset += frame->file_bytes;
    ++count;
  }
  return count;
}

struct Resumed {
  std::size_t offset = 0;
  std::size_t frames = 0;  // from there to the end
};
/// Where frames can be followed again behind the damage at `offset`.
std::optional<Resumed> resume(std::string_view file, std::size_t offset) {
  char magic[sizeof frame_magic];
  std::memcpy(magic, &frame_magic, sizeof magic);
  for (;;) {
    offset = file.find(std::string_view(magic, sizeof magic), offset + 1);
    if (offset == std::string_view::npos) return std::nullopt;
    if (const std::size_t frames = frames_to_end(file, offset); frames > 0) return Resumed{offset, frames};
  }
}

}  // namespace

std::string compress_segment(const std::byte* segment, std::size_t segment_bytes, int level,
                             const BetweenBlocks& between) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (!context) throw std::runtime_error("no memory to compress a journal segment with");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string file;
  const std::size_t block_bytes = std::min(segment_bytes, compressed_block_bytes);
  std::string block(ZSTD_compressBound(block_bytes), '\0');
  for (std::size_t offset = 0; offset < segment_bytes; offset += block_bytes) {
    if (between && !between()) return {};
    const std::size_t size = ZSTD_compress2(context.get(), block.data(), block.size(), segment + offset, block_bytes);
    if (ZSTD_isError(size) != 0)
      throw std::runtime_error(std::string("zstd cannot compress a journal segment: ") + ZSTD_getErrorName(size));
    file.append(block.data(), size);
  }
  const Digest digest = digest_of(file.data(), file.size());
  append_u32(file, skippable_magic);
  append_u32(file, sizeof(Digest));
  file.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  return file;
}

Expanded expand_segment(std::string_view file, std::byte* segment, std::size_t segment_bytes) {
  Expanded result;
  result.is_as_written = is_as_written(file);
  const std::string_view frames = without_trailer(file);
  const std::size_t block_bytes = std::min(segment_bytes, compressed_block_bytes);
  const std::size_t blocks = segment_bytes / block_bytes;
  const auto damage = [&](std::size_t first, std::size_t end) {
    if (first >= end) return;
    std::memset(segment + first * block_bytes, 0, (end - first) * block_bytes);
    if (!result.damaged.empty() && result.damaged.back().end == first * block_bytes) {
      result.damaged.back().end = end * block_bytes;
    } else {
      result.damaged.push_back({first * block_bytes, end * block_bytes});
    }
  };
  std::size_t offset = 0;
  std::size_t block = 0;
  while (block < blocks) {
    std::optional<BlockFrame> frame;
    if (offset < frames.size()) frame = frame_at(frames, offset);
    if (!frame || frame->content_bytes != block_bytes) {
      const auto resumed = resume(frames, offset);
      const std::size_t next = resumed && resumed->frames < blocks - block ? blocks - resumed->frames : blocks;
      damage(block, next);
      if (next == blocks) break;
      block = next;
      offset = resumed->offset;
      continue;
    }
    const std::size_t size =
        ZSTD_decompress(segment + block * block_bytes, block_bytes, frames.data() + offset, frame->file_bytes);
    if (size != block_bytes) damage(block, block + 1);
    offset += frame->file_bytes;
    ++block;
  }
  return result;
}

std::string expand_beginning(std::string_view file, std::size_t size) {
  const auto frame = frame_at(file, 0);
  if (!frame || frame->content_bytes < size) return {};
  std::string block(frame->content_bytes, '\0');
  const std::size_t got = ZSTD_decompress(block.data(), block.size(), file.data(), frame->file_bytes);
  if (got != block.size()) return {};
  block.resize(size);
  return block;
}

std::size_t expanded_bytes(std::string_view file) {
  const std::string_view frames = without_trailer(file);
  std::size_t bytes = 0;
  for (std::size_t offset = 0; offset < frames.size();) {
    const auto frame = frame_at(frames, offset);
    if (!frame) return 0;
    bytes += frame->content_bytes;
    offset += frame->file_bytes;
  }
  return bytes;
}

}  // namespace tapeline
