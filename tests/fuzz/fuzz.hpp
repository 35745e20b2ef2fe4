// What the fuzz targets share: an input that is taken apart, and a folder in memory.
//
// A target is one file with LLVMFuzzerTestOneInput: libFuzzer runs it for as long as one likes (`./dev fuzz`), smoke.cpp
// over its corpus and a few thousand mutations of it in every test run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <stdlib.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tapeline::fuzz {

/// A law of the target: what breaks it is a finding.
inline void require(bool holds, const char* law) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", law);
  std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// Zero where it is used up.
  template <class Integer>
  [[nodiscard]] Integer integer() {
    Integer value{};
    const std::size_t size = std::min(sizeof value, rest_.size());
    if (size > 0) std::memcpy(&value, rest_.data(), size);
    rest_.remove_prefix(size);
    return value;
  }
  [[nodiscard]] std::string_view bytes(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  /// Up to the next line end, which is taken too.
  [[nodiscard]] std::string_view line() {
    const std::string_view taken = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(taken.size() + 1, rest_.size()));
    return taken;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Of this process, in memory, gone with it.
inline const std::string& folder() {
  static const struct Folder {
    Folder() {
      path = std::string(std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp") + "/tapeline-fuzz-XXXXXX";
      require(mkdtemp(path.data()) != nullptr, "a folder can be made");
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
    std::string path;
  } made;
  return made.path;
}

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace tapeline::fuzz
