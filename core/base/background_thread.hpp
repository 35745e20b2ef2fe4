// A thread whose work can wait: it gets what others leave of a CPU.
#pragma once

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tapeline {

/// Names the calling thread (15 characters are kept) and lowers its priority. May be refused inside some sandboxes: then
/// it competes as any other thread does.
inline void become_background_thread(const char* name) noexcept {
  constexpr int niceness = 10;
  pthread_setname_np(pthread_self(), name);
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
}

}  // namespace tapeline
