// What the kernels remember between two frames, in parts: saved, loaded, and what decides each.
#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

#include "core/base/fixed_text.hpp"
#include "core/stages/kernels.hpp"

namespace tapeline {
namespace {

// A member more? It belongs into archive_part() below, or into OpenBar::archive(); and snapshot_version goes up.
static_assert(sizeof(Latest) == 120 && sizeof(OpenBar) == 112);

/// Which ticks reach the bars, as far as options decide it.
std::uint64_t ticks_key(const QualityConfig& quality) {
  StateKey key;
  key.add(std::uint64_t{quality.ahead_ms}).add(std::uint64_t{quality.out_of_order == Action::reject});
  if (quality.outlier == Action::reject) {
    key.add(quality.outlier_z).add(std::uint64_t{quality.outlier_window}).add(quality.outlier_pct_min);
    key.add(std::uint64_t{quality.outlier_shift});
  }
  return key.value();
}

std::uint64_t quality_key(const QualityConfig& quality) {
  StateKey key(ticks_key(quality));
  key.add(static_cast<std::uint64_t>(quality.outlier)).add(quality.outlier_z);
  key.add(std::uint64_t{quality.outlier_window}).add(quality.outlier_pct_min).add(std::uint64_t{quality.outlier_shift});
  key.add(static_cast<std::uint64_t>(quality.out_of_order)).add(std::uint64_t{quality.stale_event_ms});
  key.add(quality.silence_factor).add(std::uint64_t{quality.silence_ms_min});
  key.add(quality.divergence_pct).add(std::uint64_t{quality.divergence_max_age_ms});
  return key.value();
}

/// Of the four parts of an evaluator of bars that `bars` decides, in the order of BarEvaluator::parts. `interval_s` 0:
/// of bars of any length.
std::array<std::uint64_t, 4> series_keys(std::uint64_t bars, std::uint32_t interval_s,
                                         const IndicatorsConfig& indicators, const SignalsConfig& signals,
                                         const RuleSet& rules) {
  StateKey standard(bars);
  standard.add(std::uint64_t{indicators.sma_length}).add(std::uint64_t{indicators.rsi_length});
  standard.add(std::uint64_t{indicators.bollinger_length}).add(indicators.bollinger_width);
  standard.add(std::uint64_t{indicators.volatility_length});
  StateKey custom(bars);
  for (const IndicatorSpec& spec : indicators.custom) {
    if (interval_s != 0 && !is_of_interval(spec, interval_s)) continue;
    custom.add(spec.name).add(static_cast<std::uint64_t>(spec.kind)).add(std::uint64_t{spec.length});
    custom.add(std::uint64_t{spec.fast}).add(std::uint64_t{spec.slow}).add(std::uint64_t{spec.signal});
    custom.add(spec.width).add(static_cast<std::uint64_t>(spec.flat_rsi)).add(static_cast<std::uint64_t>(spec.sigma));
    custom.add(std::uint64_t{spec.stale_after_s});
    for (const std::uint32_t interval : spec.intervals_s) custom.add(std::uint64_t{interval});
  }
  StateKey signal(standard.value());
  signal.add(signals.rsi_buy_below).add(signals.rsi_sell_above);
  // A rule may read any field.
  StateKey edges(signal.value());
  edges.add(custom.value());
  for (std::size_t i = 0; i < rules.size(); ++i) edges.add(rules[i].name()).add(std::uint64_t{rules[i].version()});
  return {standard.value(), custom.value(), signal.value(), edges.value()};
}

constexpr const char* name_of(BarEvaluator::Part part) noexcept {
  switch (part) {
    case BarEvaluator::Part::indicators: return "indicators";
    case BarEvaluator::Part::custom: return "custom indicators";
    case BarEvaluator::Part::signal: return "signals";
    case BarEvaluator::Part::rules: return "rules";
  }
  return "";
}

}  // namespace

void Kernels::describe_parts() {
  const auto add = [this](std::string name, std::uint64_t key, PartPlace place) {
    parts_.push_back({std::move(name), key});
    places_.push_back(place);
  };
  const std::uint64_t ticks = ticks_key(options_.quality);
  StateKey clocks(ticks);
  clocks.add(std::uint64_t{options_.bars.quiet_grace_ms});
  StateKey all_bars(clocks.value());
  all_bars.add(static_cast<std::uint64_t>(options_.bars.empty));
  for (const Nanos lateness_ns : options_.lateness_ns) all_bars.add(static_cast<std::uint64_t>(lateness_ns));

  add("counts", 0, {PartKind::counts});
  add("quality gate", quality_key(options_.quality), {PartKind::quality});
  add("clocks", clocks.value(), {PartKind::clocks});
  add("latest prices", ticks, {PartKind::prices});
  StateKey shown;
  const auto add_series = [&](const std::string& of, std::array<std::uint64_t, 4> keys, PartKind kind, std::size_t at) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const BarEvaluator::Part part = BarEvaluator::parts[i];
      add(name_of(part) + (" of " + of), keys[i], {kind, at, part});
      if (part == BarEvaluator::Part::signal) shown.add(keys[i]);
    }
  };
  const auto keys_of = [&](std::uint64_t bars, std::uint32_t interval_s) {
    return series_keys(bars, interval_s, options_.indicators, options_.signals, options_.catalog->rules);
  };
  for (std::size_t i = 0; i < options_.bars.intervals_s.size(); ++i) {
    const std::uint32_t interval_s = options_.bars.intervals_s[i];
    StateKey bars(all_bars.value());
    bars.add(std::uint64_t{interval_s});
    const std::string name = "bars of " + std::to_string(interval_s) + " s";
    add(name, bars.value(), {PartKind::bars, i});
    add_series(name, keys_of(bars.value(), interval_s), PartKind::series, i);
  }
  add("bars of sources", 0, {PartKind::source_bars});
  add_series("bars of sources", keys_of(0, 0), PartKind::source_series, 0);
  add("latest indicators", shown.value(), {PartKind::shown});
}

