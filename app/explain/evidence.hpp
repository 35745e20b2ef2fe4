// What an alert or bar rests on, gathered while the journal is computed again: ticks, closes, rejects and gaps.
//
// Threads   One.
// Input     Every row of the journal up to the one that is explained, in order.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/model/row.hpp"

namespace tapeline::app {

/// Which row is explained. An alert is known by its id alone; the rest says whose ticks and closes to keep.
struct Target {
  SourceCode source{};
  std::string native_symbol;
  std::uint32_t interval_s = 0;
  Nanos bar_start_ns = 0;
  bool is_source_bar = false;  // of a bar
  std::string alert_id;        // empty: a bar is explained
};

class Evidence {
 public:
  struct Tick {
    Nanos event_ns;
    Decimal price;
    Decimal size;
    std::uint64_t trade_id;  // 0: none
    JournalPosition position;
  };
  struct Close {
    Nanos bar_start_ns;
    Decimal price;
  };

  /// Keeps the newest `window` closes.
  Evidence(Target target, std::size_t window) : target_(std::move(target)), window_(window) {}

  void add(const Row& row);

  /// The alert, wherever it was found; nullopt: the journal has none of this id.
  [[nodiscard]] const std::optional<Row>& alert() const noexcept { return alert_; }
  /// The bar that is explained, or that fired the alert; nullopt: not met.
  [[nodiscard]] const std::optional<Row>& bar() const noexcept { return bar_; }
  /// The custom indicators of the bar; of an alert's bar they are not kept.
  [[nodiscard]] const std::vector<Row>& values() const noexcept { return values_; }
  /// What the bar was made of, in order of arrival.
  [[nodiscard]] const std::vector<Tick>& ticks() const noexcept { return ticks_; }
  /// Oldest first; the bar's own is the last, unless it is partial.
  [[nodiscard]] const std::deque<Close>& closes() const noexcept { return closes_; }
  /// Rejects, flags and gaps of the instrument, or of its source as a whole, since the first of the closes began.
  [[nodiscard]] std::vector<Row> notes() const;

 private:
  /// Bars of the target's instrument and interval; those built from ticks never mix with those delivered.
  struct Series {
    std::optional<Row> newest;
    std::deque<Close> closes;
  };
  void add_tick(const Row& row);
  void add_bar(const Row& row);
  void add_alert(const Row& row);
  void add_values(const Row& row);
  void settle(const Series& series);

  Target target_;
  std::size_t window_;
  InstrumentIndex instrument_ = no_instrument;  // the target's, once it has been announced
  std::array<Series, 2> series_;                // by is_source_bar
  std::vector<Tick> open_ticks_;                // of the target's bar so far
  std::deque<Row> kept_notes_;

  std::optional<Row> alert_;
  std::optional<Row> bar_;
  std::vector<Row> values_;
  std::vector<Tick> ticks_;
  std::deque<Close> closes_;
};

/// "<id_millis>-<id_sequence>".
[[nodiscard]] std::string alert_id_of(const AlertRow& alert);

}  // namespace tapeline::app
