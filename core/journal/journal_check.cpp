#include "core/journal/journal_check.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/journal/chain.hpp"
#include "core/journal/journal_survey.hpp"
#include "core/journal/segment.hpp"

namespace tapeline {
namespace {

/// What stands behind the end is torn only when the journal has stopped there: its owner may go on writing meanwhile,
/// faster than we look.
JournalExtent settled_extent(const std::string& directory, std::uint64_t& torn_bytes) {
  JournalExtent extent = survey_journal(directory);
  torn_bytes = torn_tail_bytes(extent);
  if (torn_bytes > 0 && survey_journal(directory).end_position != extent.end_position) torn_bytes = 0;
  return extent;
}

struct Link {
  std::uint64_t index = 0;
  Digest digest{};    // of this segment
  Digest previous{};  // what it says of the one before it
  bool is_chained_version = false;
  bool is_closed = false;
  bool has_finding = false;
};

class Check {
 public:
  Check(JournalExtent extent, JournalCheck& result) : extent_(std::move(extent)), result_(result) {}

  void segment(std::uint64_t index) {
    std::optional<Segment> opened;
    try {
      opened.emplace(extent_.config.directory, index, segment_bytes(), SegmentAccess::read_only);
    } catch (const std::exception& error) {
      const auto indices = list_segments(extent_.config.directory);
      if (!indices.empty() && index < indices.front()) return;  // deleted meanwhile, as its age says
      add(index, 0, segment_bytes(), error.what());
      return;
    }
    ++result_.segments;
    const Segment& segment = *opened;
    const std::size_t before = result_.findings.size();
    const SegmentHeader header = segment.header();
    for (const ByteRange& range : segment.expanded().damaged)
      add(index, range.begin, range.end, "the compressed bytes are damaged; what was in there is lost");
    const bool has_lost_header = !segment.expanded().damaged.empty() && segment.expanded().damaged.front().begin == 0;
    if (const std::string problem = header_problem(header, index, segment_bytes());
        !problem.empty() && !has_lost_header)
      add(index, 0, sizeof(SegmentHeader), "its header is damaged: " + problem);
    const std::uint64_t end_segment = (extent_.end_position - 1) / segment_bytes();
    if (index < end_segment) {
      closed_records(segment);
    } else if (index == end_segment) {
      open_records(segment);
    } else if (!is_blank(segment)) {
      add(index, sizeof(SegmentHeader), segment_bytes(), "something was written behind the journal's end");
    }
    if (!segment.expanded().is_as_written && segment.expanded().damaged.empty()) {
      add(index, 0, segment_bytes(),
          "its compressed file was changed; what it holds is whole, so `zstd -d` still unpacks it");
    }
    const Digest digest = index < end_segment ? digest_of_segment(segment) : Digest{};
    links_.push_back({.index = index,
                      .digest = digest,
                      .previous = previous_digest(header),
                      .is_chained_version = header.version >= 2,
                      .is_closed = index<end_segment, .has_finding = result_.findings.size()> before});
  }

  void chain() {
    for (std::size_t i = 1; i < links_.size(); ++i) {
      Link& link = links_[i];
      Link& before = links_[i - 1];
      if (!before.is_closed || link.index != before.index + 1) continue;
      if (is_unknown(link.previous)) {
        // The newest ones get it a moment after they are begun.
        const bool is_later_known = std::any_of(links_.begin() + static_cast<std::ptrdiff_t>(i) + 1, links_.end(),
                                                [](const Link& later) { return !is_unknown(later.previous); });
        if (link.is_chained_version && is_later_known && !link.has_finding)
          add_hash(link, "the hash of the segment before it is missing");
        continue;
      }
      if (before.digest == link.previous) {
        ++result_.chained_segments;
        continue;
      }
      if (before.has_finding || link.has_finding) continue;  // that is why
      const Link* const next = i + 1 < links_.size() ? &links_[i + 1] : nullptr;
      const bool is_itself_changed =
          link.is_closed && next != nullptr && !is_unknown(next->previous) && next->previous != link.digest;
      if (is_itself_changed) {
        add_hash(link, "the hash of the segment before it was changed");
        link.has_finding = true;
      } else {
        add(before.index, 0, segment_bytes(),
            "its checksums are right, but it is not the segment that was closed: its hash is " + to_hex(before.digest) +
                ", and segment " + std::to_string(link.index) + " says " + to_hex(link.previous));
      }
    }
    for (const Link& link : links_) {
      if (!link.is_closed) continue;
      result_.has_closed = true;
      result_.last_closed = link.digest;
      result_.last_closed_index = link.index;
    }
  }

