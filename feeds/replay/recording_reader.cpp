#include "feeds/replay/recording_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <zlib.h>

namespace tapeline::feeds::replay {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

void require_readable(const std::string& file) {
  if (std::filesystem::is_directory(file))
    throw std::runtime_error(file + " is a folder; name recordings, plain or gzip");
  if (!std::ifstream(file)) throw std::runtime_error("cannot read " + file + "; name recordings, plain or gzip");
}

}  // namespace

RecordingReader::RecordingReader(std::vector<std::string> files) : files_(std::move(files)), buffer_(buffer_bytes) {
  for (const std::string& file : files_) require_readable(file);
}

RecordingReader::~RecordingReader() {
  if (file_ != nullptr) gzclose(file_);
}

/// More bytes behind those that are left; false when the current file has none.
bool RecordingReader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= std::exchange(begin_, 0);
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  const int read = gzread(file_, buffer_.data() + end_, static_cast<unsigned>(buffer_.size() - end_));
  int error = Z_OK;
  if (read <= 0) gzerror(file_, &error);  // a file that was cut off ends like a whole one, but for this
  if (read < 0 || error == Z_BUF_ERROR) {
    throw std::runtime_error(files_[next_file_ - 1] + " is damaged after line " + std::to_string(lines_) +
                             " of the recording: not a whole gzip file; fetch or pack it again");
  }
  end_ += static_cast<std::size_t>(read);
  return read > 0;
}

bool RecordingReader::read_line(std::string_view& text) {
  for (;;) {
    if (file_ == nullptr) {
      if (next_file_ == files_.size()) return false;
      file_ = gzopen(files_[next_file_++].c_str(), "rb");
      if (file_ == nullptr) throw std::runtime_error("cannot read " + files_[next_file_ - 1]);
    }
    std::size_t searched = begin_;
    for (;;) {
      const void* found = std::memchr(buffer_.data() + searched, '\n', end_ - searched);
      if (found != nullptr) {
        const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
        text = {buffer_.data() + begin_, at - begin_};
        begin_ = at + 1;
        return true;
      }
      const std::size_t unread = end_ - begin_;
      if (!fill()) break;
      searched = begin_ + unread;
    }
    gzclose(std::exchange(file_, nullptr));
    // The last line of a file may lack its end.
    text = {buffer_.data() + begin_, end_ - begin_};
    begin_ = end_;
    if (!text.empty()) return true;
  }
}

bool RecordingReader::next(Line& line) {
  std::string_view text;
  do {
    if (!read_line(text)) return false;
    if (text.ends_with('\r')) text.remove_suffix(1);
  } while (text.empty());
  ++lines_;
  line = {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), line.receive_ns);
  const auto digits = static_cast<std::size_t>(end - text.data());
  line.is_malformed = error != std::errc{} || line.receive_ns <= 0 || digits >= text.size() || text[digits] != ' ';
  if (line.is_malformed) line.receive_ns = 0;
  line.payload = line.is_malformed ? text : text.substr(digits + 1);
  return true;
}

std::uint64_t fingerprint(const std::vector<std::string>& files) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  std::vector<char> chunk(buffer_bytes);
  for (const std::string& name : files) {
    require_readable(name);
    std::ifstream file(name, std::ios::binary);
    while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), file.gcount() > 0) {
      for (std::streamsize i = 0; i < file.gcount(); ++i) {
        hash = (hash ^ static_cast<unsigned char>(chunk[static_cast<std::size_t>(i)])) * 0x100000001b3ULL;  // FNV-1a
      }
    }
  }
  return hash;
}

}  // namespace tapeline::feeds::replay
