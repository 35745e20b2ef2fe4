// A compressed segment that is harmed, or was never one.
#include <cstring>
#include <vector>

#include "core/journal/compression.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapeline;
  using fuzz::require;
  constexpr std::size_t segment_bytes = std::size_t{2} << 20;  // two blocks
  fuzz::Input input(data, size);
  static std::vector<std::byte> segment(segment_bytes);
  static std::vector<std::byte> expanded(segment_bytes);
  const std::uint16_t harm = input.integer<std::uint16_t>();
  const std::string_view content = input.rest();
  // As it came.
  static_cast<void>(expand_segment(content, expanded.data(), std::size_t{64} * 1024));
  static_cast<void>(expand_beginning(content, 64));
  static_cast<void>(expanded_bytes(content));
  // And as the content of a segment, harmed in its compressed form.
  std::memset(segment.data(), 0, segment.size());
  if (!content.empty())
    std::memcpy(segment.data() + segment_bytes / 2 - content.size() / 2, content.data(), content.size());
  std::string file = compress_segment(segment.data(), segment_bytes, 1, {});
  const Expanded whole = expand_segment(file, expanded.data(), segment_bytes);
  require(whole.is_as_written && whole.damaged.empty(), "a whole file is whole");
  require(expanded == segment, "what is packed comes out again");
  file[harm % file.size()] = static_cast<char>(file[harm % file.size()] ^ 4);
  const Expanded damaged = expand_segment(file, expanded.data(), segment_bytes);
  require(!damaged.is_as_written, "a flipped bit is found");
  if (damaged.damaged.empty()) require(expanded == segment, "what is not said to be damaged is whole");
  file.resize(harm % file.size());
  const Expanded cut = expand_segment(file, expanded.data(), segment_bytes);
  require(!cut.is_as_written, "a cut is found");
  return 0;
}
