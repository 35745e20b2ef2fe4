#include "core/runtime/cpu_quota.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

/// A folder that looks like /sys/fs/cgroup, and a file that looks like /proc/self/cgroup.
class CpuQuota : public testing::Test {
 protected:
  CpuQuota() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapeline-quota-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
    folder_ = pattern;
  }
  ~CpuQuota() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void in_group(const std::string& lines) const { write("process", lines); }
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << content;
  }
  void version_1(const std::string& group, const std::string& quota_us) const {
    write("mount/cpu" + group + "/cpu.cfs_quota_us", quota_us + "\n");
    write("mount/cpu" + group + "/cpu.cfs_period_us", "100000\n");
  }
  [[nodiscard]] std::optional<double> quota() const {
    return cpu_quota({.mount = folder_ / "mount", .of_process = folder_ / "process"});
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(CpuQuota, OfAUnitIsThatOfItsOwnGroup) {
  in_group("0::/system.slice/tapeline.service\n");
  write("mount/system.slice/cpu.max", "max 100000\n");
  write("mount/system.slice/tapeline.service/cpu.max", "150000 100000\n");
  write("mount/system.slice/other.service/cpu.max", "10000 100000\n");
  EXPECT_EQ(quota(), 1.5);
}

TEST_F(CpuQuota, IsTheSmallestOnTheWayToTheRoot) {
  in_group("0::/a.slice/b.slice/c.service\n");
  write("mount/a.slice/cpu.max", "400000 100000\n");
  write("mount/a.slice/b.slice/cpu.max", "100000 50000\n");
  write("mount/a.slice/b.slice/c.service/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota(), 2.0);
}

TEST_F(CpuQuota, OfAContainerStandsAtItsRoot) {
  in_group("0::/\n");
  write("mount/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2.0);
}

TEST_F(CpuQuota, OfVersion1IsThatOfTheCpuController) {
  in_group("5:cpuset:/wrong\n4:cpu,cpuacct:/system.slice/tapeline.service\n1:name=systemd:/wrong\n0::/wrong\n");
  version_1("", "-1");
  version_1("/system.slice", "-1");
  version_1("/system.slice/tapeline.service", "250000");
  version_1("/wrong", "10000");
  EXPECT_EQ(quota(), 2.5);
}

TEST_F(CpuQuota, OfVersion1IsTheSmallestToo) {
  in_group("7:cpuacct,cpu:/slice/service\n");
  version_1("/slice", "100000");
  version_1("/slice/service", "300000");
  EXPECT_EQ(quota(), 1.0);
}

TEST_F(CpuQuota, OfAContainerOfVersion1StandsAtItsRootWhateverTheHostCallsIt) {
  in_group("3:cpu:/docker/0123456789abcdef\n");
  version_1("", "200000");
  EXPECT_EQ(quota(), 2.0);
}

TEST_F(CpuQuota, IsNoneWhereNothingLimits) {
  EXPECT_EQ(quota(), std::nullopt);  // not even a cgroup
  in_group("0::/system.slice/tapeline.service\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("mount/system.slice/tapeline.service/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  in_group("3:cpu:/\n");
  version_1("", "-1");
  EXPECT_EQ(quota(), std::nullopt);
}

TEST_F(CpuQuota, PassesOverWhatItCannotRead) {
  write("mount/a/cpu.max", "200000 100000\n");
  for (const char* malformed : {"", "\n", "many 100000\n", "100000\n", "100000 0\n", "-1 100000\n", "0 100000\n",
                                "100000 often\n", "99999999999999999999 100000\n"}) {
    write("mount/a/b/cpu.max", malformed);
    in_group("0::/a/b\n");
    EXPECT_EQ(quota(), 2.0) << malformed;
  }
}

TEST_F(CpuQuota, ReadsTheRootWhereItCannotTellTheGroup) {
  write("mount/cpu.max", "300000 100000\n");
  for (const char* malformed : {"", "\n", "0\n", "0:\n", ":::\n", "0::\n", "0::gone\n", "0::/../elsewhere\n"}) {
    in_group(malformed);
    EXPECT_EQ(quota(), 3.0) << malformed;
  }
}

}  // namespace
}  // namespace tapeline
