// Reads recordings: lines "<receive time, ns> <payload>", plain or gzip, one file after the other.
//
// Failure   Throws std::runtime_error naming file and line: a recording that cannot be read is no recording.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.hpp"

struct gzFile_s;

namespace tapeline::feeds::simulator {

struct RecordedMessage {
  Nanos receive_ns = 0;
  std::string payload;
};

class RecordingReader {
 public:
  /// Opens every file once, so that a missing one is known at the start.
  explicit RecordingReader(std::vector<std::string> files);
  ~RecordingReader();
  RecordingReader(const RecordingReader&) = delete;
  RecordingReader& operator=(const RecordingReader&) = delete;

  /// False at the end of the last file.
  [[nodiscard]] bool next(RecordedMessage& message);

 private:
  void open(std::size_t index);
  void close() noexcept;
  [[nodiscard]] bool read_line();

  std::vector<std::string> files_;
  std::size_t file_ = 0;
  std::uint64_t line_number_ = 0;
  std::string line_;
  gzFile_s* gzip_ = nullptr;
};

}  // namespace tapeline::feeds::simulator
