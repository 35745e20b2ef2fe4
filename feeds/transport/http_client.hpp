// HTTP/1.1 GET to one host, one request at a time over a connection that is kept and reused.
//
// Threads   The io_context's. The callback of get() comes on it, never from within get().
// Input     a target (path and query); it may hold a key: it is sent and forgotten, and stands in no message.
// Output    status and body, decompressed; a body of any status is a response, not an error.
// Failure   HttpError: which phase failed and why. Redirects are responses: they are never followed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "feeds/transport/config.hpp"
#include "feeds/transport/url.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds {

struct HttpResponse {
  std::uint16_t status = 0;
  std::string body;
  int retry_after_s = 0;  // 0: the server says nothing
};

struct HttpError {
  std::string text;  // "TLS handshake with api.x failed: certificate has expired"
};

class HttpClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  using Callback = std::function<void(Result<HttpResponse, HttpError>)>;

  HttpClient(boost::asio::io_context& context, Url base, const TransportConfig& config);
  ~HttpClient();

  /// Precondition: no request is under way.
  void get(std::string target, Headers headers, Callback callback);
  /// Abandons a request: its callback is not called.
  void cancel() noexcept;

 private:
  class Session;
  std::shared_ptr<Session> session_;
};

}  // namespace tapeline::feeds
