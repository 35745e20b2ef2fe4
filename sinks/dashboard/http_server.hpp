// The service's HTTP and WebSocket door, on a TCP address and on a Unix socket of the same content.
//
// Threads   Two of its own: one for all sockets, one that computes responses, so that a slow one stalls no live feed.
//           The callbacks run there; construction and stop() belong to the owner.
// Failure   The constructor throws std::runtime_error with a cure when it cannot listen. After that nothing of a client
//           reaches further than its own connection: limits on size, time and number, and a plain refusal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sinks/dashboard/config.hpp"

namespace tapeline::sinks::dashboard {

/// POST is let in by the Unix socket alone: nothing can be changed over TCP.
enum class Method : std::uint8_t { get, post };

struct Request {
  std::string path;   // "/api/status", percent-decoded
  std::string query;  // what stands behind the "?", as it came
  Method method = Method::get;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// What one WebSocket client is told. Used by one thread.
class LiveFeed {
 public:
  virtual ~LiveFeed() = default;
  /// What is new since the last call, as one text message; empty: nothing. Asked only when the client has taken the
  /// message before: a slow client sees fewer, newer ones.
  [[nodiscard]] virtual std::string next() = 0;
  /// The client said something; at most 64 KiB.
  virtual void receive(std::string_view text) = 0;
};

/// Whether a path is open to who has no token: health, and the page that asks for the token.
enum class Visibility { open, guarded };

class HttpServer {
 public:
  struct Content {
    std::function<Response(const Request&)> respond;
    std::function<Visibility(std::string_view)> visibility;  // by path
    std::function<std::unique_ptr<LiveFeed>()> make_feed;    // for each WebSocket on /live; may be empty
  };

  /// `socket_path` empty: no Unix socket. Who can open that socket needs no token: the file system has let him in.
  HttpServer(const Config& config, const std::string& socket_path, Content content);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "http://127.0.0.1:8087".
  [[nodiscard]] std::string url() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

/// Whether "IP:PORT" is on loopback; an error says what is wrong with it.
[[nodiscard]] bool is_loopback(const std::string& listen);

/// "%2F" to "/"; what is no escape stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// Letters and digits as they are, all else escaped.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// One request over a Unix socket, waiting at most `timeout_ms`. Throws std::runtime_error with a cure.
[[nodiscard]] Response ask_over_socket(const std::string& socket_path, Method method, const std::string& target,
                                       int timeout_ms);

}  // namespace tapeline::sinks::dashboard
