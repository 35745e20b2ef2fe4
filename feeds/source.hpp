// The seam between the poller and a feed: I/O that turns a subscription into frames.
//
// Threads   Everything of a Source runs on the poller's thread, inside its io_context.
// Failure   Start-up throws on nonsense; afterwards trouble goes to SourceStatus and to the FrameSink, never up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/event.hpp"
#include "core/model/frame.hpp"

namespace tapeline::feeds {

/// Where frames go: the poller, which stamps them and appends them to the journal before anything else sees them.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// Copies. `receive_ns` 0: stamped now. A payload over the journal's limit is refused and counted, never cut.
  virtual void append(SourceCode source, Channel channel, std::uint16_t http_status, std::string_view context,
                      std::string_view payload, Nanos receive_ns) = 0;
};

/// One instrument of one source, by both of its names.
struct Subscription {
  std::string symbol;         // ours ("BTC-USD")
  std::string native_symbol;  // the source's ("BTCUSDT", "bitcoin/usd", "BTC-USD")
};

/// A trade that the journal has.
struct JournaledTrade {
  std::string_view symbol;  // native
  std::uint64_t id = 0;
  Nanos event_ns = 0;
};

/// One symbol that is not as it should be.
struct SymbolTrouble {
  std::string symbol;  // native
  std::string what;    // "refused: …", "silent; …", "3 trades are missing"

  friend bool operator==(const SymbolTrouble&, const SymbolTrouble&) = default;
};

/// What an operator wants to know of a source; copied out by the poller for status displays.
struct SourceStatus {
  std::string name;
  std::string state;  // "connecting", "streaming", "polling", "waiting: rate limit until …", "refused: …", "stopped"
  std::string last_error;  // redacted; empty: none
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t rounds = 0;                  // of a polled source: rounds ended, or cut short by trouble
  Nanos last_frame_ns = 0;                   // wall clock; 0: none yet
  bool is_polled = false;                    // asked in rounds, not listened to
  int quota_per_day = 0;                     // of a polled source; 0: none
  int quota_left = 0;                        // of it, in the present 24 hours
  Nanos next_poll_ns = 0;                    // wall clock; 0: not known
  std::vector<std::string> unknown_symbols;  // native names that the source does not know
  // Of a stream:
  std::uint64_t gaps = 0;               // in trade ids
  std::uint64_t backfilled = 0;         // trades that came by REST in their place
  std::uint64_t repeated = 0;           // messages that came over two connections, and are journaled once
  std::vector<SymbolTrouble> troubles;  // of symbols, the first few
};

class Source {
 public:
  virtual ~Source() = default;
  /// Begins its I/O on the io_context it was made with; returns at once.
  virtual void start(FrameSink& sink) = 0;
  /// Cancels its I/O; when the io_context runs dry, nothing is left.
  virtual void stop() noexcept = 0;
  /// A stream whose missed trades can be asked for: their number in the journal.
  [[nodiscard]] virtual std::optional<SourceCode> resumable() const { return std::nullopt; }
  /// A trade that was there before the process began; before start(). What has come since is missing.
  virtual void resume(const JournaledTrade& /*trade*/) {}
  /// Asks for everything now, where that is how the source works; the next round comes as usual after it.
  virtual void poll_now() {}
  [[nodiscard]] virtual const SourceStatus& status() const noexcept = 0;
  /// A recording that has been read to its end; live sources never are.
  [[nodiscard]] virtual bool exhausted() const noexcept { return false; }
};

/// One live price, asked for by `tapeline check`.
struct CheckResult {
  bool ok = false;
  std::string detail;  // "BTCUSDT 61837.63" or why not and the cure
  Nanos latency_ns = 0;
};

}  // namespace tapeline::feeds
