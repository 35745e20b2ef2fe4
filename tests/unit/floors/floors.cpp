#include "tests/unit/floors/floors.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

namespace tapeline::floors {
namespace {

/// One row per folder; the longest folder that holds a file decides. A folder always includes itself.
struct Floor {
  std::string_view folder;
  std::vector<std::string_view> may_include;  // prefixes of paths
  std::string_view rule;
};

const std::vector<Floor>& floors() {
  static const std::vector<std::string_view> floors_0_to_2{
      "core/base/",    "core/ring/",    "core/model/",   "core/indicators/", "core/bars/",
      "core/quality/", "core/signals/", "core/journal/", "core/runtime/",    "core/snapshot/"};
  static const std::string_view floor_2 = "floor 2 includes floors 0 to 2 of core only";
  static const std::vector<Floor> table{
      {"core/base/", {}, "core/base includes the standard library only"},
      {"core/ring/", {"core/base/"}, "core/ring includes core/base only"},
      {"core/model/", {"core/base/"}, "core/model includes core/base only"},
      {"core/indicators/",
       {"core/base/", "core/model/", "core/bars/config.hpp"},
       "core/indicators includes core/base, core/model and core/bars/config.hpp only"},
      {"core/bars/", floors_0_to_2, floor_2},
      {"core/quality/", floors_0_to_2, floor_2},
      {"core/signals/", floors_0_to_2, floor_2},
      {"core/journal/", floors_0_to_2, floor_2},
      {"core/runtime/", floors_0_to_2, floor_2},
      {"core/snapshot/", floors_0_to_2, floor_2},
      {"core/stages/",
       {"core/base/", "core/ring/", "core/model/", "core/indicators/", "core/bars/", "core/quality/", "core/signals/",
        "core/journal/", "core/runtime/", "core/snapshot/", "core/stages/"},
       "core/stages includes core only, and no core/backtest"},
      {"core/backtest/", {"core/"}, "core/backtest includes core only"},
      {"feeds/",
       {"core/", "feeds/transport/"},
       "feeds include core, feeds/transport and their own folder, never a sibling"},
      {"sinks/", {"core/"}, "sinks include core and their own folder, never a sibling"},
      {"app/", {"core/", "feeds/", "sinks/", "app/"}, "app includes core, feeds, sinks and app only"},
  };
  return table;
}

struct Include {
  std::size_t line = 0;
  bool is_quoted = false;
  std::string path;
};

/// `text` without the spaces and tabs it begins with.
std::string_view trimmed(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// What `line` includes; an empty path: nothing.
Include include_in(std::string_view line, std::size_t number) {
  line = trimmed(line);
  if (!line.starts_with('#')) return {};
  line = trimmed(line.substr(1));
  if (!line.starts_with("include")) return {};
  line = trimmed(line.substr(std::string_view("include").size()));
  const bool is_quoted = line.starts_with('"');
  if (!is_quoted && !line.starts_with('<')) return {};
  line.remove_prefix(1);
  return {number, is_quoted, std::string(line.substr(0, line.find(is_quoted ? '"' : '>')))};
}

std::vector<Include> includes_in(std::string_view text) {
  std::vector<Include> found;
  std::istringstream stream{std::string(text)};
  std::string line;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    Include include = include_in(line, number);
    if (!include.path.empty()) found.push_back(std::move(include));
  }
  return found;
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash + 1));
}

/// "feeds/yahoo/" of "feeds/yahoo/deeper/wire.cpp"; "feeds/" of "feeds/source.hpp".
std::string own_folder(std::string_view path) {
  const std::size_t second = path.find('/', path.find('/') + 1);
  return second == std::string_view::npos ? folder_of(path) : std::string(path.substr(0, second + 1));
}

/// Of C++, C, POSIX, Linux or the compiler.
bool is_platform_header(std::string_view header) {
  static const std::array<std::string_view, 5> folders{"sys/", "linux/", "netinet/", "arpa/", "net/"};
  static const std::array<std::string_view, 22> files{
      "unistd.h",    "fcntl.h",     "sched.h",     "poll.h",      "pthread.h",   "signal.h",   "stdlib.h",   "dirent.h",
      "errno.h",     "time.h",      "netdb.h",     "termios.h",   "spawn.h",     "ucontext.h", "execinfo.h", "cpuid.h",
      "immintrin.h", "emmintrin.h", "nmmintrin.h", "wmmintrin.h", "x86intrin.h", "arm_acle.h"};
  if (std::any_of(folders.begin(), folders.end(), [&](auto folder) { return header.starts_with(folder); })) return true;
  if (std::find(files.begin(), files.end(), header) != files.end()) return true;
  return header.find_first_of("./") == std::string_view::npos;
}

