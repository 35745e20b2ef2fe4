// What a server that is not Redis may do to a connection.
#include "sinks/redis/connection.hpp"

#include <string>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "core/base/file_descriptor.hpp"

namespace tapeline::sinks::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RedisConnection, TakesNoRoomForAReplyThatIsOnlyAnnounced) {
  const FileDescriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t length = sizeof name;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), length), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  Connection connection;
  const Nanos deadline_ns = steady_now_ns() + 20 * nanos_per_second;
  Address address;
  address.host = "127.0.0.1";
  address.port = ntohs(name.sin_port);
  ASSERT_EQ(connection.open(address, deadline_ns), "");
  const FileDescriptor server(accept(listener.get(), nullptr, nullptr));
  const std::string announced = "*1\r\n*555555550\r\n";
  ASSERT_EQ(send(server.get(), announced.data(), announced.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(announced.size()));
  const auto reply = connection.receive(deadline_ns);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error(), Not(HasSubstr("no answer in time"))) << "it waits for 555,555,550 elements";
  EXPECT_FALSE(connection.is_open());
}

}  // namespace
}  // namespace tapeline::sinks::redis
