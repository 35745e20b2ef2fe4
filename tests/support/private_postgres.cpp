#include "tests/support/private_postgres.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/time.hpp"
#include "core/runtime/idle.hpp"

namespace tapeline::test {
namespace {

namespace fs = std::filesystem;

/// Debian keeps the programs of each major version in a folder of its own; the newest one that can make a cluster.
std::string programs_folder() {
  std::string newest;
  int newest_version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > newest_version && access((entry.path() / "bin/initdb").c_str(), X_OK) == 0) {
      newest = entry.path() / "bin/";
      newest_version = version;
    }
  }
  return newest;
}

/// PostgreSQL refuses to run as root: then its own user runs it.
const passwd* other_user() { return geteuid() == 0 ? getpwnam("postgres") : nullptr; }

}  // namespace

bool PrivatePostgres::is_installed() {
  return !programs_folder().empty() && (geteuid() != 0 || other_user() != nullptr);
}

PrivatePostgres::PrivatePostgres(const std::vector<std::string>& settings) {
  std::string pattern = "/tmp/tapeline-postgres-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp: " + std::string(std::strerror(errno)));
  folder_ = pattern;
  if (const passwd* user = other_user(); user != nullptr && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("chown: " + std::string(std::strerror(errno)));
  }
  run({programs_folder() + "initdb", "-D", folder_ + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
       "--locale=C.UTF-8", "--no-sync", "--no-instructions"});
  std::ofstream configuration(folder_ + "/data/postgresql.conf", std::ios::app);
  // fsync guards against the machine's end, not the server's: its crashes are as real without.
  configuration << "listen_addresses = ''\nunix_socket_directories = '" << folder_
                << "'\nfsync = off\nfull_page_writes = off\nshared_buffers = 32MB\nmax_connections = 40\n";
  for (const std::string& setting : settings) configuration << setting << '\n';
  configuration.close();
  start();
}

PrivatePostgres::~PrivatePostgres() {
  stop_immediately();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

pid_t PrivatePostgres::spawn(std::vector<std::string> words) const {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string log = folder_ + "/log";
  const passwd* user = other_user();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork: " + std::string(std::strerror(errno)));
  if (child > 0) return child;
  if (user != nullptr && (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
    _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);  // whatever becomes of the test, no server stays behind
  if (getppid() != parent) _exit(1);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (chdir("/") != 0) _exit(126);
  setenv("LC_ALL", "C.UTF-8", 1);
  execv(arguments[0], arguments.data());
  _exit(127);
}

void PrivatePostgres::run(const std::vector<std::string>& words) const {
  int status = 0;
  waitpid(spawn(words), &status, 0);
  if (status == 0) return;
  std::ifstream log(folder_ + "/log");
  throw std::runtime_error(words[0] + " failed: " + std::string(std::istreambuf_iterator<char>(log), {}));
}

void PrivatePostgres::start() {
  process_ = spawn({programs_folder() + "postgres", "-D", folder_ + "/data"});
  const Nanos deadline_ns = steady_now_ns() + 30 * nanos_per_second;
  while (!accepts_connections()) {
    if (steady_now_ns() > deadline_ns || waitpid(process_, nullptr, WNOHANG) != 0) {
      std::ifstream log(folder_ + "/log");
      throw std::runtime_error("postgres does not start: " + std::string(std::istreambuf_iterator<char>(log), {}));
    }
    sleep_for(5 * nanos_per_millisecond);
  }
}

bool PrivatePostgres::accepts_connections() const {
  std::ifstream file(folder_ + "/data/postmaster.pid");
  std::string line;
  // The first line is the process, the eighth its state; an older process may have left its file.
  for (int number = 1; number <= 8 && std::getline(file, line); ++number) {
    if (number == 1 && line != std::to_string(process_)) return false;
    if (number == 8) return line.starts_with("ready");
  }
  return false;
}

void PrivatePostgres::end_with(int signal) {
  if (process_ < 0) return;
  kill(process_, signal);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

void PrivatePostgres::stop() { end_with(SIGINT); }
void PrivatePostgres::stop_immediately() { end_with(SIGQUIT); }

void PrivatePostgres::move_log(const std::string& folder) {
  const std::string log = folder_ + "/data/pg_wal";
  run({"/bin/cp", "--archive", log, folder + "/pg_wal"});
  fs::remove_all(log);
  fs::create_directory_symlink(folder + "/pg_wal", log);
}

std::string PrivatePostgres::create_database() {
  const std::string name = "test_" + std::to_string(++databases_);
  run({programs_folder() + "createdb", "-h", folder_, "-U", "postgres", name});
  return dsn(name);
}

}  // namespace tapeline::test
