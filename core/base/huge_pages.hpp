// Long arrays on huge pages: a history of a million bars is touched with some fifty page faults, not thirty thousand, and a
// ring of thousands of rows needs two entries of the TLB, not a thousand.
//
// Failure   std::bad_alloc. Where the kernel has no huge pages, or keeps them from those who ask, the usual ones serve.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace tapeline {

/// Of x86-64.
inline constexpr std::size_t huge_page_bytes = std::size_t{1} << 21;

template <class T>
class HugePageAllocator {
 public:
  using value_type = T;

  HugePageAllocator() noexcept = default;
  template <class Other>
  HugePageAllocator(const HugePageAllocator<Other>&) noexcept {
  }  // NOLINT(google-explicit-constructor): containers rebind

  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < worth_it_bytes) return static_cast<T*>(::operator new(bytes, alignment));
    const std::size_t whole_pages = (bytes + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
    void* const memory = std::aligned_alloc(huge_page_bytes, whole_pages);
    if (memory == nullptr) throw std::bad_alloc();
    // Advice: refusing it changes nothing but the speed.
    static_cast<void>(::madvise(memory, whole_pages, MADV_HUGEPAGE));
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    if (count * sizeof(T) < worth_it_bytes) {
      ::operator delete(memory, alignment);
    } else {
      std::free(memory);
    }
  }

  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) noexcept { return true; }

 private:
  static constexpr std::size_t worth_it_bytes = huge_page_bytes / 2;
  static constexpr std::align_val_t alignment{alignof(T)};
};

/// For what may grow to millions of elements.
template <class T>
using LongVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace tapeline
