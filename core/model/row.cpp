#include "core/model/row.hpp"

namespace tapeline {

const char* to_string(Signal signal) noexcept {
  switch (signal) {
    case Signal::hold: return "HOLD";
    case Signal::buy: return "BUY";
    case Signal::sell: return "SELL";
  }
  return "HOLD";
}

const char* to_string(Trend trend) noexcept {
  switch (trend) {
    case Trend::neutral: return "neutral";
    case Trend::bullish: return "bullish";
    case Trend::bearish: return "bearish";
  }
  return "neutral";
}

const char* to_string(SignalReason reason) noexcept {
  switch (reason) {
    case SignalReason::rule: return "rule";
    case SignalReason::warming_up: return "warming_up";
    case SignalReason::flat_market: return "flat_market";
    case SignalReason::partial_bar: return "partial_bar";
    case SignalReason::gap_in_window: return "gap_in_window";
  }
  return "rule";
}

const char* to_string(QualityKind kind) noexcept {
  switch (kind) {
    case QualityKind::reject: return "reject";
    case QualityKind::flag: return "flag";
    case QualityKind::refusal: return "refusal";
  }
  return "reject";
}

const char* to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::critical: return "critical";
  }
  return "info";
}

}  // namespace tapeline
