#include "core/runtime/cpu_quota.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string_view>

namespace tapeline {
namespace {

/// Paths of the groups that may hold a quota. In a container with a view of its own, and where nothing is said, the root.
struct Groups {
  std::string unified = "/";
  std::string cpu = "/";  // of version 1
};

bool names_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == "cpu") return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

/// Lines are "<hierarchy>:<controllers>:<path>"; hierarchy 0, without controllers, is version 2.
Groups groups_of_process(const std::string& file) {
  Groups groups;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    if (line.starts_with("0:") && controllers.empty()) groups.unified = line.substr(second + 1);
    if (names_cpu(controllers)) groups.cpu = line.substr(second + 1);
  }
  return groups;
}

std::optional<double> ratio(std::istream& quota_us, std::istream& period_us) {
  std::int64_t quota = 0;
  std::int64_t period = 0;
  // "max", and -1 in version 1, are no limit.
  if (quota_us >> quota && period_us >> period && quota > 0 && period > 0)
    return static_cast<double>(quota) / static_cast<double>(period);
  return std::nullopt;
}

std::optional<double> unified_quota(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  return ratio(file, file);
}

std::optional<double> version_1_quota(const std::string& folder) {
  std::ifstream quota(folder + "/cpu.cfs_quota_us");
  std::ifstream period(folder + "/cpu.cfs_period_us");
  return ratio(quota, period);
}

/// The smallest of `group` and all above it. A group that is not below the mount, as where a container sees only its own,
/// is passed over on the way to the root.
std::optional<double> smallest(const std::string& mount, std::string group,
                               std::optional<double> (*quota_of)(const std::string& folder)) {
  std::optional<double> least;
  for (;;) {
    while (group.ends_with('/')) group.pop_back();
    if (const auto quota = quota_of(mount + group); quota && (!least || *quota < *least)) least = quota;
    if (group.empty()) return least;
    group.resize(group.find_last_of('/') == std::string::npos ? 0 : group.find_last_of('/'));
  }
}

}  // namespace

std::optional<double> cpu_quota(const CgroupFiles& files) {
  const Groups groups = groups_of_process(files.of_process);
  const auto unified = smallest(files.mount, groups.unified, unified_quota);
  const auto version_1 = smallest(files.mount + "/cpu", groups.cpu, version_1_quota);
  if (unified && version_1) return std::min(*unified, *version_1);
  return unified ? unified : version_1;
}

}  // namespace tapeline
