// Recordings for the tests of replay: written into a folder that is gone when the test is over.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>
#include <zlib.h>

namespace tapeline::feeds::replay::testing {

class Recordings {
 public:
  Recordings() {
    std::string name = (std::filesystem::temp_directory_path() / "tapeline-replay-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder for the test");
    folder_ = name;
  }
  ~Recordings() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Recordings(const Recordings&) = delete;
  Recordings& operator=(const Recordings&) = delete;

  [[nodiscard]] std::string plain(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string gzip(const std::string& name, const std::string& text) const {
    const std::string path = (folder_ / name).string();
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    return path;
  }
  /// A file made before, with fewer bytes.
  void cut(const std::string& path, std::uintmax_t bytes) const { std::filesystem::resize_file(path, bytes); }
  [[nodiscard]] std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
};

/// The recorded minutes of Binance trades, as they were given; empty where they are absent.
inline std::string recorded_trades() {
  const char* shared = std::getenv("TAPELINE_SHARED");
  const std::filesystem::path path = std::filesystem::path(shared != nullptr ? shared : "../shared") /
                                     "data/payloads/binance/ws_spot_btcusdt_20240808_2354.txt.gz";
  return std::filesystem::exists(path) ? path.string() : std::string();
}

}  // namespace tapeline::feeds::replay::testing
