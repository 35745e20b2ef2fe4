// HTTP/1.1 GET and POST to one host, one request at a time over a connection that is kept and reused.
//
// Threads   The io_context's. A callback comes on it, never from within the call.
// Input     a target (path and query); it may hold a key: it is sent and forgotten, and stands in no message.
// Output    status and body, decompressed; a body of any status is a response, not an error.
// Failure   HttpError: which phase failed and why. Redirects are responses: they are never followed.
// Ordering  Each new connection asks the resolver again and tries all addresses (connector.hpp); https goes through
//           transport.proxy where one is named.
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
  std::string text;       // "TLS handshake with api.x failed: certificate has expired"
  bool was_sent = false;  // the request, or a part of it: the server may have seen it
};

class HttpClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  using Callback = std::function<void(Result<HttpResponse, HttpError>)>;

  HttpClient(boost::asio::io_context& context, Url base, const TransportConfig& config);
  ~HttpClient();

  /// Precondition: no request is under way.
  void get(std::string target, Headers headers, Callback callback);
  /// As get(). A kept connection that the server has closed meanwhile is opened again and the request sent once more, so
  /// that it may arrive twice.
  void post(std::string target, Headers headers, std::string body, Callback callback);
  /// Abandons a request: its callback is not called.
  void cancel() noexcept;

 private:
  class Session;
  std::shared_ptr<Session> session_;
};

}  // namespace tapeline::feeds
