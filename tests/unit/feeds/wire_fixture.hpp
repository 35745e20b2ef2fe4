// Frames for the tests of the wire parsers, and what comes out of them as lines that a test can compare.
#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/decimal.hpp"
#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::testing {

inline constexpr Nanos receive_ns = 1'900'000'000'000'000'000;  // as expected_numbers.py has it

/// What was asked for, beside the body.
struct Request {
  Channel channel = 1;
  std::string context;
  std::uint16_t http_status = 200;
  Nanos receive = receive_ns;
};

/// A parsed body together with the bytes that its events point into.
class Parsed {
 public:
  /// `after` fills the bytes behind the body. A closing brace is the worst that can follow: a parser that runs over the
  /// end takes it for its own.
  Parsed(WireParser& parser, const Request& request, std::string_view body, char after = '}')
      : context_(request.context), bytes_(std::make_unique<char[]>(body.size() + frame_padding_bytes)) {
    std::copy(body.begin(), body.end(), bytes_.get());
    std::fill_n(bytes_.get() + body.size(), frame_padding_bytes, after);
    parser.parse({.receive_ns = request.receive,
                  .channel = request.channel,
                  .http_status = request.http_status,
                  .context = context_,
                  .payload = {bytes_.get(), body.size()}},
                 output_);
  }

  [[nodiscard]] const std::vector<WireEvent>& events() const { return output_.events; }
  [[nodiscard]] std::string_view ignored() const { return output_.ignored; }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const WireEvent& event : output_.events) lines.push_back(line_of(event));
    return lines;
  }
  /// Reason of the one event that a refused body has; none when it is something else.
  [[nodiscard]] Reason refusal() const {
    return events().size() == 1 && events()[0].kind == EventKind::refusal ? events()[0].reason : Reason::none;
  }

  static std::string line_of(const WireEvent& event) {
    const std::string head = std::string{event.symbol} + ' ' + std::to_string(event.event_ns) + ' ';
    switch (event.kind) {
      case EventKind::source_bar:
        return head + to_string(event.open) + ' ' + to_string(event.high) + ' ' + to_string(event.low) + ' ' +
               to_string(event.price) + ' ' + to_string(event.size);
      case EventKind::tick:
        return head + to_string(event.price) + ' ' + to_string(event.size) + ' ' + std::to_string(event.trade_id) +
               ' ' +
               (event.side == Side::buy    ? "buy"
                : event.side == Side::sell ? "sell"
                                           : "unknown");
      case EventKind::quote: return head + to_string(event.price) + ' ' + to_string(event.ask) + " quote";
      default: return head + to_string(event.reason);
    }
  }

 private:
  std::string context_;
  std::unique_ptr<char[]> bytes_;
  WireOutput output_;
};

/// The folder of recorded payloads of one source; empty where it is not there.
inline std::filesystem::path payload_folder(const char* source) {
  const char* const shared = std::getenv("TAPELINE_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path{shared ? shared : "../shared"} / "data" / "payloads" / source;
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path{};
}

inline constexpr const char* python = "/usr/bin/python3";
inline constexpr const char* no_payloads =
    "no recorded payloads, or no /usr/bin/python3: set TAPELINE_SHARED to their folder";

/// All of a file, unpacked when it is gzipped.
inline std::string contents(const std::filesystem::path& path) {
  std::string text;
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return text;
  std::array<char, 65536> block{};
  for (int read = 0; (read = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0;) {
    text.append(block.data(), static_cast<std::size_t>(read));
  }
  gzclose(file);
  return text;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// What a command prints, by lines; a status other than 0 fails the test.
inline std::vector<std::string> output_of(const std::string& command) {
  std::string text;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::array<char, 65536> block{};
  for (std::size_t read = 0; (read = fread(block.data(), 1, block.size(), pipe)) > 0;) text.append(block.data(), read);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return lines_of(text);
}

/// The events of a file by the independent reading of expected_numbers.py.
inline std::vector<std::string> expected_numbers(const std::string& source, const std::string& channel,
                                                 const std::string& context, const std::filesystem::path& path) {
  return output_of(std::string{python} + " tests/unit/feeds/expected_numbers.py " + source + ' ' + channel + " '" +
                   context + "' '" + path.string() + '\'');
}

}  // namespace tapeline::feeds::testing
