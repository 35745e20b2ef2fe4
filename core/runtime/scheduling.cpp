#include "core/runtime/scheduling.hpp"

#include <cerrno>
#include <cstring>

#include <sched.h>
#include <sys/mman.h>

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

}  // namespace tapeline
