// A source that is asked over HTTP: rounds over a list of requests, spaced, with back-off by what the answers say.
//
// Threads   The io_context's.
// Output    every answer becomes a frame, refusals included: the journal keeps every byte but keys.
// Failure   A rate limit and trouble on the way to the server pause the round. A request whose answers are in trouble
// is
//           asked for again a few times, then the others get their turn until the next round. A permanent refusal ends
//           its request for good. All of it stands in status().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "feeds/source.hpp"
#include "feeds/transport/config.hpp"
#include "feeds/transport/http_client.hpp"

namespace tapeline::feeds {

struct PolledRequest {
  Channel channel = 0;
  std::string context;  // journaled with the answer
  std::string target;   // without key
  std::string name;     // for status: what is asked for
};

struct PolledOptions {
  std::string name;
  SourceCode code{};
  std::string base_url;
  std::vector<PolledRequest> requests;
  HttpClient::Headers headers;  // may hold a key
  std::string key_parameter;    // "apikey": the key travels in the URL; empty: it does not
  Secret key;
  int poll_seconds = 60;
  int request_spacing_ms = 0;
  /// What an answer says, by the feed's wire: Reason::none for data.
  std::function<Reason(const Frame&)> refusal_of;
};

/// Throws std::invalid_argument for an impossible base_url.
[[nodiscard]] std::unique_ptr<Source> make_polled_source(boost::asio::io_context& context, PolledOptions options,
                                                         const TransportConfig& transport);

}  // namespace tapeline::feeds
