// What the parser says of a frame: ticks, bars delivered by the source, rejects. One record of the parser_kernels ring.
//
// Units     Stamps are nanoseconds since the epoch, UTC. Prices and sizes are exact: mantissa * 10^exponent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"
#include "core/model/frame.hpp"

namespace tapeline {

/// Lane-local number of an instrument of one source, counted from 0 in order of registration.
using InstrumentIndex = std::uint32_t;
inline constexpr InstrumentIndex no_instrument = 0xffff'ffff;

enum class EventKind : std::uint8_t {
  tick = 1,        // one trade, or one polled price
  source_bar = 2,  // a bar that the source delivers itself
  instrument = 3,  // a new instrument: `names`
  clock = 4,       // FrameKind::clock and session_start
  end_of_input = 5,
  reject = 6,   // data that failed a check: `reason`, `text` what was wrong
  refusal = 7,  // the source refused or had nothing: `reason`, `text` its own words, redacted
  session_end = 8,
  quote = 9,  // best bid and ask: shown as the latest, stored nowhere but in the journal
};

/// Side of the taker. A polled price has none.
enum class Side : std::uint8_t { unknown = 0, buy = 1, sell = 2 };

/// Why data was rejected or refused. Names are written to quality_event.reason: add at the end, never rename.
enum class Reason : std::uint8_t {
  none = 0,
  unparsable,  // not the format that the source promises
  missing_field,
  not_a_number,
  out_of_precision,  // more than 18 significant digits
  non_positive_price,
  negative_volume,
  bad_timestamp,       // no valid time
  unknown_instrument,  // not configured, and registration is off or full
  late_tick,           // for a bar that is closed already
  duplicate,
  sequence_gap,
  out_of_order,
  no_data,             // well-formed, but empty: unknown symbol, closed market
  refused_temporary,   // try again later
  refused_rate_limit,  // burst: wait seconds to minutes
  refused_quota,       // the day's quota is used up
  refused_permanent,   // plan, key or parameter: asking again does not help
  server_error,        // 5xx, HTML, bare text
  source_correction,   // the source delivered a closed bar again with other numbers
  stale_event,         // much older than its arrival
  future_event,        // ahead of its arrival
  outlier,             // absurd beside the instrument's last prices
  silent_symbol,       // not heard of for many times its cadence
  source_divergence,   // two sources disagree about one symbol
  gap_filled,          // every trade id that was skipped has come
  bar_correction,      // closed bars were computed again, with trades that filled a gap
};
inline constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::bar_correction) + 1;

[[nodiscard]] const char* to_string(Reason reason) noexcept;

enum EventFlags : std::uint8_t {
  event_provisional = 1,  // a live, unfinished bar of the source: shown, never fed to an indicator
  event_backfilled = 2,   // not taken when it happened, but asked for afterwards
  event_ends_frame = 4,   // the last event of its frame: what came of the frame may be committed
  event_final = 8,        // the source says that its bar is over, whatever the clocks say
};

inline constexpr std::size_t symbol_bytes_max = 63;  // of a name, without the NUL

/// All that a tick needs lies in the first cache line: between two cores one line costs what a tick may cost in all. The
/// rest is only written and read for the kinds that use it.
struct alignas(64) MarketEvent {
  EventKind kind;
  Side side;
  Reason reason;
  std::uint8_t flags;
  InstrumentIndex instrument;
  JournalPosition position;  // begin of the frame that this came from
  std::uint32_t frame_bytes;
  std::int8_t price_exponent;
  std::int8_t size_exponent;
  SourceCode source;
  std::uint8_t pad;
  Nanos receive_ns;
  Nanos event_ns;               // source's stamp; of a source_bar: its start
  std::int64_t price_mantissa;  // of a source_bar: the close; all its prices share price_exponent; of a quote: the bid
  std::int64_t size_mantissa;   // quantity; of a source_bar: the volume; of a quote: what is bid
  std::uint64_t trade_id;       // of a tick; 0: the source gives none
  // -- 64 bytes so far
  union {
    struct {
      std::int64_t open_mantissa;
      std::int64_t high_mantissa;
      std::int64_t low_mantissa;
      std::uint32_t interval_s;
    } bar;
    struct {
      std::int64_t ask_mantissa;  // 0: nobody asks; a bid of 0: nobody bids
      std::int8_t ask_exponent;
    } quote;
    struct {
      char symbol[symbol_bytes_max + 1];  // the configuration's name, else the native one
      char native_symbol[symbol_bytes_max + 1];
    } names;
    char text[128];  // of a reject or refusal: NUL-terminated, cut to fit
  };

  /// The frame's end: the checkpoint once every event of the frame is stored.
  [[nodiscard]] JournalPosition end_position() const noexcept { return position + frame_bytes; }
};
static_assert(sizeof(MarketEvent) == 192);
static_assert(offsetof(MarketEvent, bar) == 64);
static_assert(std::is_trivially_copyable_v<MarketEvent>);

}  // namespace tapeline
