// A recording, plain or gzip: every line comes out once, whatever is in it.
#include <stdexcept>

#include "feeds/replay/recording_reader.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tapeline::fuzz::require;
  const std::string path = tapeline::fuzz::folder() + "/recording";
  tapeline::fuzz::write_file(path, {reinterpret_cast<const char*>(data), size});
  try {
    tapeline::feeds::replay::RecordingReader reader({path});
    tapeline::feeds::replay::RecordingReader::Line line;
    std::uint64_t count = 0;
    while (reader.next(line)) {
      ++count;
      require(line.is_malformed == (line.receive_ns == 0), "a line has a time, or is malformed");
      require(line.payload.find('\n') == std::string_view::npos, "a line is a line");
    }
    require(count == reader.lines(), "lines are counted");
  } catch (const std::runtime_error&) {
    // A gzip file that was cut: said, not crashed.
  }
  return 0;
}
