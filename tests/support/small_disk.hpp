// A tmpfs of a few MiB for PostgreSQL's user, to be filled up and emptied; gone at the end.
#pragma once

#include <string>

namespace tapeline::test {

class SmallDisk {
 public:
  explicit SmallDisk(const std::string& size);  // "4m"
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// False where this process may not mount, or there is no such user: the test skips.
  [[nodiscard]] bool is_mounted() const noexcept { return is_mounted_; }
  [[nodiscard]] const std::string& place() const noexcept { return place_; }
  void fill();
  void make_room();

 private:
  std::string folder_;
  std::string place_;
  bool is_mounted_ = false;
};

}  // namespace tapeline::test
