// What one exchange wants to hear, and how it is asked: all that its stream differs by from the others'.
//
// Everything here is pure: texts and numbers in, texts out. The session (stream_session.hpp) decides when.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/stages/wire_parser.hpp"
#include "feeds/wire_backfill.hpp"

namespace tapeline::feeds {

/// Trades that did not come by the stream.
struct MissedTrades {
  BackfillRange range;       // first 0: the newest one alone
  Nanos since_ns = 0;        // event time of the last trade before them; 0: unknown
  std::size_t page_max = 0;  // trades that one answer may hold at most
};

enum class AnswerOrder { oldest_first, newest_first };

struct BackfillPlan {
  Channel channel = 0;
  AnswerOrder order = AnswerOrder::oldest_first;
  std::size_t page_max = 1'000;
  std::uint64_t trades_max = 0;  // a longer gap is not filled; 0: none is
  Nanos spacing_ns = 250 * nanos_per_millisecond;
  std::function<std::string(const MissedTrades&)> target;
};

struct StreamPlan {
  std::string name;
  SourceCode code{};
  Channel channel = 0;
  std::unique_ptr<WireParser> parser;
  std::vector<std::string> symbols;  // native names

  /// The first so many are subscribed to by the address, without a message.
  std::size_t subscribed_by_address = 0;
  std::size_t symbols_per_request = 100;
  Nanos request_spacing_ns = 250 * nanos_per_millisecond;
  /// Messages that subscribe to the symbols. `id` is to come back with the acknowledgement.
  std::function<std::vector<std::string>(std::span<const std::string> symbols, std::uint64_t id)> subscribe;

  std::string keep_alive;  // sent now and then; empty: nothing is
  Nanos keep_alive_ns = 30 * nanos_per_second;
  Nanos heartbeat_ns = 0;  // the source says something at least so often, pings included
  Nanos silence_ns_max = 60 * nanos_per_second;
  Nanos lifetime_ns = 0;  // of a connection, then over to another; 0: as long as it lasts
  Nanos reconnect_ns_max = 30 * nanos_per_second;

  /// Symbols that the source does not know stay silent: they are asked for by REST when they are.
  bool asks_for_new_symbols = false;
  BackfillPlan backfill;
};

}  // namespace tapeline::feeds
