// A journal that is written, harmed and read again; or bytes that were never one.
//
// Input     1, then how many frames and what is to be flipped: a real journal; anything else: the bytes of a segment.
// Laws      What is read was written. Everything before the first harm is read. Opening it for writing cuts, or says why
//           not. What is harmed in a closed segment is found.
#include <algorithm>
#include <set>
#include <vector>

#include "core/journal/chain.hpp"
#include "core/journal/journal_check.hpp"
#include "core/journal/journal_reader.hpp"
#include "core/journal/journal_survey.hpp"
#include "core/journal/journal_writer.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace tapeline;
using fuzz::require;

constexpr std::size_t segment = segment_bytes_min;

JournalConfig fresh() {
  JournalConfig config;
  config.directory = fuzz::folder() + "/journal";
  config.segment_bytes = segment;
  std::filesystem::remove_all(config.directory);
  std::filesystem::create_directories(config.directory);
  return config;
}

/// Opens it in every way there is; returns how many frames were read.
std::size_t open_in_every_way(const JournalConfig& config) {
  std::size_t frames = 0;
  JournalPosition end = 0;
  try {
    const JournalExtent extent = survey_journal(config.directory);
    end = extent.end_position;
    static_cast<void>(torn_tail_bytes(extent));
    static_cast<void>(find_frame(extent, extent.first_position + 100));
    static_cast<void>(check_journal(config.directory));
  } catch (const std::runtime_error&) {
  }
  JournalReader reader(config);
  reader.seek(reader.first_position());
  JournalPosition last = 0;
  for (Frame frame; reader.next(std::max(end, JournalPosition{2 * segment}), frame); ++frames) {
    require(frame.position >= last, "positions ascend");
    last = frame.end_position;
    const std::string copy = std::string(frame.context) + std::string(frame.payload);
    require(copy.size() <= segment, "a frame lies within its segment");
  }
  try {
    JournalWriter writer(config);
    require(writer.append({.receive_ns = 1}, "context", "payload").has_value(), "an opened journal takes a frame");
  } catch (const std::runtime_error&) {
  }
  return frames;
}

void foreign(std::string_view bytes) {
  const JournalConfig config = fresh();
  std::string file(bytes);
  file.resize(segment);
  fuzz::write_file(segment_path(config.directory, 0), file);
  static_cast<void>(open_in_every_way(config));
}

void harmed(fuzz::Input& input) {
  const JournalConfig config = fresh();
  std::vector<JournalPosition> positions;
  JournalPosition end = 0;
  std::uint64_t open_segment = 0;  // may be full to its last byte: it is closed when the next record comes
  {
    JournalWriter writer(config);
    const std::size_t count = input.integer<std::uint8_t>();
    const std::size_t bytes = input.integer<std::uint16_t>() % 4'000;
    for (std::size_t i = 0; i < count; ++i) {
      const auto position = writer.append({.receive_ns = static_cast<Nanos>(i)}, "context", std::string(bytes, 'x'));
      require(position.has_value(), "a frame is taken");
      positions.push_back(*position);
    }
    end = writer.end_position();
    open_segment = writer.segment_index();
    for (std::uint64_t index = 1; index <= open_segment; ++index) {
      const Segment closed(config.directory, index - 1, segment, SegmentAccess::read_only);
      write_previous_digest(config.directory, index, digest_of_segment(closed));
    }
  }
  const JournalCheck whole = check_journal(config.directory);
  require(whole.findings.empty() && whole.torn_bytes == 0, "a whole journal has no findings");
  require(whole.frames == positions.size() && whole.end_position == end, "a whole journal is whole");
  JournalPosition first_harm = ~JournalPosition{0};
  std::set<JournalPosition> harms;  // those that are still there: flipped twice is not flipped
  const std::size_t flips = 1 + input.integer<std::uint8_t>() % 3;
  for (std::size_t i = 0; i < flips; ++i) {
    const JournalPosition harm = input.integer<std::uint32_t>() % ((open_segment + 1) * segment);
    const std::string path = segment_path(config.directory, harm / segment);
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(harm % segment));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(harm % segment));
    file.put(static_cast<char>(byte ^ 0x20));
    if (!harms.erase(harm)) harms.insert(harm);
  }
  if (!harms.empty()) first_harm = *harms.begin();
  // Only behind whole segments: the header of the first decides whether it is a journal at all.
  JournalReader reader(config);
  reader.seek(sizeof(SegmentHeader));
  std::size_t next = 0;
  for (Frame frame; reader.next(end, frame);) {
    while (next < positions.size() && positions[next] < frame.position) {
      require(harms.lower_bound(positions[next]) != harms.end(), "a frame is only missing where there is harm");
      ++next;
    }
    require(next < positions.size() && positions[next] == frame.position, "what is read was written");
    ++next;
  }
  const auto whole_frames =
      static_cast<std::size_t>(std::count_if(positions.begin(), positions.end(), [&](JournalPosition at) {
        const auto behind = std::upper_bound(positions.begin(), positions.end(), at);
        return (behind == positions.end() ? end : *behind) <= first_harm;
      }));
  require(next >= whole_frames, "everything before the harm is read");
  if (!harms.empty() && first_harm / segment < open_segment) {
    try {
      const JournalCheck check = check_journal(config.directory);
      require(!check.findings.empty(), "harm in a closed segment is found");
      require(check.findings.front().segment <= first_harm / segment + 1, "in its segment");
    } catch (const std::runtime_error&) {
      // Refused, with all that lies before it, is nothing but a newer version at the end.
      const JournalPosition version = open_segment * segment + offsetof(SegmentHeader, version);
      const auto harm = harms.lower_bound(version);
      require(harm != harms.end() && *harm < version + sizeof(SegmentHeader::version), "what is harmed is checked");
    }
  }
  static_cast<void>(open_in_every_way(config));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  if (size > 0 && data[0] == 1) {
    static_cast<void>(input.integer<std::uint8_t>());
    harmed(input);
  } else {
    foreign(input.rest());
  }
  return 0;
}
