// What the tests of the network clients share: an io_context that runs until something is so, and a sink that keeps
// frames.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <unistd.h>

#include "feeds/source.hpp"
#include "feeds/transport/config.hpp"

namespace tapeline::feeds::testing {

/// Far beyond what anything here takes, so that only a hang meets it.
inline constexpr std::chrono::seconds patience{20};

/// Runs handlers until `is_done`; false when the patience is over.
inline bool run_until(boost::asio::io_context& context, const std::function<bool()>& is_done) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!is_done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    if (context.stopped()) context.restart();
    context.run_one_for(std::chrono::milliseconds(10));
  }
  return true;
}

struct KeptFrame {
  SourceCode source{};
  Channel channel = 0;
  std::uint16_t http_status = 0;
  std::string context;
  std::string payload;
  Nanos receive_ns = 0;

  friend bool operator==(const KeptFrame&, const KeptFrame&) = default;
};

class KeepingSink final : public FrameSink {
 public:
  void append(SourceCode source, Channel channel, std::uint16_t http_status, std::string_view context,
              std::string_view payload, Nanos receive_ns) override {
    frames.push_back({source, channel, http_status, std::string(context), std::string(payload), receive_ns});
  }
  std::vector<KeptFrame> frames;
};

/// A folder that is gone when the test is over.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tapeline-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder for the test");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// Writes a file and returns its path.
  [[nodiscard]] std::string file(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path path = path_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Limits that a local server keeps with ease, and that no test waits for unless it means to.
inline TransportConfig transport() {
  TransportConfig config;
  config.reconnect_delay_ms_max = 50;
  return config;
}

}  // namespace tapeline::feeds::testing
