#include "core/snapshot/snapshot_store.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "core/snapshot/snapshot_file.hpp"

namespace tapeline {
namespace {

constexpr std::string_view extension = ".snapshot";
constexpr std::size_t position_digits = 16;

}  // namespace

std::string snapshot_directory(const std::string& journal_directory) { return journal_directory + "/snapshots"; }

std::string snapshot_path(const std::string& directory, JournalPosition position) {
  std::array<char, position_digits + 1> name{};
  std::snprintf(name.data(), name.size(), "%016llx", static_cast<unsigned long long>(position));
  return directory + '/' + name.data() + std::string(extension);
}

std::vector<JournalPosition> list_snapshots(const std::string& directory) {
  std::vector<JournalPosition> positions;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() != position_digits + extension.size() || !name.ends_with(extension)) continue;
    JournalPosition position = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + position_digits, position, 16);
    if (problem == std::errc{} && end == name.data() + position_digits) positions.push_back(position);
  }
  std::sort(positions.begin(), positions.end());
  return positions;
}

std::vector<JournalPosition> superfluous_snapshots(const std::vector<SnapshotAge>& ages, const SnapshotConfig& config) {
  const std::size_t newest = ages.size() - std::min<std::size_t>(ages.size(), config.keep);
  std::vector<JournalPosition> superfluous;
  std::vector<SnapshotAge> apart;
  // From the oldest on: one that is kept today is kept until it is the oldest of too many.
  for (const SnapshotAge& age : std::span(ages).first(newest)) {
    const Nanos apart_ns = Nanos{config.interval_s} * nanos_per_second;
    if (apart.empty() || age.taken_ns - apart.back().taken_ns >= apart_ns) {
      apart.push_back(age);
    } else {
      superfluous.push_back(age.position);
    }
  }
  const std::size_t too_many = apart.size() - std::min<std::size_t>(apart.size(), config.keep);
  for (const SnapshotAge& age : std::span(apart).first(too_many)) superfluous.push_back(age.position);
  return superfluous;
}

void prune_snapshots(const std::string& directory, const SnapshotConfig& config) {
  std::vector<SnapshotAge> ages;
  for (const JournalPosition position : list_snapshots(directory)) {
    // One that cannot be read has no age: the first to go once it is not among the newest.
    const auto summary = read_snapshot_summary(snapshot_path(directory, position));
    ages.push_back({position, summary ? summary->taken_ns : 0});
  }
  std::error_code error;
  for (const JournalPosition position : superfluous_snapshots(ages, config))
    std::filesystem::remove(snapshot_path(directory, position), error);
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".new") std::filesystem::remove(entry.path(), error);
  }
}

std::optional<JournalPosition> oldest_needed_position(const std::string& journal_directory) {
  const std::string directory = snapshot_directory(journal_directory);
  const std::vector<JournalPosition> positions = list_snapshots(directory);
  if (positions.empty()) return std::nullopt;
  const auto oldest = read_snapshot_summary(snapshot_path(directory, positions.front()));
  return oldest ? oldest->witness.position : positions.front();
}

}  // namespace tapeline