const Floor* floor_of(std::string_view path) {
  const Floor* found = nullptr;
  for (const Floor& floor : floors()) {
    if (path.starts_with(floor.folder) && (found == nullptr || floor.folder.size() > found->folder.size()))
      found = &floor;
  }
  return found;
}

bool may_include_ours(const Floor& floor, const std::string& path, const std::string& included) {
  if (included.starts_with(own_folder(path)) && own_folder(path) != "feeds/") return true;
  if (std::any_of(floor.may_include.begin(), floor.may_include.end(),
                  [&](auto prefix) { return included.starts_with(prefix); })) {
    return true;
  }
  if (floor.folder != "feeds/") return false;
  // What all feeds share lies in feeds/ itself; the one file that names them all is the registry.
  return folder_of(included) == "feeds/" || path == "feeds/registry.cpp";
}

/// The rule that a header from elsewhere breaks; empty: none.
std::string_view broken_by_platform(std::string_view path, std::string_view header) {
  const std::string folder = own_folder(path);
  const bool is_floor_1 = folder == "core/ring/" || folder == "core/model/" || folder == "core/indicators/";
  if (is_floor_1 && (header == "mutex" || header == "functional" || header == "condition_variable")) {
    return "floor 1 has no locks and no std::function";
  }
  if (is_platform_header(header)) return "";
  if (header.starts_with("toml++/")) return path.starts_with("app/config") ? "" : "TOML is known to app/config only";
  if (!path.starts_with("core/")) return "";
  // The queue of rare events, on no hot path: the one dependency that core has.
  if (path == "core/runtime/operations.hpp" && header == "concurrentqueue.h") return "";
  // What a journal's closed segments are chained and compressed with: computed behind the hot path, by libraries.
  if (path == "core/journal/digest.cpp" && header.starts_with("openssl/")) return "";
  if (path == "core/journal/compression.cpp" && header == "zstd.h") return "";
  return "core includes the standard library and POSIX only";
}

std::string at(const std::string& path, std::size_t line, std::string_view what) {
  return path + ":" + std::to_string(line) + ": " + std::string(what);
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

/// Whether the folder found at `begin` stands at the root of the file system: not inside a longer path, URL or name.
bool is_whole_path(std::string_view line, std::size_t begin, std::size_t length) {
  const char before = begin == 0 ? ' ' : line[begin - 1];
  const char after = begin + length < line.size() ? line[begin + length] : ' ';
  const bool continues_a_path = is_word(before) || std::string_view(".~}/)").find(before) != std::string_view::npos;
  return !continues_a_path && !is_word(after);
}

}  // namespace

std::vector<std::string> forbidden_includes(const std::string& path, std::string_view text) {
  std::vector<std::string> violations;
  const Floor* floor = floor_of(path);
  if (floor == nullptr) {
    if (path.starts_with("core/"))
      violations.push_back(at(path, 1, "this folder of core has no floor: give it one in floors.cpp"));
    return violations;
  }
  for (const Include& include : includes_in(text)) {
    std::string_view rule;
    if (!include.is_quoted) {
      rule = broken_by_platform(path, include.path);
    } else if (floor_of(include.path) == nullptr) {
      rule = "headers of ours are included by their path from the repository root, others with <>";
    } else if (!may_include_ours(*floor, path, include.path)) {
      rule = floor->rule;
    }
    if (!rule.empty()) violations.push_back(at(path, include.line, include.path + ": " + std::string(rule)));
  }
  return violations;
}

std::vector<std::string> private_paths(const std::string& path, std::string_view text) {
  // In two pieces, or this file would be its own first finding.
  static const std::array<std::string, 2> roots{std::string("/") + "work", std::string("/") + "farm"};
  std::vector<std::string> violations;
  std::istringstream stream{std::string(text)};
  std::string line;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    for (const std::string& root : roots) {
      for (std::size_t begin = line.find(root); begin != std::string::npos; begin = line.find(root, begin + 1)) {
        if (!is_whole_path(line, begin, root.size())) continue;
        violations.push_back(at(path, number, "a path of one machine: write it relative"));
      }
    }
  }
  return violations;
}

}  // namespace tapeline::floors
