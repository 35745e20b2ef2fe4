// A real PostgreSQL server for one test program: a child process on a unix socket in a folder of its own, both gone at
// the end.
//
// Threads   The test's own; the server ends with the thread that started it.
// Failure   The constructor and start() throw when the server does not accept connections within 30 s; the stops return
//           when it is reaped.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace tapeline::test {

class PrivatePostgres {
 public:
  /// Whether there is a server to run, and a user to run it as: tests skip where there is none.
  [[nodiscard]] static bool is_installed();

  /// `settings` go to the server as further lines of its configuration: {"max_connections = 5"}.
  explicit PrivatePostgres(const std::vector<std::string>& settings = {});
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  void start();
  void stop();              // fast: sessions are ended, everything is written
  void stop_immediately();  // as a crash: the next start recovers from the log
  void restart() {
    stop();
    start();
  }

  /// Reaps a server that has ended by itself.
  void wait_for_end() { end_with(0); }
  /// Puts the write-ahead log into a folder elsewhere. Precondition: stopped.
  void move_log(const std::string& folder);

  /// Makes a fresh, empty database and returns how to reach it: tests share a server, not their tables.
  [[nodiscard]] std::string create_database();
  /// libpq connection string of a database.
  [[nodiscard]] std::string dsn(const std::string& database = "postgres") const {
    return "host=" + folder_ + " user=postgres dbname=" + database;
  }
  /// Where its socket is: PGHOST.
  [[nodiscard]] const std::string& socket_directory() const { return folder_; }

 private:
  [[nodiscard]] pid_t spawn(std::vector<std::string> words) const;
  void run(const std::vector<std::string>& words) const;
  [[nodiscard]] bool accepts_connections() const;
  void end_with(int signal);

  std::string folder_;
  pid_t process_ = -1;
  int databases_ = 0;
};

}  // namespace tapeline::test