template <class Archive>
void Kernels::archive_part(const PartPlace& place, Archive& archive) {
  switch (place.kind) {
    case PartKind::counts: archive_counts(archive); return;
    case PartKind::quality: archive(gate_); return;
    case PartKind::clocks:
      for (SourceClock& clock : clocks_) archive(clock.watermark_ns, clock.delay_ns, clock.is_running);
      return;
    case PartKind::prices:
      for (Instrument& instrument : instruments_) {
        Latest& latest = instrument.latest;
        archive(latest.event_ns, latest.receive_ns, latest.price_mantissa, latest.price_exponent, latest.ticks,
                instrument.has_tick, latest.bid_mantissa, latest.bid_exponent, latest.ask_mantissa,
                latest.ask_exponent);
      }
      return;
    case PartKind::shown:
      for (Instrument& instrument : instruments_) {
        Latest& latest = instrument.latest;
        archive(latest.interval_s, latest.signal, latest.signal_reason, latest.trend, latest.rsi, latest.sma,
                latest.bb_upper, latest.bb_lower, latest.change_pct, latest.volatility);
      }
      return;
    case PartKind::bars: archive_bars(place.series, archive); return;
    case PartKind::series:
      for (Instrument& instrument : instruments_)
        instrument.series[place.series].closed.archive_part(place.of_series, archive);
      return;
    case PartKind::source_bars: archive_source_bars(archive); return;
    case PartKind::source_series:
      for (Instrument& instrument : instruments_) {
        for (SourceSeries& series : instrument.source_series) series.bars().archive_part(place.of_series, archive);
      }
      return;
  }
}

template <class Archive>
void Kernels::archive_bars(std::size_t series, Archive& archive) {
  for (Instrument& instrument : instruments_) {
    instrument.series[series].is_active = false;
    archive(instrument.series[series].bars);
    instrument.series[series].closed.archive_bars(archive);
  }
  for (SourceClock& clock : clocks_) {
    // In their order: that in which bars close.
    archive(clock.active[series]);
    for (const InstrumentIndex index : clock.active[series]) {
      const bool is_known = index < instruments_.size();
      archive.require(is_known);
      if (is_known) instruments_[index].series[series].is_active = true;
    }
  }
}

