#include "feeds/simulator/recording.hpp"

#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include <zlib.h>

namespace tapeline::feeds::simulator {

RecordingReader::RecordingReader(std::vector<std::string> files) : files_(std::move(files)) {
  for (std::size_t index = files_.size(); index-- > 0;) {
    close();
    open(index);
  }
}

RecordingReader::~RecordingReader() { close(); }

void RecordingReader::open(std::size_t index) {
  file_ = index;
  line_number_ = 0;
  gzip_ = gzopen(files_[index].c_str(), "rb");
  if (gzip_ == nullptr) throw std::runtime_error("cannot open the recording '" + files_[index] + "'");
  gzbuffer(gzip_, 256 * 1024);
}

void RecordingReader::close() noexcept {
  if (gzip_ != nullptr) gzclose(std::exchange(gzip_, nullptr));
}

bool RecordingReader::read_line() {
  line_.clear();
  std::array<char, 8192> chunk;
  while (gzgets(gzip_, chunk.data(), static_cast<int>(chunk.size())) != nullptr) {
    line_ += chunk.data();
    if (line_.back() == '\n') {
      line_.pop_back();
      if (!line_.empty() && line_.back() == '\r') line_.pop_back();
      ++line_number_;
      return true;
    }
  }
  int error = Z_OK;
  gzerror(gzip_, &error);
  if (error != Z_OK && error != Z_STREAM_END) {
    throw std::runtime_error("the recording '" + files_[file_] + "' is damaged after line " +
                             std::to_string(line_number_));
  }
  ++line_number_;
  return !line_.empty();
}

bool RecordingReader::next(RecordedMessage& message) {
  while (gzip_ != nullptr) {
    if (!read_line()) {
      close();
      if (file_ + 1 < files_.size()) open(file_ + 1);
      continue;
    }
    if (line_.empty()) continue;
    const auto [end, error] = std::from_chars(line_.data(), line_.data() + line_.size(), message.receive_ns);
    const auto digits = static_cast<std::size_t>(end - line_.data());
    if (error != std::errc{} || digits >= line_.size() || line_[digits] != ' ') {
      throw std::runtime_error("line " + std::to_string(line_number_) + " of the recording '" + files_[file_] +
                               "' is not '<receive time, ns> <payload>'");
    }
    message.payload.assign(line_, digits + 1);
    return true;
  }
  return false;
}

}  // namespace tapeline::feeds::simulator
