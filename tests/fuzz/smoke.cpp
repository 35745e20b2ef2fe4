// Runs a fuzz target over its corpus and over mutations of it that are the same in every run: smoke CORPUS [MUTATIONS].
//
// Failure   What ends the process (a signal, a sanitizer, a broken law) leaves its input in fuzz-finding-*.bin.
#include <algorithm>
#include <csignal>
#include <random>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.hpp"

/// Where a target has one.
extern "C" [[gnu::weak]] int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

std::string current;

void keep_input(int number) {
  char name[64];
  std::snprintf(name, sizeof name, "fuzz-finding-%d.bin", static_cast<int>(getpid()));
  const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd >= 0 && write(fd, current.data(), current.size()) >= 0) close(fd);
  std::fprintf(stderr, "the input is in %s\n", name);
  std::signal(number, SIG_DFL);
  raise(number);
}

void run(std::string input) {
  current = std::move(input);
  // An exact copy on the heap: reading past its end is seen by the address sanitizer.
  const std::vector<std::uint8_t> exact(current.begin(), current.end());
  static_cast<void>(LLVMFuzzerTestOneInput(exact.data(), exact.size()));
}

std::string mutated(std::string text, const std::vector<std::string>& corpus, std::mt19937_64& random) {
  static const std::vector<std::string> words{"\"",
                                              "{",
                                              "}",
                                              "[",
                                              "]",
                                              ",",
                                              ":",
                                              "\\",
                                              "\n",
                                              "\r\n",
                                              "0",
                                              "-",
                                              "e308",
                                              "1e-400",
                                              "null",
                                              "9223372036854775808",
                                              "99999999999999999999999",
                                              ".",
                                              "\xff\xfe",
                                              std::string(1, '\0'),
                                              "(",
                                              ")",
                                              "*",
                                              "%",
                                              "%00",
                                              "$-1\r\n",
                                              "é"};
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit); };
  for (std::size_t steps = 1 + below(4); steps > 0; --steps) {
    const std::size_t at = below(text.size() + 1);
    switch (below(7)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 2: text.insert(at, words[below(words.size())]); break;
      case 3: text.erase(at, 1 + below(8)); break;
      case 4: text.insert(at, text.substr(below(text.size() + 1), below(64))); break;
      case 5: text.resize(at); break;
      default: {
        const std::string& other = corpus[below(corpus.size())];
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
      }
    }
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS [MUTATIONS] | INPUT\n", argv[0]);
    return 2;
  }
  for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) std::signal(number, keep_input);
  if (LLVMFuzzerInitialize != nullptr) static_cast<void>(LLVMFuzzerInitialize(&argc, &argv));
  std::vector<std::string> files;
  if (std::filesystem::is_directory(argv[1])) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path().string());
  } else {
    files.emplace_back(argv[1]);
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const std::string& file : files) {
    std::ifstream stream(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "%s holds no input\n", argv[1]);
    return 1;
  }
  run({});
  for (const std::string& input : corpus) run(input);
  const unsigned long mutations = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0;
  std::mt19937_64 random(20'240'808);
  for (unsigned long i = 0; i < mutations; ++i) run(mutated(corpus[i % corpus.size()], corpus, random));
  std::printf("%zu inputs, %lu mutations: nothing found\n", corpus.size(), mutations);
  return 0;
}
