#include "feeds/simulator/recording.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

namespace tapeline::feeds::simulator {
namespace {

class Recording : public testing::Test {
 protected:
  Recording() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapeline-recording-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Recording() override { std::filesystem::remove_all(folder_); }

  std::string plain(const std::string& name, const std::string& text) {
    const auto path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string gzip(const std::string& name, const std::string& text) {
    const auto path = (folder_ / name).string();
    gzFile_s* out = gzopen(path.c_str(), "wb");
    gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
    gzclose(out);
    return path;
  }
  static std::vector<std::string> payloads(std::vector<std::string> files) {
    RecordingReader reader(std::move(files));
    std::vector<std::string> out;
    RecordedMessage message;
    while (reader.next(message)) out.push_back(std::to_string(message.receive_ns) + "|" + message.payload);
    return out;
  }

  std::filesystem::path folder_;
};

TEST_F(Recording, IsReadPlainAndGzipOneAfterTheOther) {
  const std::string huge(100'000, 'x');
  const auto files = {plain("a.txt", "1 {\"a\": 1}\r\n2 b\n"), gzip("b.txt.gz", "3 " + huge + "\n\n4 last")};
  EXPECT_EQ(payloads(files), (std::vector<std::string>{"1|{\"a\": 1}", "2|b", "3|" + huge, "4|last"}));
}

TEST_F(Recording, SaysWhichFileAndLineIsWrong) {
  const std::string path = plain("a.txt", "1 a\nno time\n");
  try {
    payloads({path});
    FAIL() << "not refused";
  } catch (const std::runtime_error& problem) {
    EXPECT_NE(std::string(problem.what()).find("line 2"), std::string::npos);
    EXPECT_NE(std::string(problem.what()).find(path), std::string::npos);
  }
}

TEST_F(Recording, IsRefusedBeforeItStartsWhereAFileIsMissing) {
  EXPECT_THROW(RecordingReader({plain("a.txt", "1 a\n"), (folder_ / "missing").string()}), std::runtime_error);
}

TEST_F(Recording, IsRefusedWhereItIsCutShort) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + " payload " + std::to_string(i * 7919) + "\n";
  const std::string path = gzip("a.gz", text);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_THROW(payloads({path}), std::runtime_error);
}

}  // namespace
}  // namespace tapeline::feeds::simulator
