#include "core/runtime/scheduling.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

namespace tapeline {
namespace {

using testing::HasSubstr;

TEST(AwakeCpus, AreGrantedOrRefusedWithTheDevice) {
  const int device = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
  const AwakeCpus cpus;
  if (device >= 0) {
    close(device);
    EXPECT_EQ(cpus.refusal(), "");
  } else {
    EXPECT_THAT(cpus.refusal(), HasSubstr("runtime.awake_cpus is refused (/dev/cpu_dma_latency: "));
  }
}

}  // namespace
}  // namespace tapeline