template <class Archive>
void Kernels::archive_source_bars(Archive& archive) {
  for (Instrument& instrument : instruments_) {
    std::vector<std::uint32_t> intervals_s;
    for (const SourceSeries& series : instrument.source_series) intervals_s.push_back(series.interval_s());
    archive(intervals_s);
    std::vector<SourceSeries> ordered;
    for (const std::uint32_t interval_s : intervals_s) {
      const auto found = std::find_if(instrument.source_series.begin(), instrument.source_series.end(),
                                      [&](const SourceSeries& series) { return series.interval_s() == interval_s; });
      archive.require(interval_s > 0);
      if (interval_s == 0) return;
      ordered.push_back(found != instrument.source_series.end() ? std::move(*found)
                                                                : make_source_series(instrument, interval_s));
      ordered.back().archive_bars(archive);
    }
    instrument.source_series = std::move(ordered);
  }
}

template <class Archive>
void Kernels::archive_counts(Archive& archive) {
  for (Counter* counter :
       {&counts_.ticks, &counts_.bars, &counts_.source_bars, &counts_.signals, &counts_.alerts, &counts_.rejects,
        &counts_.flags, &counts_.refusals, &counts_.late, &counts_.unchanged, &counts_.gaps}) {
    std::uint64_t count = counter->value();
    archive(count);
    counter->set(count);
  }
  archive(output_);
}

void Kernels::save(std::size_t part, StateWriter& writer) { archive_part(places_[part], writer); }

void Kernels::restore_instrument(SourceCode source, std::string_view symbol, std::string_view native_symbol) {
  MarketEvent event{};
  event.kind = EventKind::instrument;
  event.instrument = static_cast<InstrumentIndex>(instruments_.size());
  event.source = source;
  copy_text(event.names.symbol, sizeof event.names.symbol, symbol);
  copy_text(event.names.native_symbol, sizeof event.names.native_symbol, native_symbol);
  add_instrument(event);
  output_.end_frame();
}

void Kernels::restore_at(JournalPosition position, LoadPart load) {
  restore_position_ = position;
  restore_ = std::move(load);
}

void Kernels::restore(LoadPart load) {
  restore_position_ = std::numeric_limits<JournalPosition>::max();
  bool has_all_series = true;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const bool is_loaded = load(parts_[i], [&](StateReader& reader) {
      archive_part(places_[i], reader);
      return reader.finished();
    });
    if (places_[i].kind == PartKind::series || places_[i].kind == PartKind::source_series)
      has_all_series = has_all_series && is_loaded;
  }
  if (!has_all_series) evaluate_recent();
  settle_restored();
}

void Kernels::evaluate_recent() {
  for (Instrument& instrument : instruments_) {
    for (TickSeries& series : instrument.series) {
      series.closed.evaluate_again([&](BarEvaluator& evaluator, const ClosedBar& closed) {
        evaluate(instrument, evaluator, closed.bar, closed.is_filled ? BarOrigin::filled : BarOrigin::ticks);
      });
    }
    for (SourceSeries& series : instrument.source_series) {
      series.bars().evaluate_again([&](BarEvaluator& evaluator, const ClosedBar& closed) {
        evaluate(instrument, evaluator, closed.bar, BarOrigin::source);
      });
    }
  }
}

void Kernels::settle_restored() {
  for (SourceClock& clock : clocks_) {
    clock.next_due_ns = std::numeric_limits<Nanos>::max();
    for (std::size_t i = 0; i < clock.active.size(); ++i) {
      for (const InstrumentIndex index : clock.active[i]) {
        const auto next_end_ns = instruments_[index].series[i].bars.next_end_ns();
        if (next_end_ns) clock.next_due_ns = std::min(clock.next_due_ns, *next_end_ns);
      }
    }
  }
  for (InstrumentIndex index = 0; index < instruments_.size(); ++index) {
    if (instruments_[index].latest.receive_ns != 0) touch(index);
  }
}

}  // namespace tapeline
