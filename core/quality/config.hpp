// Options of the data quality gate (docs/quality.md): what is suspicious, and what becomes of it.
#pragma once

#include <cstdint>

namespace tapeline {

enum class Action : std::uint8_t {
  off,     // not checked
  flag,    // stored and used, and a quality_event says so
  reject,  // neither stored nor used: only the quality_event and the journal have it
};

inline constexpr std::uint32_t outlier_window_min = 16;
inline constexpr std::uint32_t outlier_window_max = 128;  // bounds the memory of an instrument

/// Limits of 0 turn their check off.
struct QualityConfig {
  Action outlier = Action::flag;
  double outlier_z = 10.0;            // robust z-score above which a price is an outlier
  std::uint32_t outlier_window = 64;  // accepted prices that it is compared with: outlier_window_min..max
  double outlier_pct_min = 1.0;       // a price nearer to the median than this is no outlier, however quiet the market
  std::uint32_t outlier_shift = 8;    // so many outliers in a row on one side are a new level: the last is accepted
  Action out_of_order = Action::flag;
  // Polled sources repeat Friday's price until Tuesday noon, and longer where holidays are: a week cries no wolf.
  std::uint32_t stale_event_ms = 7 * 86'400'000;
  std::uint32_t ahead_ms = 60'000;  // an event further ahead of its arrival is rejected: it would close every open bar
  double silence_factor = 20.0;     // a symbol is silent after this many times its learned cadence,
  std::uint32_t silence_ms_min = 60'000;         // and never before this
  double divergence_pct = 1.0;                   // between the prices of one symbol on two sources
  std::uint32_t divergence_max_age_ms = 60'000;  // older prices are not compared
};

}  // namespace tapeline
