// A journal in a folder of its own, to be filled, harmed and looked at.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "core/journal/journal_keeper.hpp"
#include "core/journal/journal_reader.hpp"
#include "core/journal/journal_writer.hpp"
#include "core/journal/segment_files.hpp"

namespace tapeline {

class JournalFolder : public ::testing::Test {
 protected:
  JournalFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapeline-journal-XXXXXX").string();
    config.directory = mkdtemp(pattern.data());
    config.segment_bytes = segment_bytes_min;
    config.compression = JournalCompression::none;
    config.failover_s = 0;
  }
  ~JournalFolder() override { std::filesystem::remove_all(config.directory); }

  /// JSON-like, so that it packs; other bytes in each.
  static std::string payload_of(std::size_t number) {
    return R"({"stream":"btcusdt@trade","data":{"p":")" + std::to_string(number * 7'919 % 100'003) + R"(","q":")" +
           std::string(number * 37 % 300, '1') + "\"}}";
  }
  void append(JournalWriter& writer, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_TRUE(writer.append({.source = SourceCode{4}, .receive_ns = static_cast<Nanos>(appended + 1)}, "context",
                                payload_of(appended)))
          << writer.last_error();
      ++appended;
    }
  }
  void append_segments(JournalWriter& writer, std::uint64_t count) {
    const std::uint64_t until = writer.segment_index() + count;
    while (writer.segment_index() < until) append(writer, 1);
  }

  /// The numbers of the frames that are read; fails where one is not what was appended.
  [[nodiscard]] std::vector<std::size_t> read(JournalPosition from, JournalPosition limit) const {
    JournalReader reader(config);
    reader.seek(from);
    std::vector<std::size_t> numbers;
    for (Frame frame; reader.next(limit, frame);) {
      const auto number = static_cast<std::size_t>(frame.receive_ns) - 1;
      EXPECT_EQ(frame.payload, payload_of(number));
      numbers.push_back(number);
    }
    EXPECT_EQ(reader.failure(), "");
    return numbers;
  }
  void expect_all(JournalPosition from, JournalPosition limit) const {
    const auto numbers = read(from, limit);
    ASSERT_EQ(numbers.size(), appended);
    for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i);
  }

  template <class Condition>
  [[nodiscard]] static bool eventually(const Condition& condition) {
    for (int i = 0; i < 6'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  static std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  JournalConfig config;
  Operations operations;
  std::size_t appended = 0;
};

}  // namespace tapeline
