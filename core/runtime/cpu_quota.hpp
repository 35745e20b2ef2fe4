// How much CPU time the cgroup of this process pays for: what CPUQuota= of a systemd unit, or `cpus` of a container, says.
//
// Units     CPUs: 1.5 is a CPU and a half.
// Failure   What is not there, says "max" or cannot be read limits nothing.
#pragma once

#include <optional>
#include <string>

namespace tapeline {

struct CgroupFiles {
  std::string mount = "/sys/fs/cgroup";          // of version 2, and with cpu/ in it of version 1
  std::string of_process = "/proc/self/cgroup";  // which groups this process is in
};

/// The smallest quota from the process's group up to the root; nullopt: no limit.
[[nodiscard]] std::optional<double> cpu_quota(const CgroupFiles& files = {});

}  // namespace tapeline
