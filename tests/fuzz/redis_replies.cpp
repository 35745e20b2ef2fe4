// What a server on the other end of our Redis connection may say: replies, nonsense, half of it.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/time.hpp"
#include "sinks/redis/connection.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using tapeline::fuzz::require;

int listen_at(const std::string& path) {
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  require(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && listen(listener, 8) == 0,
          "a socket listens");
  return listener;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapeline;
  using namespace tapeline::sinks::redis;
  if (size > 100'000) return 0;  // what a socket takes at once
  static const std::string path = fuzz::folder() + "/redis.sock";
  static const int listener = listen_at(path);
  Connection connection;
  const Nanos deadline_ns = steady_now_ns() + 5 * nanos_per_second;
  Address address;
  address.path = path;
  require(connection.open(address, deadline_ns).empty(), "it connects");
  const int server = accept(listener, nullptr, nullptr);
  require(server >= 0, "it is accepted");
  require(send(server, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(size), "it is sent");
  shutdown(server, SHUT_WR);
  for (int i = 0; i < 1'000; ++i) {
    const auto reply = connection.receive(deadline_ns);
    if (reply) continue;
    require(!reply.error().empty(), "a failure says what it is");
    require(!connection.is_open(), "after a failure the connection is closed");
    break;
  }
  close(server);
  return 0;
}
