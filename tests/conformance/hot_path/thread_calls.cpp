#include "tests/conformance/hot_path/thread_calls.hpp"

#include <cerrno>
#include <cstddef>

#include <dlfcn.h>
#include <pthread.h>

namespace tapeline {
namespace {

// In an executable this is a place at a fixed distance: to reach it allocates nothing.
constinit thread_local ThreadCalls calls;

/// The function that ours stands in front of.
template <class Function>
Function next(const char* name) noexcept {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

ThreadCalls calls_of_this_thread() noexcept { return calls; }

}  // namespace tapeline

using tapeline::calls;

// The names are the C and C++ libraries' and the sanitizer's: a function that is to stand before theirs, or to call them,
// must bear exactly those. So the two checks of names are off from here, and on again behind the last of them.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): names that others have given
extern "C" {

#ifdef TAPELINE_SANITIZED
// The address sanitizer keeps the memory itself, and would not know what came from the C library past it: it tells us of each
// allocation instead.
void __sanitizer_malloc_hook(const volatile void*, std::size_t) { ++calls.allocations; }
#else
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* place, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  ++calls.allocations;
  return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) {
  ++calls.allocations;
  return __libc_calloc(count, bytes);
}

void* realloc(void* place, std::size_t bytes) {
  ++calls.allocations;
  return __libc_realloc(place, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) {
  ++calls.allocations;
  return __libc_memalign(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void** place, std::size_t alignment, std::size_t bytes) {
  *place = memalign(alignment, bytes);
  return *place == nullptr ? ENOMEM : 0;
}
#endif

void* __cxa_allocate_exception(std::size_t bytes) noexcept {
  static const auto allocate = tapeline::next<void* (*)(std::size_t)>("__cxa_allocate_exception");
  ++calls.exceptions;
  return allocate(bytes);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  static const auto lock = tapeline::next<int (*)(pthread_mutex_t*)>("pthread_mutex_lock");
  ++calls.locks;
  return lock(mutex);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming): our own names again
