#include "tests/simulation/host.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

constexpr std::size_t sector_bytes = 512;

struct Clocks {
  bool is_simulated = false;
  std::int64_t steady_ns = 0;
  std::int64_t wall_ns = 0;
};
Clocks clocks;

/// Content on the disk, by path.
std::map<std::string, std::vector<char>> disk;

std::vector<char> content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The file behind a mapping, and where in it an address lies.
struct Mapping {
  std::string path;
  std::size_t offset = 0;
};
Mapping mapping_of(const void* address) {
  std::ifstream maps("/proc/self/maps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    std::size_t offset = 0;
    int path_at = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %zx %*s %*s %n", &begin, &end, &offset, &path_at) < 3) continue;
    if (wanted < begin || wanted >= end) continue;
    return {line.substr(static_cast<std::size_t>(path_at)), offset + (wanted - begin)};
  }
  return {};
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  if (!clocks.is_simulated) return static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  const std::int64_t ns = clock == CLOCK_REALTIME ? clocks.wall_ns : clocks.steady_ns;
  now->tv_sec = ns / 1'000'000'000;
  now->tv_nsec = ns % 1'000'000'000;
  return 0;
}

int fsync(int fd) {
  const std::string path = fs::read_symlink("/proc/self/fd/" + std::to_string(fd)).string();
  if (fs::is_regular_file(path)) disk[path] = content_of(path);
  return 0;
}

int fdatasync(int fd) { return fsync(fd); }

int msync(void* address, std::size_t length, int) {
  const Mapping mapping = mapping_of(address);
  std::vector<char>& image = disk[mapping.path];
  if (image.size() < mapping.offset + length) image.resize(mapping.offset + length);
  std::memcpy(image.data() + mapping.offset, address, length);
  return 0;
}

int rename(const char* from, const char* to) noexcept {
  if (const auto synced = disk.find(from); synced != disk.end()) {
    disk[to] = std::move(synced->second);
    disk.erase(synced);
  }
  return static_cast<int>(syscall(SYS_rename, from, to));
}

}  // extern "C"

namespace tapeline::simulation {

Host::Host() {
  std::string pattern = "/dev/shm/tapeline-simulation-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder in /dev/shm");
  folder_ = pattern;
  disk.clear();
  // A whole second, so that bars begin with the tape's own.
  clocks = {true, 1'000'000'000'000, 1'800'000'000'000'000'000};
}

Host::~Host() {
  clocks.is_simulated = false;
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void Host::pass(Nanos duration_ns) noexcept {
  clocks.steady_ns += duration_ns;
  clocks.wall_ns += duration_ns;
}

void Host::step_wall_clock(Nanos by_ns) noexcept { clocks.wall_ns += by_ns; }

void Host::cut_power(const std::string& folder, Random& random) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& path : files) {
    if (path.filename() == "lock") continue;
    const auto synced = disk.find(path.string());
    // What is behind it was closed, and synced by the journal's keeper, of whom there is none here.
    const bool is_newest = std::none_of(files.begin(), files.end(), [&](const fs::path& other) {
      return other.extension() == path.extension() && other > path;
    });
    if (!is_newest) continue;
    if (synced == disk.end()) {
      fs::remove(path);
      continue;
    }
    std::vector<char> now = content_of(path.string());
    std::vector<char> after = synced->second;
    after.resize(now.size());
    const unsigned percent_written = static_cast<unsigned>(below(random, 101));
    for (std::size_t at = 0; at < now.size(); at += sector_bytes) {
      const std::size_t bytes = std::min(sector_bytes, now.size() - at);
      if (std::memcmp(now.data() + at, after.data() + at, bytes) != 0 && chance(random, percent_written))
        std::memcpy(after.data() + at, now.data() + at, bytes);
    }
    std::ofstream(path, std::ios::binary).write(after.data(), static_cast<std::streamsize>(after.size()));
    synced->second = std::move(after);
  }
}

void Host::copy(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.path().filename() == "lock") continue;
    const std::string target = to + "/" + entry.path().filename().string();
    fs::copy_file(entry.path(), target);
    disk[target] = content_of(target);
  }
}

}  // namespace tapeline::simulation
