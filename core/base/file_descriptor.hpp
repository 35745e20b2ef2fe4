// An open file, closed at the end of its life: which ends its locks, and what was asked of a device.
#pragma once

#include <unistd.h>

namespace tapeline {

class FileDescriptor {
 public:
  /// What open() returned: below 0 nothing is open.
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace tapeline