 private:
  [[nodiscard]] std::size_t segment_bytes() const { return extent_.config.segment_bytes; }

  void add(std::uint64_t index, std::size_t begin, std::size_t end, std::string what) {
    const JournalPosition base = index * segment_bytes();
    result_.findings.push_back({index, base + begin, base + end, std::move(what)});
  }
  void add_hash(const Link& link, const char* what) {
    add(link.index, offsetof(SegmentHeader, previous_sha256), sizeof(SegmentHeader), what);
  }

  void require_zeros(const Segment& segment, std::size_t begin, std::size_t end, const char* where) {
    const auto* const from = segment.bytes() + begin;
    const auto* const to = segment.bytes() + end;
    const auto* const wrong = std::find_if(from, to, [](std::byte byte) { return byte != std::byte{0}; });
    if (wrong == to) return;
    const auto at = static_cast<std::size_t>(wrong - segment.bytes());
    add(segment.index(), at, end, std::string(where) + " is not zero");
  }

  [[nodiscard]] static bool is_lost(const Segment& segment, std::size_t offset) {
    const auto& damaged = segment.expanded().damaged;
    return std::any_of(damaged.begin(), damaged.end(),
                       [&](const ByteRange& range) { return range.begin <= offset && offset < range.end; });
  }

  /// Counts whole records up to `end`; returns where they end.
  std::size_t records(const Segment& segment, std::size_t end) {
    std::size_t offset = sizeof(SegmentHeader);
    while (offset + sizeof(RecordHeader) <= end) {
      const RecordState state = inspect_record(segment, segment_bytes(), offset, Verify::checksum);
      if (state == RecordState::filler) return offset;
      if (state == RecordState::valid) {
        const Frame frame = frame_at(segment, offset);
        const auto next = static_cast<std::size_t>(frame.end_position - frame.position) + offset;
        require_zeros(segment, offset + sizeof(RecordHeader) + frame.context.size() + frame.payload.size(), next,
                      "the padding of a record");
        ++result_.frames;
        offset = next;
        continue;
      }
      std::size_t next = offset + record_align;
      for (; next + sizeof(RecordHeader) <= end; next += record_align) {
        const RecordState found = inspect_record(segment, segment_bytes(), next, Verify::checksum);
        if (found == RecordState::valid || found == RecordState::filler) break;
      }
      if (next + sizeof(RecordHeader) > end) next = end;
      // What a damaged compressed file costs is told already.
      if (!is_lost(segment, offset) && !is_lost(segment, next - 1))
        add(segment.index(), offset, next,
            "no whole record: " + std::to_string(next - offset) + " bytes cannot be read");
      offset = next;
    }
    return offset;
  }

  void closed_records(const Segment& segment) {
    const std::size_t end = records(segment, segment_bytes());
    if (end + sizeof(RecordHeader) > segment_bytes()) {
      require_zeros(segment, end, segment_bytes(), "what is behind the last record");
    } else {
      require_zeros(segment, end + sizeof(RecordHeader), segment_bytes(), "what is behind the last record");
    }
  }

  void open_records(const Segment& segment) {
    static_cast<void>(records(segment, static_cast<std::size_t>((extent_.end_position - 1) % segment_bytes()) + 1));
  }

  JournalExtent extent_;
  JournalCheck& result_;
  std::vector<Link> links_;
};

}  // namespace

JournalCheck check_journal(const std::string& directory) {
  JournalCheck result;
  JournalExtent extent = settled_extent(directory, result.torn_bytes);
  result.first_position = extent.first_position;
  result.end_position = extent.end_position;
  Check check(std::move(extent), result);
  for (const std::uint64_t index : list_segments(directory)) check.segment(index);
  check.chain();
  std::stable_sort(result.findings.begin(), result.findings.end(),
                   [](const JournalFinding& left, const JournalFinding& right) { return left.begin < right.begin; });
  return result;
}

}  // namespace tapeline
