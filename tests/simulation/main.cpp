// Runs seeds, and tells of the first that fails, with the line that repeats it.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/simulation/simulation.hpp"

namespace {

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  const std::string_view digits(text);
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (problem == std::errc{} && end == digits.data() + digits.size()) return value;
  std::fprintf(stderr, "simulate: %s is no number\n", text);
  std::exit(2);
}

int tell(std::uint64_t seed, const tapeline::simulation::Verdict& verdict) {
  std::printf("seed %llu FAILED\n", static_cast<unsigned long long>(seed));
  for (const auto& fault : verdict.events) std::printf("  %s\n", fault.c_str());
  for (const auto& difference : verdict.differences) std::printf("  -> %s\n", difference.c_str());
  std::printf("to see it again: ./dev simulate --seed %llu --seeds 1\n", static_cast<unsigned long long>(seed));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seeds = 1'000;
  std::uint64_t first = 1;
  bool is_verbose = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (word == "--seeds" && i + 1 < argc) {
      seeds = number(argv[++i]);
    } else if (word == "--seed" && i + 1 < argc) {
      first = number(argv[++i]);
    } else if (word == "--verbose") {
      is_verbose = true;
    } else {
      std::fprintf(stderr, "usage: simulate [--seeds N] [--seed S] [--verbose]\n");
      return 2;
    }
  }
  std::size_t rows = 0, faults = 0, refused = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const auto verdict = tapeline::simulation::simulate(seed);
    if (!verdict.differences.empty()) return tell(seed, verdict);
    if (is_verbose) {
      for (const auto& fault : verdict.events) std::printf("  %s\n", fault.c_str());
    }
    rows += verdict.rows;
    faults += verdict.faults;
    refused += verdict.is_refused ? 1 : 0;
  }
  std::printf(
      "%llu seeds from %llu: %zu faults, %zu rows compared, every one there once; %zu runs ended by a power cut that "
      "left the journal behind the database\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(first), faults, rows, refused);
  return 0;
}
