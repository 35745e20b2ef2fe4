// What the kernels hand to the writer: one record of the kernels_writer ring, one row of one table.
//
// Ordering  Rows come in journal order. `position` is the frame that caused the row, `end_position` the checkpoint once
//           all rows of that frame are stored; all rows of one frame are committed together.
// Units     Undefined doubles are NaN here and NULL in the database; nothing else is NaN.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/model/event.hpp"

namespace tapeline {

enum class RowKind : std::uint8_t {
  instrument = 1,
  tick = 2,
  bar = 3,
  signal = 4,
  alert = 5,
  quality = 6,
  progress = 7,  // no row: the checkpoint may move to end_position although nothing was stored
  values = 8,
  completeness = 9,
};

enum class Signal : std::uint8_t { hold = 0, buy = 1, sell = 2 };
enum class Trend : std::uint8_t { neutral = 0, bullish = 1, bearish = 2 };

/// Why a signal is HOLD although nobody asked the thresholds, else `rule`.
enum class SignalReason : std::uint8_t {
  rule = 0,
  warming_up = 1,
  flat_market = 2,
  partial_bar = 3,
  gap_in_window = 4
};

[[nodiscard]] const char* to_string(Signal signal) noexcept;  // "BUY", "SELL", "HOLD"
[[nodiscard]] const char* to_string(Trend trend) noexcept;    // "bullish", "bearish", "neutral"
[[nodiscard]] const char* to_string(SignalReason reason) noexcept;

struct InstrumentRow {
  char symbol[symbol_bytes_max +
              1];  // the configuration's name, NUL-terminated ("BTC-USD"); the native one where none is configured
  char native_symbol[symbol_bytes_max + 1];
};

struct TickRow {
  Nanos event_ns;
  std::int64_t price_mantissa;
  std::int64_t size_mantissa;
  std::uint64_t trade_id;  // 0: none
  std::int8_t price_exponent;
  std::int8_t size_exponent;
  Side side;
  std::uint8_t flags;
};

/// A closed bar and the indicators after it.
struct BarRow {
  Nanos start_ns;
  Nanos end_ns;
  std::int64_t open_mantissa;  // the four prices share price_exponent
  std::int64_t high_mantissa;
  std::int64_t low_mantissa;
  std::int64_t close_mantissa;
  Int128 volume_mantissa;
  std::uint32_t interval_s;
  std::uint32_t trades;
  double sma, rsi, bb_mid, bb_sigma, bb_upper, bb_lower, percent_b, bandwidth;
  double volatility;  // per bar
  double volatility_annual;
  double periods_per_year;  // the factor behind volatility_annual
  double change;            // against the previous closed bar
  double change_pct;
  std::uint64_t bars_seen;  // closes that the indicators have seen: how far RSI is from its seed
  std::int8_t price_exponent;
  std::int8_t volume_exponent;
  Signal signal;
  SignalReason signal_reason;
  Trend trend;
  bool is_partial;
  bool is_filled;
  bool is_source_bar;
  bool is_backfilled;  // of a source bar
};

/// A change of the signal of one instrument and interval.
struct SignalRow {
  Nanos bar_start_ns;
  std::uint32_t interval_s;
  Signal signal;
  Signal previous;
  SignalReason reason;
  Trend trend;
  double close, rsi, sma, bb_upper, bb_lower;
};

enum class Severity : std::uint8_t { info = 0, warning = 1, critical = 2 };
[[nodiscard]] const char* to_string(Severity severity) noexcept;

inline constexpr std::size_t alert_evidence_max = 8;

struct AlertRow {
  Nanos bar_start_ns;
  Nanos bar_end_ns;
  std::uint64_t id_millis;  // alert_id is "<id_millis>-<id_sequence>", derived from the frame: the same in every replay
  std::uint64_t id_sequence;
  std::uint32_t interval_s;
  std::uint32_t rule_version;
  Severity severity;
  Signal signal;
  Trend trend;
  std::int8_t price_exponent;
  std::uint16_t rule_index;  // in the rule set of the configuration
  std::uint16_t evidence_count;
  char rule[32];
  std::int64_t close_mantissa;
  double close, rsi, sma, bb_upper, bb_lower, change_pct, volatility;
  double evidence[alert_evidence_max];  // the fields that the rule reads, in its order: what made it true
};

/// Custom indicators of one bar, as many as fit; the others follow in further rows.
struct ValuesRow {
  static constexpr std::size_t capacity = 24;
  Nanos bar_start_ns;
  std::uint32_t interval_s;
  std::uint16_t first;  // number of values[0] among the configuration's custom outputs
  std::uint8_t count;
  bool is_source_bar;
  double values[capacity];
};

/// What became of everything that was received of an instrument in a minute; rows of one minute add up.
struct CompletenessRow {
  Nanos minute_ns;
  std::uint32_t received;
  std::uint32_t stored;
  std::uint32_t rejected;
  std::uint32_t duplicates;
  std::uint32_t late;
  std::uint32_t out_of_order;
  std::uint32_t flagged;
  std::uint64_t missing;  // trade ids that were skipped
  std::uint64_t filled;   // of those, of whatever minute, that came late
};

enum class QualityKind : std::uint8_t {
  reject,   // data that is neither stored nor used
  flag,     // data that is stored and used, and was remarkable
  refusal,  // the source refused, or had nothing
};
[[nodiscard]] const char* to_string(QualityKind kind) noexcept;

struct QualityRow {
  Nanos event_ns;  // 0: unknown
  Reason reason;
  QualityKind kind;
  char detail[128];
};

struct alignas(64) Row {
  RowKind kind;
  SourceCode source;
  bool ends_frame;  // the last row of its frame: a batch may end here, and nowhere else
  std::uint8_t pad;
  InstrumentIndex instrument;  // no_instrument: of none
  JournalPosition position;
  JournalPosition end_position;
  Nanos receive_ns;
  Nanos compute_ns;  // wall clock when the kernels wrote the row; not stored: a replay must give the same row
  union {
    InstrumentRow as_instrument;
    TickRow as_tick;
    BarRow as_bar;
    SignalRow as_signal;
    AlertRow as_alert;
    QualityRow as_quality;
    ValuesRow as_values;
    CompletenessRow as_completeness;
  };
};
static_assert(sizeof(Row) == 256);
static_assert(std::is_trivially_copyable_v<Row>);

}  // namespace tapeline
