#include "core/journal/spare_file.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "core/base/file_descriptor.hpp"
#include "core/journal/journal_check.hpp"
#include "core/journal/journal_keeper.hpp"
#include "core/journal/segment_supply.hpp"
#include "tests/unit/core/journal/journal_folder.hpp"

namespace tapeline {
namespace {

class SpareFile : public JournalFolder {
 protected:
  [[nodiscard]] std::string spare() const { return config.directory + "/spare.new"; }
  [[nodiscard]] std::string file(std::uint64_t index) const { return segment_path(config.directory, index); }
  void make(std::uint64_t index) const {
    static_cast<void>(Segment::create(config.directory, index, config.segment_bytes));
  }
  [[nodiscard]] static std::uint64_t index_in(const FileDescriptor& fd) {
    SegmentHeader header{};
    EXPECT_EQ(pread(fd.get(), &header, sizeof header, 0), static_cast<ssize_t>(sizeof header));
    return header.index;
  }
};

TEST_F(SpareFile, IsKeptOnceAndBecomesABlankSegment) {
  make(0);
  make(1);
  {
    Segment first(config.directory, 0, config.segment_bytes, SegmentAccess::read_write);
    std::memset(first.bytes() + sizeof(SegmentHeader), 0x5a, first.size() - sizeof(SegmentHeader));
  }
  const FileDescriptor was_first(open(file(0).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(release_segment(config.directory, file(0)));
  ASSERT_TRUE(release_segment(config.directory, file(1)));
  EXPECT_TRUE(list_segments(config.directory).empty());
  EXPECT_TRUE(std::filesystem::exists(spare()));

  const Segment next = Segment::create_from_spare(config.directory, 2, config.segment_bytes, {});
  EXPECT_EQ(index_in(was_first), 2U);
  EXPECT_TRUE(is_blank(next));
  EXPECT_EQ(header_problem(next.header(), 2, config.segment_bytes), "");
  EXPECT_FALSE(std::filesystem::exists(spare()));
  // There is none any more: a new file.
  EXPECT_TRUE(is_blank(Segment::create_from_spare(config.directory, 3, config.segment_bytes, {})));
}

TEST_F(SpareFile, StaysMappedWhereItWas) {
  make(0);
  Segment mapped(config.directory, 0, config.segment_bytes, SegmentAccess::read_write);
  const std::byte* const bytes = mapped.bytes();
  mapped.bytes()[config.segment_bytes - 1] = std::byte{1};
  ASSERT_TRUE(mapped.keep_as_spare(config.directory));
  const Segment next = Segment::create_from_spare(config.directory, 1, config.segment_bytes, std::move(mapped));
  EXPECT_EQ(next.bytes(), bytes);
  EXPECT_EQ(next.index(), 1U);
  EXPECT_TRUE(is_blank(next));
  // As any other, it is read, and none to be written again meanwhile.
  EXPECT_TRUE(is_blank(Segment(config.directory, 1, config.segment_bytes, SegmentAccess::read_only)));
  ASSERT_TRUE(release_segment(config.directory, file(1)));
  EXPECT_FALSE(std::filesystem::exists(spare()));
}

TEST_F(SpareFile, IsMappedAnewWhereWhatIsMappedIsAnother) {
  make(0);
  make(1);
  Segment other(config.directory, 0, config.segment_bytes, SegmentAccess::read_write);
  ASSERT_TRUE(release_segment(config.directory, file(1)));
  const Segment next = Segment::create_from_spare(config.directory, 2, config.segment_bytes, std::move(other));
  EXPECT_TRUE(is_blank(Segment(config.directory, 2, config.segment_bytes, SegmentAccess::read_only)));
  EXPECT_EQ(Segment(config.directory, 0, config.segment_bytes, SegmentAccess::read_only).header().index, 0U);
}

TEST_F(SpareFile, IsNoneThatSomebodyHasMapped) {
  make(0);
  const Segment mapped(config.directory, 0, config.segment_bytes, SegmentAccess::read_only);
  ASSERT_TRUE(release_segment(config.directory, file(0)));
  EXPECT_FALSE(std::filesystem::exists(file(0)));
  EXPECT_FALSE(std::filesystem::exists(spare()));
  EXPECT_EQ(mapped.header().index, 0U);
}

TEST_F(SpareFile, IsNotTakenForWhatItWasByWhoOpenedItBefore) {
  make(0);
  const FileDescriptor late(open(file(0).c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(hold_file(FileDescriptor(open(file(0).c_str(), O_RDONLY | O_CLOEXEC)).get(), file(0)));
  ASSERT_TRUE(release_segment(config.directory, file(0)));
  EXPECT_FALSE(hold_file(late.get(), file(0)));
  make(0);
  EXPECT_FALSE(hold_file(late.get(), file(0)));  // of the same name, and another
}

TEST_F(SpareFile, SaysWhatCannotBeReleased) {
  EXPECT_FALSE(release_segment(config.directory, file(7)));
  EXPECT_EQ(errno, ENOENT);
  EXPECT_FALSE(take_spare_file(config.directory, file(8)));
}

TEST_F(SpareFile, IsWrittenAgainByAJournalThatCompresses) {
  config.compression = JournalCompression::zstd;
  {
    JournalWriter writer(config);
    const SegmentSupply supply(writer);
    const JournalKeeper keeper(writer, operations, {});
    const FileDescriptor first(open(file(0).c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(eventually([&] {
      append_segments(writer, 1);
      return index_in(first) > 0;
    }));
    append_segments(writer, 3);
    expect_all(writer.first_position(), writer.end_position());
  }
  EXPECT_FALSE(std::filesystem::exists(spare()));
  EXPECT_TRUE(check_journal(config.directory).findings.empty());
  const JournalWriter again(config);
  EXPECT_EQ(again.bytes_truncated(), 0U);
}

}  // namespace
}  // namespace tapeline
