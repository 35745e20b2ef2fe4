// Named places at which the process can be made to die as by kill -9, so that recovery from each is tested in the real
// program: TAPELINE_CRASH_AT=commit_sent:2 ends it when it comes to commit_sent for the second time.
//
// Threads   Armed once before any is started; passed by any.
// Cost      One comparison of a plain variable where nothing is armed; stands at batches and segments, never at frames.
// Failure   arm_crash_point() says what is wrong with the text; passing never fails.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapeline {

enum class CrashPoint : std::uint8_t {
  none,
  journal_append,       // frames are in the journal, and nobody has been told
  journal_prepare,      // the next segment is made ahead of its use, and nobody knows
  journal_roll,         // the next segment is there, the last one does not say yet that it has ended
  journal_sync,         // written through to the disk, and not noted
  journal_chain,        // a segment is closed, and the next one does not have its hash yet
  journal_compressed,   // the compressed form is there, beside the plain one
  journal_trim,         // the oldest segments are deleted, but for the last of them
  batch_built,          // rows are encoded, nothing has been sent
  copy_end,             // all rows are in the transaction, the checkpoint is not
  commit_sent,          // COMMIT is on its way, its fate unknown
  commit_acknowledged,  // committed, and not noted
  redis_publish,        // Redis has taken values or alerts, and that is not noted
  snapshot_written,     // a snapshot is on the disk, and has not yet its name
  snapshot_renamed,     // it has, and older ones are still there
};

inline CrashPoint armed_crash_point = CrashPoint::none;  // written by arm_crash_point() alone

/// Counts, and kills the process when the count that was asked for is reached.
void reach_armed_crash_point() noexcept;

inline void pass_crash_point(CrashPoint point) noexcept {
  if (armed_crash_point == point) [[unlikely]]
    reach_armed_crash_point();
}

/// "point:n", n from 1; an empty text arms nothing. Returns what is wrong with it, or an empty text.
[[nodiscard]] std::string arm_crash_point(std::string_view text);

}  // namespace tapeline
