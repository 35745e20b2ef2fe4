#include "app/output_thread.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

namespace tapeline::app {
namespace {

constexpr int lines_many = 20'000;

std::string numbered(int number) { return std::to_string(number) + " " + std::string(100, 'x') + "\n"; }

/// A pipe whose reader reads when it is told to.
class Pipe {
 public:
  Pipe() {
    if (pipe(ends_.data()) != 0) throw std::runtime_error("no pipe");
  }
  ~Pipe() {
    close_reader();
    close_end(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_reader() { close_end(ends_[0]); }
  /// To a thread that may write there until the end of the process: its number must become nobody else's.
  void leave_writer() { ends_[1] = -1; }
  /// Until a text ends with `end`.
  std::string read_to(const std::string& end) {
    while (!text_.ends_with(end)) {
      std::array<char, 4'096> part;
      const ssize_t count = read(ends_[0], part.data(), part.size());
      if (count <= 0) throw std::runtime_error("the pipe has ended");
      text_.append(part.data(), static_cast<std::size_t>(count));
    }
    return std::exchange(text_, {});
  }

 private:
  static void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
  std::array<int, 2> ends_{-1, -1};
  std::string text_;
};

TEST(OutputThread, WritesWholeTextsInOrder) {
  Pipe pipe;
  std::string expected;
  OutputThread output(pipe.writer());
  for (int number = 0; number < 400; ++number) {
    expected += numbered(number);
    output.write(numbered(number));
  }
  EXPECT_TRUE(output.flush());
  EXPECT_TRUE(output.is_idle());
  output.write("end\n");
  EXPECT_EQ(pipe.read_to("end\n"), expected + "end\n");
}

TEST(OutputThread, NeverWaitsForWhoReads_AndSaysInTheirPlaceHowManyWereLost) {
  Pipe pipe;
  OutputThread output(pipe.writer());
  output.tell_lost_by([](std::uint64_t lost) { return std::to_string(lost) + " lost\n"; });
  for (int number = 0; number < lines_many; ++number) output.write(numbered(number));
  EXPECT_FALSE(output.is_idle());

  const std::string told = pipe.read_to(" lost\n");
  std::string expected;
  int next = 0;
  while (expected.size() < told.size() - std::string("00000 lost\n").size()) expected += numbered(next++);
  EXPECT_GE(expected.size(), output_waiting_bytes_max - numbered(lines_many).size());
  EXPECT_EQ(told, expected + std::to_string(lines_many - next) + " lost\n");

  EXPECT_TRUE(output.flush());
  output.write("flows again\n");
  EXPECT_EQ(pipe.read_to("again\n"), "flows again\n");
}

TEST(OutputThread, IsNotHeldUpAtTheEndByWhoDoesNotRead) {
  Pipe pipe;
  {
    OutputThread output(pipe.writer());
    for (int number = 0; number < 2'000; ++number) output.write(numbered(number));
    EXPECT_FALSE(output.flush());
    EXPECT_FALSE(output.is_idle());
  }
  pipe.leave_writer();
}

TEST(OutputThread, GoesOnWhenWhoSharesThePipeHasMadeItNonblocking) {
  Pipe pipe;
  ASSERT_EQ(fcntl(pipe.writer(), F_SETFL, O_NONBLOCK), 0);
  OutputThread output(pipe.writer());
  std::string expected;
  for (int number = 0; number < 4'000; ++number) {
    expected += numbered(number);
    output.write(numbered(number));
  }
  EXPECT_EQ(pipe.read_to(numbered(3'999)), expected);
  EXPECT_NE(fcntl(pipe.writer(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(OutputThread, CountsWhatTheDescriptorDoesNotTake) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  OutputThread output(full);
  output.tell_lost_by([](std::uint64_t lost) { return std::to_string(lost) + " lost\n"; });
  for (int number = 0; number < 3; ++number) {
    output.write("no room\n");
    EXPECT_TRUE(output.flush());
  }
  Pipe pipe;
  ASSERT_GE(dup2(pipe.writer(), full), 0);
  output.write("finds out\n");
  EXPECT_EQ(pipe.read_to("lost\n"), "4 lost\n");
  close(full);
}

TEST(OutputThread, OutlivesAReaderThatIsGone) {
  Pipe pipe;
  pipe.close_reader();
  OutputThread output(pipe.writer());
  output.write("nobody\n");
  EXPECT_TRUE(output.flush());
}

}  // namespace
}  // namespace tapeline::app
