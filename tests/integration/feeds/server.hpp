// A server for tests that says exactly what a test tells it to: HTTP answers byte by byte, WebSocket sessions as a
// script.
//
// Threads   Its own: one that accepts, one for each connection. The script and the answer run on the connection's.
// Failure   The constructor throws. A client that leaves ends its connection, nothing else.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "certificates.hpp"

namespace tapeline::feeds::testing {

struct SeenRequest {
  int connection = 0;  // counted from 0
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
};

enum class After { keep, close, hold };  // hold: says nothing more, and waits until the client leaves

struct Answer {
  std::string bytes;  // the whole response, status line first
  After after = After::keep;
};

/// "HTTP/1.1 <status> …" with Content-Length; `headers` are whole lines, each ended by CRLF.
[[nodiscard]] Answer answer(int status, const std::string& body, const std::string& headers = {});
[[nodiscard]] std::string gzipped(const std::string& body);

/// The server's end of a WebSocket, for a script. Every call ends the script (by a private exception) once the client
/// left.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual void send(const std::string& message) = 0;
  virtual void send_fragments(const std::vector<std::string>& parts) = 0;
  virtual void ping(const std::string& payload) = 0;
  /// Payloads of the pongs that receive() met on its way.
  [[nodiscard]] virtual const std::vector<std::string>& pongs() const = 0;
  [[nodiscard]] virtual std::string receive() = 0;
  virtual void close(const std::string& reason) = 0;
  /// Waits until the client leaves; returns whether it said so with a close frame.
  virtual bool wait_for_end() = 0;
};

class Server {
 public:
  using Respond = std::function<Answer(const SeenRequest&)>;
  using Script = std::function<void(Peer&, int connection)>;

  explicit Server(Respond respond, std::optional<Identity> identity = std::nullopt);
  explicit Server(Script script, std::optional<Identity> identity = std::nullopt);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url(const std::string& scheme, const std::string& host = "127.0.0.1") const;
  [[nodiscard]] std::vector<SeenRequest> requests() const;  // upgrade requests of WebSockets too
  [[nodiscard]] int connections() const noexcept { return connections_.load(); }

 private:
  class Listener;
  void accept_all();
  void serve(int descriptor, int connection);
  void note(SeenRequest request);

  Respond respond_;
  Script script_;
  std::optional<Identity> identity_;
  std::unique_ptr<Listener> listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> is_stopping_{false};
  mutable std::mutex mutex_;  // of all that follows
  std::vector<SeenRequest> requests_;
  std::set<int> open_;  // descriptors, so that the destructor can end what still waits
  std::vector<std::thread> connection_threads_;
  std::thread accept_thread_;
};

}  // namespace tapeline::feeds::testing
