#include "core/journal/spare_file.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file_descriptor.hpp"

namespace tapeline {
namespace {

/// A writer that starts deletes what has this extension.
std::string spare_path(const std::string& directory) { return directory + "/spare.new"; }

}  // namespace

bool hold_file(int fd, const std::string& path) noexcept {
  // A file system without locks has none to give to who would write it again either.
  if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  struct stat held {};
  struct stat named {};
  return fstat(fd, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

bool keep_spare_file(int fd, const std::string& directory, const std::string& path) noexcept {
  const std::string spare = spare_path(directory);
  if (has_spare_file(directory) || flock(fd, LOCK_EX | LOCK_NB) != 0) return false;
  // Nobody else's until it has its other name: who comes later sees that.
  const bool is_kept = rename(path.c_str(), spare.c_str()) == 0;
  flock(fd, LOCK_SH | LOCK_NB);
  return is_kept;
}

bool release_segment(const std::string& directory, const std::string& path) noexcept {
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return (fd.get() >= 0 && keep_spare_file(fd.get(), directory, path)) || unlink(path.c_str()) == 0;
}

bool has_spare_file(const std::string& directory) noexcept { return access(spare_path(directory).c_str(), F_OK) == 0; }

bool take_spare_file(const std::string& directory, const std::string& path) noexcept {
  return rename(spare_path(directory).c_str(), path.c_str()) == 0;
}

void delete_spare_file(const std::string& directory) noexcept { unlink(spare_path(directory).c_str()); }

}  // namespace tapeline
