#include "sinks/dashboard/http_session.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

namespace tapeline::sinks::dashboard {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
using Stream = beast::basic_stream<asio::generic::stream_protocol>;
using HttpRequest = http::request<http::string_body>;
using HttpResponse = http::response<http::string_body>;

constexpr auto request_timeout = std::chrono::seconds(15);  // also of one who sends a byte now and again
constexpr auto write_timeout = std::chrono::seconds(15);
constexpr auto live_interval = std::chrono::milliseconds(100);
constexpr std::size_t header_bytes_max = 8 * 1024;
constexpr std::size_t body_bytes_max = 4 * 1024;
constexpr std::size_t message_bytes_max = 64 * 1024;

std::string_view to_std(boost::core::string_view text) { return {text.data(), text.size()}; }

template <class Fields>
Credentials credentials_of(const Fields& fields) {
  return {.host = to_std(fields[http::field::host]),
          .origin = to_std(fields[http::field::origin]),
          .authorization = to_std(fields[http::field::authorization]),
          .cookie = to_std(fields[http::field::cookie])};
}

Request parse_target(std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  return {.path = percent_decoded(target.substr(0, mark)),
          .query = mark < target.size() ? std::string(target.substr(mark + 1)) : ""};
}

Response refusal(Access access) {
  if (access == Access::wrong_host) {
    return {.status = 421, .body = "this name is not served here; add it to dashboard.hosts\n"};
  }
  if (access == Access::wrong_origin) return {.status = 403, .body = "another site may not ask here\n"};
  return {.status = 401, .body = "a token is needed: Authorization: Bearer TOKEN, or /login in a browser\n"};
}

HttpResponse to_http(const Response& response, const HttpRequest& request) {
  HttpResponse answer{http::int_to_status(response.status), request.version()};
  answer.keep_alive(request.keep_alive());
  answer.set(http::field::content_type, response.content_type);
  answer.set(http::field::cache_control, "no-store");
  answer.set("X-Content-Type-Options", "nosniff");
  answer.set("Referrer-Policy", "same-origin");  // "no-referrer" would take the Origin from our own login form
  answer.set("Content-Security-Policy",
             "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
             "frame-ancestors 'none'");
  if (response.status == 401) answer.set(http::field::www_authenticate, "Bearer");
  if (response.status == 405) answer.set(http::field::allow, "GET, HEAD");
  if (request.method() == http::verb::head) {
    answer.content_length(response.body.size());
  } else {
    answer.body() = response.body;
    answer.prepare_payload();
  }
  return answer;
}

/// A WebSocket client: a timer asks its feed, one message is under way at most.
class LiveSession final : public std::enable_shared_from_this<LiveSession> {
 public:
  LiveSession(Stream stream, std::unique_ptr<LiveFeed> feed, std::atomic<std::size_t>& sessions)
      : socket_(std::move(stream)), timer_(socket_.get_executor()), feed_(std::move(feed)), sessions_(sessions) {
    ++sessions_;
  }
  ~LiveSession() { --sessions_; }
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  void start(HttpRequest request) {
    beast::get_lowest_layer(socket_).expires_never();
    socket_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    socket_.read_message_max(message_bytes_max);
    request_ = std::move(request);
    socket_.async_accept(request_, [self = shared_from_this()](error_code error) {
      if (error) return;
      self->read();
      self->tell();
    });
  }

 private:
  void read() {
    socket_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end();
      self->feed_->receive(beast::buffers_to_string(self->buffer_.data()));
      self->buffer_.consume(self->buffer_.size());
      self->read();
    });
  }

  void tell() {
    if (ended_) return;
    text_ = feed_->next();
    if (text_.empty()) return wait();
    socket_.text(true);
    socket_.async_write(asio::buffer(text_), [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end();
      self->wait();
    });
  }

  void wait() {
    if (ended_) return;
    timer_.expires_after(live_interval);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->tell();
    });
  }

  void end() {
    ended_ = true;
    timer_.cancel();
  }

  websocket::stream<Stream> socket_;
  asio::steady_timer timer_;
  std::unique_ptr<LiveFeed> feed_;
  std::atomic<std::size_t>& sessions_;
  HttpRequest request_;
  beast::flat_buffer buffer_;
  std::string text_;
  bool ended_ = false;
};

