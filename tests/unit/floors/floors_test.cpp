// The rules on samples that break them, and then on the tree itself.
#include "tests/unit/floors/floors.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>

namespace tapeline::floors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Tracked by git; where this is no clone, everything but what builds and runs leave behind.
std::vector<std::string> files_of_the_project() {
  std::vector<std::string> files;
  const std::unique_ptr<FILE, int (*)(FILE*)> git(popen("git -c safe.directory='*' ls-files 2>/dev/null", "r"), pclose);
  std::string line;
  for (int c = 0; git != nullptr && (c = std::fgetc(git.get())) != EOF;) {
    if (c != '\n') {
      line += static_cast<char>(c);
    } else {
      if (std::filesystem::is_regular_file(line)) files.push_back(line);
      line.clear();
    }
  }
  if (!files.empty()) return files;
  for (const char* folder : {"core", "feeds", "sinks", "app", "bench", "tests", "config", "docs", "docker", "cmake"}) {
    if (!std::filesystem::is_directory(folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path().string());
    }
  }
  return files;
}

bool is_source(const std::string& path) { return path.ends_with(".hpp") || path.ends_with(".cpp"); }

struct Sample {
  std::string path;
  std::string text;
};

std::vector<std::string> check(const Sample& sample) { return forbidden_includes(sample.path, sample.text); }

TEST(Floors, NameFileLineAndRule) {
  EXPECT_THAT(check({"core/ring/a.hpp", "#pragma once\n\n#include \"core/runtime/idle.hpp\"\n"}),
              ElementsAre("core/ring/a.hpp:3: core/runtime/idle.hpp: core/ring includes core/base only"));
}

TEST(Floors, RefuseWhatPointsUpwardOrSideways) {
  const std::vector<Sample> samples{
      {"core/base/a.hpp", "#include \"core/model/tick.hpp\""},
      {"core/model/a.hpp", "#include \"core/ring/spsc_ring.hpp\""},
      {"core/indicators/a.hpp", "#include \"core/bars/open_bar.hpp\""},
      {"core/journal/a.cpp", "#include \"core/stages/cache.hpp\""},
      {"core/stages/a.cpp", "#include \"feeds/registry.hpp\""},
      {"feeds/yahoo/a.cpp", "#include \"feeds/binance/wire.hpp\""},
      {"feeds/poller.cpp", "#include \"feeds/binance/wire.hpp\""},
      {"feeds/yahoo/a.cpp", "#include \"sinks/redis/config.hpp\""},
      {"sinks/redis/a.cpp", "#include \"sinks/postgres/config.hpp\""},
      {"sinks/redis/a.cpp", "#include \"app/lane.hpp\""},
      {"app/a.cpp", "#include \"tests/support/private_redis.hpp\""},
      {"core/base/a.hpp", "#include \"result.hpp\""},
      {"core/stages/a.hpp", "#include <simdjson.h>"},
      {"core/stages/a.cpp", "#  include <hiredis/hiredis.h>"},
      {"core/runtime/a.hpp", "#include <fmt/format.h>"},
      {"core/ring/a.hpp", "#include <mutex>"},
      {"feeds/yahoo/a.cpp", "#include <toml++/toml.h>"},
      {"app/main.cpp", "#include <toml++/toml.h>"},
      {"core/misc/a.hpp", ""},
  };
  for (const Sample& sample : samples) EXPECT_EQ(check(sample).size(), 1U) << sample.path << ": " << sample.text;
}

TEST(Floors, AllowWhatLiesBelow) {
  const std::vector<Sample> samples{
      {"core/base/a.cpp", "#include \"core/base/time.hpp\"\n#include <vector>\n#include <sys/mman.h>"},
      {"core/indicators/a.hpp", "#include \"core/bars/config.hpp\""},
      {"core/runtime/operations.hpp", "#include <concurrentqueue.h>"},
      {"core/stages/a.cpp", "#include \"core/journal/record.hpp\""},
      {"feeds/registry.cpp", "#include \"feeds/binance/wire.hpp\""},
      {"feeds/yahoo/source.cpp",
       "#include \"feeds/yahoo/wire.hpp\"\n#include \"feeds/source.hpp\"\n#include "
       "\"feeds/transport/config.hpp\"\n#include <simdjson.h>"},
      {"sinks/redis/a.cpp", "#include \"sinks/redis/config.hpp\"\n#include <hiredis/hiredis.h>"},
      {"app/config/load.cpp", "#include <toml++/toml.h>\n#include \"sinks/redis/config.hpp\""},
      {"tests/unit/a.cpp", "#include \"anything\""},
  };
  for (const Sample& sample : samples) EXPECT_THAT(check(sample), IsEmpty()) << sample.path;
}

TEST(PrivatePaths, AreFound) {
  const std::string here = std::string("/") + "work";
  const std::string there = std::string("/") + "farm";
  for (const std::string& text : {"see " + here + "/main/x", "\"" + there + "\"", here, "cd=" + here + "/a"}) {
    EXPECT_THAT(private_paths("docs/a.md", "fine\n" + text), ElementsAre(HasSubstr("docs/a.md:2"))) << text;
  }
}

TEST(PrivatePaths, AreNotWhatMerelyLooksLikeThem) {
  const std::string here = std::string("/") + "work";
  for (const std::string& text :
       {"https://example.org" + here + "/1", here + "ers/", "network" + here, "./" + here.substr(1)}) {
    EXPECT_THAT(private_paths("docs/a.md", text), IsEmpty()) << text;
  }
}

TEST(Tree, KeepsItsFloors) {
  const auto files = files_of_the_project();
  ASSERT_FALSE(files.empty()) << "run in the repository's root";
  std::size_t sources = 0;
  for (const std::string& file : files) {
    if (!is_source(file)) continue;
    ++sources;
    for (const std::string& violation : forbidden_includes(file, read(file))) ADD_FAILURE() << violation;
  }
  EXPECT_GT(sources, 50U);
}

TEST(Tree, NamesNoPathOfOneMachine) {
  for (const std::string& file : files_of_the_project()) {
    const std::string text = read(file);
    if (text.find('\0') != std::string::npos) continue;  // no text
    for (const std::string& violation : private_paths(file, text)) ADD_FAILURE() << violation;
  }
}

}  // namespace
}  // namespace tapeline::floors
