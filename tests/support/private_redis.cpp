#include "tests/support/private_redis.hpp"

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/time.hpp"
#include "core/runtime/idle.hpp"

namespace tapeline::test {
namespace {

constexpr const char* program = "/usr/bin/redis-server";

/// Whether a server at `path` answers PING; any answer will do, a request for a password is one.
bool answers(const std::string& path) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  bool has_answer = false;
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    char answer = 0;
    has_answer = send(descriptor, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && recv(descriptor, &answer, 1, 0) == 1;
  }
  close(descriptor);
  return has_answer;
}

}  // namespace

bool PrivateRedis::is_installed() { return access(program, X_OK) == 0; }

PrivateRedis::PrivateRedis(std::vector<std::string> settings) : settings_(std::move(settings)) {
  std::string pattern = "/tmp/tapeline-redis-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp: " + std::string(std::strerror(errno)));
  folder_ = pattern;
  start();
}

PrivateRedis::~PrivateRedis() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void PrivateRedis::start() {
  std::vector<std::string> words{
      program, "--port", "0",     "--unixsocket", socket_path(),          "--save",      "",  "--appendonly",
      "no",    "--dir",  folder_, "--logfile",    folder_ + "/redis.log", "--daemonize", "no"};
  words.insert(words.end(), settings_.begin(), settings_.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ < 0) throw std::runtime_error("fork: " + std::string(std::strerror(errno)));
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // whatever becomes of the test, no server stays behind
    if (getppid() != parent) _exit(1);
    execv(program, arguments.data());
    _exit(127);
  }
  wait_until_it_answers();
}

void PrivateRedis::wait_until_it_answers() const {
  const Nanos deadline_ns = steady_now_ns() + 10 * nanos_per_second;
  while (!answers(socket_path())) {
    if (steady_now_ns() > deadline_ns) throw std::runtime_error("redis-server does not answer at " + socket_path());
    sleep_for(2 * nanos_per_millisecond);
  }
}

void PrivateRedis::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

void PrivateRedis::pause() { ::kill(process_, SIGSTOP); }
void PrivateRedis::resume() { ::kill(process_, SIGCONT); }

}  // namespace tapeline::test
