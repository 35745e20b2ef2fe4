// Assertions that state what must hold; a broken one is a bug of ours, never bad input.
//
// Failure   Prints expression, file and line, then aborts: the supervisor restarts us and recovery is the
//           same path as any start. TL_DCHECK vanishes with NDEBUG and is the one for the hot path.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace tapeline {

[[noreturn]] inline void check_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "tapeline: bug: '%s' does not hold at %s:%d; please report this line\n", expression, file, line);
  std::abort();
}

}  // namespace tapeline

#define TL_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::tapeline::check_failed(#expression, __FILE__, __LINE__))

#ifdef NDEBUG
#define TL_DCHECK(expression) static_cast<void>(0)
#else
#define TL_DCHECK(expression) TL_CHECK(expression)
#endif