class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::generic::stream_protocol::socket socket, Door door, const Surroundings& surroundings)
      : stream_(std::move(socket)), door_(door), surroundings_(surroundings) {
    ++surroundings_.sessions;
  }
  ~Session() { --surroundings_.sessions; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(body_bytes_max);
    stream_.expires_after(request_timeout);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) return self->handle(self->parser_->release());
      const bool is_too_much = error == http::error::header_limit || error == http::error::body_limit;
      const bool is_nonsense = error.category() == http::make_error_code(http::error::bad_version).category() &&
                               error != http::error::end_of_stream && error != http::error::partial_message;
      if (is_too_much || is_nonsense) {
        HttpRequest none;
        none.keep_alive(false);
        self->send(none, is_too_much ? Response{.status = 413, .body = "too much\n"}
                                     : Response{.status = 400, .body = "this is no HTTP request\n"});
      }
    });
  }

 private:
  [[nodiscard]] Access access_of(const HttpRequest& request, const std::string& path) const {
    if (door_ == Door::unix_socket) return Access::granted;
    const Credentials credentials = credentials_of(request);
    const bool is_open = surroundings_.content.visibility && path != "/live" &&
                         surroundings_.content.visibility(path) == Visibility::open;
    return is_open ? surroundings_.access.check_place(credentials) : surroundings_.access.check(credentials);
  }

  void handle(HttpRequest request) {
    Request wanted = parse_target(to_std(request.target()));
    if (request.method() == http::verb::post && door_ == Door::unix_socket) {
      wanted.method = Method::post;
      return respond(std::move(request), wanted);
    }
    if (request.method() == http::verb::post && wanted.path == "/login") return log_in(request);
    if (const Access access = access_of(request, wanted.path); access != Access::granted) {
      return send(request, refusal(access));
    }
    if (websocket::is_upgrade(request)) return upgrade(std::move(request), wanted.path);
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return send(request, {.status = 405, .body = "only GET is served here\n"});
    }
    respond(std::move(request), wanted);
  }

  void upgrade(HttpRequest request, const std::string& path) {
    std::unique_ptr<LiveFeed> feed;
    if (path == "/live" && surroundings_.content.make_feed) feed = surroundings_.content.make_feed();
    if (!feed) return send(request, {.status = 404, .body = "the live feed is at /live\n"});
    std::make_shared<LiveSession>(std::move(stream_), std::move(feed), surroundings_.sessions)
        ->start(std::move(request));
  }

  /// A browser's way to the token: it is kept in a cookie that no script can read and no other site can send.
  void log_in(const HttpRequest& request) {
    if (surroundings_.access.check_place(credentials_of(request)) != Access::granted) {
      return send(request, refusal(Access::wrong_origin));
    }
    std::string token = request.body();
    constexpr std::string_view field = "token=";
    if (token.starts_with(field)) token.erase(0, field.size());
    std::replace(token.begin(), token.end(), '+', ' ');  // as forms write a space
    const std::string given = percent_decoded(token);
    if (!surroundings_.access.is_token(given)) return send(request, {.status = 401, .body = "this is not the token\n"});
    HttpResponse answer = to_http({.status = 303}, request);
    answer.set(http::field::location, "/");
    answer.set(http::field::set_cookie, std::string(token_cookie) + "=" + percent_encoded(given) +
                                            "; HttpOnly; SameSite=Strict; Path=/; Max-Age=86400");
    write(std::move(answer));
  }

  void respond(HttpRequest request, const Request& wanted) {
    stream_.expires_never();
    auto work = [self = shared_from_this(), request = std::move(request), wanted] {
      Response response;
      try {
        response = self->surroundings_.content.respond(wanted);
      } catch (const std::exception& error) {
        response = {.status = 500, .body = std::string("this could not be answered: ") + error.what() + "\n"};
      }
      asio::post(self->stream_.get_executor(),
                 [self, request, response = std::move(response)] { self->send(request, response); });
    };
    asio::post(surroundings_.responders, std::move(work));
  }

  void send(const HttpRequest& request, const Response& response) { write(to_http(response, request)); }

  void write(HttpResponse answer) {
    answer_ = std::move(answer);
    const bool keeps = answer_.keep_alive();
    stream_.expires_after(write_timeout);
    http::async_write(stream_, answer_, [self = shared_from_this(), keeps](error_code error, std::size_t) {
      if (!error && keeps) return self->read();
      error_code ignored;
      self->stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    });
  }

  Stream stream_;
  Door door_;
  Surroundings surroundings_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpResponse answer_;
};

}  // namespace

void serve_session(asio::generic::stream_protocol::socket socket, Door door, const Surroundings& surroundings) {
  std::make_shared<Session>(std::move(socket), door, surroundings)->read();
}

}  // namespace tapeline::sinks::dashboard
