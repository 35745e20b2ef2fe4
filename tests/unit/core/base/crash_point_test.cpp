#include "core/base/crash_point.hpp"

#include <csignal>

#include <gtest/gtest.h>
#include <unistd.h>

namespace tapeline {
namespace {

TEST(CrashPoint, KillsAtTheCountThatWasAskedFor) {
  // EXPECT_EXIT runs its statement in a process of its own: what is armed here stays armed there alone.
  EXPECT_EXIT(
      {
        if (!arm_crash_point("commit_sent:3").empty()) _exit(1);
        for (int i = 0; i < 3; ++i) pass_crash_point(CrashPoint::commit_sent);
        _exit(0);
      },
      testing::KilledBySignal(SIGKILL), "");
}

TEST(CrashPoint, LetsPassBeforeTheCountAndAtOtherPoints) {
  EXPECT_EXIT(
      {
        if (!arm_crash_point("commit_sent:3").empty()) _exit(1);
        for (int i = 0; i < 2; ++i) pass_crash_point(CrashPoint::commit_sent);
        for (int i = 0; i < 9; ++i) pass_crash_point(CrashPoint::copy_end);
        _exit(42);
      },
      testing::ExitedWithCode(42), "");
}

TEST(CrashPoint, SaysWhatIsWrongAndWhatPointsThereAre) {
  for (const char* const text : {"commit", "commit_sent", "commit_sent:", "commit_sent:0", "commit_sent:-1",
                                 "commit_sent:1x", ":1", "no_such_point:1", "none:1"}) {
    const std::string problem = arm_crash_point(text);
    EXPECT_NE(problem.find(text), std::string::npos) << text;
    EXPECT_NE(problem.find("journal_roll"), std::string::npos) << problem;
    EXPECT_EQ(armed_crash_point, CrashPoint::none);
  }
}

TEST(CrashPoint, IsNotArmedByAnEmptyText) {
  EXPECT_EQ(arm_crash_point(""), "");
  EXPECT_EQ(armed_crash_point, CrashPoint::none);
}

}  // namespace
}  // namespace tapeline
