// A configuration: taken, or refused with a list of mistakes that each name their line.
#include "app/config/loader.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tapeline::fuzz::require;
  try {
    const auto loaded = tapeline::app::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz.toml",
                                                    tapeline::app::Purpose::inspect);
    require(loaded.hash.size() == 16, "what is taken has a hash");
  } catch (const tapeline::app::ConfigErrors& errors) {
    require(!errors.lines().empty(), "what is refused says why");
    for (const std::string& line : errors.lines()) require(line.starts_with("fuzz.toml"), "a mistake names its file");
  }
  return 0;
}
