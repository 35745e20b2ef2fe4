// An open file, closed at the end of its life: which ends its locks, and what was asked of a device.
#pragma once

#include <utility>

#include <unistd.h>

namespace tapeline {

class FileDescriptor {
 public:
  /// What open() returned: below 0 nothing is open.
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace tapeline
