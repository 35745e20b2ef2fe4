// A real Redis server for one test: a child process on a unix socket in a folder of its own, both gone at the end.
//
// Threads   The test's own.
// Failure   start() throws when the server does not answer within 10 s; kill() and stop() return when it is reaped.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace tapeline::test {

class PrivateRedis {
 public:
  /// Whether there is a redis-server to run: tests skip where there is none.
  [[nodiscard]] static bool is_installed();

  /// `settings` go to the server as further arguments: {"--requirepass", "..."}.
  explicit PrivateRedis(std::vector<std::string> settings = {});
  ~PrivateRedis();
  PrivateRedis(const PrivateRedis&) = delete;
  PrivateRedis& operator=(const PrivateRedis&) = delete;

  void start();
  void kill();   // SIGKILL: everything in memory is lost
  void pause();  // SIGSTOP: connections stay, nothing answers
  void resume();

  /// As redis.address takes it: "unix:/tmp/.../redis.sock".
  [[nodiscard]] std::string address() const { return "unix:" + socket_path(); }
  [[nodiscard]] std::string socket_path() const { return folder_ + "/redis.sock"; }

 private:
  void wait_until_it_answers() const;

  std::string folder_;
  std::vector<std::string> settings_;
  pid_t process_ = -1;
};

}  // namespace tapeline::test
