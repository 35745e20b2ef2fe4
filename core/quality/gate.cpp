#include "core/quality/gate.hpp"

#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace tapeline {
namespace {

double seconds(Nanos time_ns) noexcept { return static_cast<double>(time_ns) / static_cast<double>(nanos_per_second); }

/// Writes the finding's text, cut to fit.
template <class... Values>
void write(Finding& finding, const char* format, Values... values) noexcept {
  // Cutting it short is no failure: the bytes themselves are in the journal.
  static_cast<void>(std::snprintf(finding.detail, sizeof finding.detail, format, values...));
}

const QualityConfig& checked(const QualityConfig& config) {
  const auto require = [](bool holds, const char* complaint) {
    if (!holds) throw std::invalid_argument(std::string("quality: ") + complaint);
  };
  require(config.outlier_window >= outlier_window_min && config.outlier_window <= outlier_window_max,
          "outlier_window must be 16 to 128 prices");
  require(std::isfinite(config.outlier_z) && config.outlier_z > 0, "outlier_z must be above 0");
  require(std::isfinite(config.outlier_pct_min) && config.outlier_pct_min >= 0, "outlier_pct_min must not be negative");
  require(config.outlier_shift >= 2, "outlier_shift must be 2 or more: one alone is no level");
  require(std::isfinite(config.silence_factor) && (config.silence_factor == 0 || config.silence_factor >= 1),
          "silence_factor must be 1 or more, or 0 to look for no silence");
  require(std::isfinite(config.divergence_pct) && config.divergence_pct >= 0, "divergence_pct must not be negative");
  return config;
}

}  // namespace

QualityGate::QualityGate(const QualityConfig& config)
    : config_(checked(config)),
      silence_{config.silence_factor, Nanos{config.silence_ms_min} * nanos_per_millisecond},
      age_ns_max_(Nanos{config.stale_event_ms} * nanos_per_millisecond) {}

void QualityGate::add_instrument(SourceCode source, std::string_view symbol) {
  divergence_.add_instrument(source, symbol);
  instruments_.emplace_back();
}

Findings QualityGate::check(const MarketEvent& tick) noexcept {
  Findings findings;
  Instrument& instrument = state(tick.instrument);
  LedgerMinute& counts = instrument.ledger.counts();
  ++counts.received;
  instrument.cadence.arrive(tick.receive_ns, silence_);
  const bool is_late = check_order(instrument, tick, findings);
  // What was long ago says nothing of the present, and the present nothing of it.
  if (!findings.rejected() && (tick.flags & event_backfilled) == 0) {
    if (instrument.age.turns_stale(tick.event_ns, tick.receive_ns, age_ns_max_)) {
      write(findings.add(Reason::stale_event, Action::flag), "event time is %.0f s before its arrival",
            seconds(tick.receive_ns - tick.event_ns));
    }
    check_price(instrument, tick, findings);
  }
  if (findings.rejected()) {
    ++counts.rejected;
    return findings;
  }
  ++counts.stored;
  if (is_late) ++counts.out_of_order;
  if (!findings.empty()) ++counts.flagged;
  return findings;
}

bool QualityGate::check_order(Instrument& instrument, const MarketEvent& tick, Findings& findings) const noexcept {
  const std::uint64_t id = tick.trade_id;
  const bool is_backfilled = (tick.flags & event_backfilled) != 0;
  TradeSequence::Seen seen{TradeOrder::in_order, 0};
  if (id != 0) {
    const bool is_first = instrument.sequence.newest() == 0;
    seen = instrument.sequence.add(id, tick.event_ns);
    if (seen.order != TradeOrder::in_order) {
      report(seen, id, is_backfilled, instrument, findings);
      if (is_repeated(seen.order)) return false;
    } else if (is_backfilled && !is_first && !instrument.is_backfilling) {
      write(findings.add(Reason::sequence_gap, Action::flag),
            "trades from id %" PRIu64 " on did not come by the stream; they were asked for", id);
    }
  }
  instrument.is_backfilling = is_backfilled && seen.order == TradeOrder::in_order;
  // Of what was asked for nobody expected that it came in its time.
  if (is_backfilled) return false;
  const Nanos behind_ns = instrument.order.add(tick.event_ns);
  const bool has_late_id = seen.order == TradeOrder::filled || seen.order == TradeOrder::out_of_order;
  if (behind_ns == 0 && !has_late_id) return false;
  if (config_.out_of_order == Action::off) return true;
  Finding& finding = findings.add(Reason::out_of_order, config_.out_of_order);
  if (has_late_id) {
    write(finding, "trade id %" PRIu64 " is %" PRIu64 " behind the newest%s", id, seen.distance,
          seen.order == TradeOrder::filled ? ", and was missing" : "");
  } else {
    write(finding, "event time is %.6f s behind the newest", seconds(behind_ns));
  }
  return true;
}

