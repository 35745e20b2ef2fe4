#include "tests/support/small_disk.hpp"

#include <cstdlib>
#include <fstream>

#include <pwd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tapeline::test {

SmallDisk::SmallDisk(const std::string& size) {
  std::string pattern = "/tmp/tapeline-disk-XXXXXX";
  folder_ = mkdtemp(pattern.data());
  const passwd* user = getpwnam("postgres");
  is_mounted_ = geteuid() == 0 && user != nullptr &&
                mount("tapeline", folder_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  if (!is_mounted_) return;
  place_ = folder_ + "/place";
  is_mounted_ = mkdir(place_.c_str(), 0700) == 0 && chown(place_.c_str(), user->pw_uid, user->pw_gid) == 0;
}

SmallDisk::~SmallDisk() {
  umount2(folder_.c_str(), MNT_DETACH);
  rmdir(folder_.c_str());
}

void SmallDisk::fill() {
  std::ofstream file(folder_ + "/ballast");
  const std::string block(65'536, 'x');
  while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) continue;
}

void SmallDisk::make_room() { unlink((folder_ + "/ballast").c_str()); }

}  // namespace tapeline::test
