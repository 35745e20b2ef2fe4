#include "core/runtime/scheduling.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

namespace tapeline {

std::string take_realtime_priority(int priority) {
  sched_param parameter{};
  parameter.sched_priority = priority;
  // Reset on fork: Asio's resolver thread is a child of the poller's, and must not compete with it.
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter) == 0) return {};
  return std::string("runtime.realtime_priority is refused (") + std::strerror(errno) +
         "): give the service LimitRTPRIO=" + std::to_string(priority) +
         " and RestrictRealtime=no, or the process CAP_SYS_NICE; it goes on with the usual scheduling";
}

std::string lock_memory() {
  // On fault: a history that is mapped and hardly read costs no memory.
  if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) return {};
  return std::string("runtime.lock_memory is refused (") + std::strerror(errno) +
         "): give the service LimitMEMLOCK=infinity, or the process CAP_IPC_LOCK; it goes on unlocked";
}

AwakeCpus::AwakeCpus() : request_(open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC)) {
  constexpr std::int32_t wake_up_us_max = 0;
  if (request_.get() >= 0 && ::write(request_.get(), &wake_up_us_max, sizeof wake_up_us_max) == sizeof wake_up_us_max)
    return;
  refusal_ = std::string("runtime.awake_cpus is refused (/dev/cpu_dma_latency: ") + std::strerror(errno) +
             "): let the process write to that device, and the service with DeviceAllow=; idle CPUs go on to sleep";
}

}  // namespace tapeline