void QualityGate::report(TradeSequence::Seen seen, std::uint64_t id, bool is_backfilled, Instrument& instrument,
                         Findings& findings) const noexcept {
  LedgerMinute& counts = instrument.ledger.counts();
  switch (seen.order) {
    case TradeOrder::duplicate:
      ++counts.duplicates;
      write(findings.add(Reason::duplicate, Action::reject), "trade id %" PRIu64 " was delivered before", id);
      return;
    case TradeOrder::old:
      ++counts.duplicates;
      write(findings.add(Reason::duplicate, Action::reject),
            "trade id %" PRIu64 " is %" PRIu64 " behind the newest: taken for delivered before", id, seen.distance);
      return;
    case TradeOrder::gap:
      counts.missing += seen.distance;
      write(findings.add(Reason::sequence_gap, Action::flag),
            "%" PRIu64 " trade ids before %" PRIu64 " are missing; %" PRIu64 " in all", seen.distance, id,
            instrument.sequence.missing());
      return;
    case TradeOrder::restarted:
      write(findings.add(Reason::sequence_gap, Action::flag),
            "trade ids begin anew with %" PRIu64 ", %" PRIu64 " behind the newest", id, seen.distance);
      return;
    case TradeOrder::filled:
      ++counts.filled;
      if (is_backfilled && instrument.sequence.missing() == 0) {
        write(findings.add(Reason::gap_filled, Action::flag), "no trade id is missing any more; the last was %" PRIu64,
              id);
      }
      return;
    case TradeOrder::in_order:
    case TradeOrder::out_of_order: return;
  }
}

void QualityGate::check_price(Instrument& instrument, const MarketEvent& tick, Findings& findings) noexcept {
  const Decimal exact{tick.price_mantissa, tick.price_exponent};
  const double price = to_double(exact);
  if (config_.outlier != Action::off) {
    const OutlierWindow::Judgement judgement = instrument.prices.add(exact, config_);
    if (judgement.level == PriceLevel::outlier) {
      write(findings.add(Reason::outlier, config_.outlier),
            "price %.15g is %+.4g %% from the median %.15g of the last prices, robust z %.1f", price,
            (price / judgement.median - 1) * 100, judgement.median, judgement.z);
    } else if (judgement.level == PriceLevel::new_level) {
      write(findings.add(Reason::outlier, Action::flag),
            "price %.15g is accepted as a new level, %+.4g %% from the median %.15g: %u in a row", price,
            (price / judgement.median - 1) * 100, judgement.median, config_.outlier_shift);
    }
    // What is no price of the asset is no opinion of the source either.
    if (judgement.level == PriceLevel::outlier) return;
  }
  const auto pair = divergence_.update(tick.instrument, price, tick.event_ns, tick.receive_ns, config_);
  if (!pair) return;
  write(findings.add(Reason::source_divergence, Action::flag), "price %.15g differs by %.4g %% from %.15g of source %u",
        price, pair->difference_pct, pair->other_price, static_cast<unsigned>(pair->other_source));
}

void QualityGate::hear(InstrumentIndex instrument, Nanos receive_ns) noexcept {
  state(instrument).cadence.arrive(receive_ns, silence_);
}

void QualityGate::count_reject(InstrumentIndex instrument) noexcept {
  LedgerMinute& counts = state(instrument).ledger.counts();
  ++counts.received;
  ++counts.rejected;
}

std::optional<Finding> QualityGate::check_silence(InstrumentIndex instrument, Nanos now_ns) noexcept {
  Cadence& cadence = state(instrument).cadence;
  if (!cadence.silent(now_ns, silence_)) return std::nullopt;
  Finding finding{Reason::silent_symbol, Action::flag, {}};
  write(finding, "not heard of for %.0f s; its cadence is %.3f s", seconds(now_ns - cadence.arrived_ns()),
        seconds(cadence.cadence_ns()));
  return finding;
}

}  // namespace tapeline
