// The seam between the parser stage and a feed: bytes of one frame in, events by native symbol out.
//
// Threads   One object per lane, used by the parser stage alone (a simdjson parser keeps its buffers inside).
// Output    Appended to a WireOutput that the stage reuses: nothing is allocated once it has grown.
// Failure   Never throws. What cannot be used is appended as a reject or refusal: nothing is swallowed.
// Checked   tests/conformance/wire_test: unknown fields are ignored, any truncation is a reject, no crash.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/model/event.hpp"
#include "core/model/frame.hpp"

namespace tapeline {

/// One parsed thing. `symbol` and `text` point into the frame or into static storage: valid until the next parse.
struct WireEvent {
  EventKind kind = EventKind::tick;  // tick, source_bar, quote, reject or refusal
  Side side = Side::unknown;
  Reason reason = Reason::none;
  std::uint8_t flags = 0;
  std::string_view symbol;  // the source's native name ("BTCUSDT", "bitcoin/usd", "IBM"); empty: of no instrument
  Nanos event_ns = 0;       // of a source_bar: its start
  Decimal price;            // of a source_bar: the close; of a quote: the bid
  Decimal size;             // of a source_bar: the volume; of a quote: none
  std::uint64_t trade_id = 0;
  Decimal open, high, low;       // of a source_bar
  std::uint32_t interval_s = 0;  // of a source_bar
  Decimal ask;                   // of a quote
  std::string_view text;         // of a reject or refusal: what was wrong; never holds a secret
};

/// What a message says of the stream itself: for whoever keeps the connection. No row depends on it.
struct WireNotice {
  enum class Kind : std::uint8_t {
    subscribed,    // `symbol` is; without one: the request `id` has been granted
    newest_trade,  // of `symbol`, the newest trade there is has this `id`
    closing,       // the source is about to close the connection
  };
  Kind kind;
  std::string_view symbol;
  std::uint64_t id = 0;
};

struct WireOutput {
  std::vector<WireEvent> events;
  std::vector<WireNotice> notices;
  /// Kind of a well-formed message that carries no data for us ("bookTicker", "subscribed", "heartbeat"); empty otherwise.
  /// Points into the frame or into static storage.
  std::string_view ignored;

  /// One more, with nothing in it. A copy of one: compilers call memset() to make it, which takes twice as long.
  WireEvent& add() {
    static constexpr WireEvent nothing{};
    events.push_back(nothing);
    return events.back();
  }
  void clear() noexcept {
    events.clear();
    notices.clear();
    ignored = {};
  }
};

class WireParser {
 public:
  virtual ~WireParser() = default;
  /// Appends everything that `frame` says. Precondition: `output` is clear; frame.kind == data.
  virtual void parse(const Frame& frame, WireOutput& output) noexcept = 0;
};

}  // namespace tapeline
