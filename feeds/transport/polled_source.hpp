// A source that is asked over HTTP: the planner says what and when, this asks and hands on what comes.
//
// Threads   The io_context's.
// Output    every answer becomes a frame, refusals included: the journal keeps every byte but keys.
// Failure   A rate limit and trouble on the way to the server pause everything; after several failures in a row the source is
//           left in peace for a while (circuit_breaker.hpp). A request whose answers are in trouble is asked for again a few
//           times, then the others get their turn. A permanent refusal ends its request for good, a symbol that the source
//           does not know is told, and asked for again with its round. All of it stands in status().
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/bars/trading_calendar.hpp"
#include "core/base/secret.hpp"
#include "core/stages/wire_parser.hpp"
#include "feeds/source.hpp"
#include "feeds/transport/config.hpp"
#include "feeds/transport/http_client.hpp"

namespace tapeline::feeds {

struct PolledRequest {
  Channel channel = 0;
  std::string context;                              // journaled with the answer
  std::string target;                               // without key
  std::string name;                                 // for status and for the quota: what is asked for
  std::vector<std::string> symbols;                 // native names that a good answer holds
  std::shared_ptr<const TradingCalendar> market{};  // null: round the clock
  /// Asked for in the place of `target` at first, and after `catch_up_ns` without an answer: it reaches further back, to
  /// what was missed. Empty: there is no such thing.
  std::string catch_up_target{};
  Nanos catch_up_ns = 0;
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
  int requests_per_minute = 0;         // 0: as many as the spacing allows
  int requests_per_day = 0;            // 0: as many as there are rounds
  std::unique_ptr<WireParser> parser;  // of the feed: what an answer says decides what follows
};

/// Throws std::invalid_argument for an impossible base_url.
[[nodiscard]] std::unique_ptr<Source> make_polled_source(boost::asio::io_context& context, PolledOptions options,
                                                         const TransportConfig& transport);

}  // namespace tapeline::feeds
