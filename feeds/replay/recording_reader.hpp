// Reads recordings: lines `<receive time, ns> <payload>`, plain or gzip, LF or CRLF, one file after another.
//
// Failure   The constructor throws for a file that cannot be read. A malformed line is counted, not fatal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

struct gzFile_s;

namespace tapeline::feeds::replay {

class RecordingReader {
 public:
  explicit RecordingReader(std::vector<std::string> files);
  ~RecordingReader();
  RecordingReader(const RecordingReader&) = delete;
  RecordingReader& operator=(const RecordingReader&) = delete;

  struct Line {
    Nanos receive_ns = 0;
    std::string_view payload;   // valid until the next call
    bool is_malformed = false;  // no time in front: payload is the whole line
  };
  /// False at the end of the last file.
  [[nodiscard]] bool next(Line& line);
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

 private:
  [[nodiscard]] bool fill();
  [[nodiscard]] bool read_line(std::string_view& text);

  std::vector<std::string> files_;
  std::size_t next_file_ = 0;
  gzFile_s* file_ = nullptr;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t lines_ = 0;
};

/// Of the files' bytes: names the lane of a recording. Throws like the reader.
[[nodiscard]] std::uint64_t fingerprint(const std::vector<std::string>& files);

}  // namespace tapeline::feeds::replay
