#include "app/backtest/journal_source.hpp"

#include <algorithm>
#include <compare>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "app/explain/recompute.hpp"
#include "app/stage_options.hpp"
#include "core/backtest/evaluate.hpp"

namespace tapeline::app {
namespace {

using backtest::Bar;
using backtest::Tape;

/// Bars of one instrument, length and kind, in the order in which they became known.
struct Told {
  struct At {
    Bar bar;
    backtest::Intents intents;
    std::int64_t known;
    double periods_per_year;
  };
  std::vector<At> bars;
  std::vector<backtest::SignalChange> signals;  // numbered within `bars`
  std::vector<backtest::FiredRule> fired;
  std::set<Nanos> starts;
  std::uint64_t corrected = 0;
};

struct Kind {
  InstrumentIndex instrument;
  std::uint32_t interval_s;
  bool is_delivered;

  friend auto operator<=>(const Kind&, const Kind&) = default;
};

class Listener {
 public:
  explicit Listener(const backtest::Roles& roles) : roles_(roles) {}

  void hear(const Row& row) {
    if (row.kind == RowKind::bar) hear_bar(row);
    // A signal or alert follows the bar that it is of.
    if (row.kind == RowKind::signal && newest_ != nullptr) newest_->signals.push_back({newest_at(), row.as_signal});
    if (row.kind == RowKind::alert && newest_ != nullptr) {
      const AlertRow& alert = row.as_alert;
      newest_->bars.back().intents |= roles_.of_rule(alert.rule_index);
      newest_->fired.push_back({newest_at(), alert.rule_index, alert.close, alert.rsi});
    }
  }

  [[nodiscard]] const std::map<Kind, Told>& told() const noexcept { return told_; }

 private:
  [[nodiscard]] std::size_t newest_at() const noexcept { return newest_->bars.size() - 1; }

  void hear_bar(const Row& row) {
    const BarRow& bar = row.as_bar;
    newest_ = nullptr;
    Told& told = told_[{row.instrument, bar.interval_s, bar.is_source_bar}];
    if (!told.starts.insert(bar.start_ns).second) {
      // Its source has corrected it: what was traded on stays.
      ++told.corrected;
      return;
    }
    newest_ = &told;
    const backtest::Intents intents = roles_.follows_signal() ? backtest::intents_of(bar.signal) : backtest::Intents{0};
    told.bars.push_back({{bar.start_ns, bar.end_ns, bar.open_mantissa, bar.close_mantissa, 0, bar.price_exponent},
                         intents,
                         static_cast<std::int64_t>(row.end_position),
                         bar.periods_per_year});
  }

  const backtest::Roles& roles_;
  std::map<Kind, Told> told_;
  Told* newest_ = nullptr;
};

struct Chosen {
  std::string symbol;
  std::string source;
  const Told* told;
};

bool is_wanted(const BarChoice& choice, const std::string& symbol, const std::string& source) {
  const bool fits =
      choice.symbols.empty() || std::find(choice.symbols.begin(), choice.symbols.end(), symbol) != choice.symbols.end();
  return fits && (choice.feed.empty() || choice.feed == source);
}

/// What the choice means among what there is, by symbol.
std::pair<std::vector<Chosen>, std::uint32_t> choose(const std::map<Kind, Told>& told, const BarChoice& choice,
                                                     const std::vector<Recomputation::Instrument>& instruments) {
  std::uint32_t interval_s = choice.interval_s;
  std::set<std::uint32_t> intervals;
  for (const auto& [kind, bars] : told) {
    const auto& [source, symbol, native] = instruments.at(kind.instrument);
    if (is_wanted(choice, symbol, source_name(source))) intervals.insert(kind.interval_s);
  }
  if (interval_s == 0 && !intervals.empty()) interval_s = *intervals.begin();
  std::vector<Chosen> chosen;
  for (const auto& [kind, bars] : told) {
    const auto& [code, symbol, native] = instruments.at(kind.instrument);
    const std::string source = source_name(code);
    if (kind.interval_s != interval_s || !is_wanted(choice, symbol, source)) continue;
    const bool has_both = told.count({kind.instrument, kind.interval_s, !kind.is_delivered}) > 0;
    if (has_both && kind.is_delivered != choice.prefers_delivered) continue;
    chosen.push_back({symbol, source, &bars});
  }
  std::sort(chosen.begin(), chosen.end(), [](const Chosen& a, const Chosen& b) { return a.symbol < b.symbol; });
  for (std::size_t i = 1; i < chosen.size(); ++i) {
    if (chosen[i].symbol != chosen[i - 1].symbol) continue;
    throw std::invalid_argument(fmt::format("{} and {} both have {}; choose one with --feed", chosen[i - 1].source,
                                            chosen[i].source, chosen[i].symbol));
  }
  if (!chosen.empty()) return {std::move(chosen), interval_s};
  throw std::invalid_argument(intervals.empty() ? "the journal has no closed bar of what --symbols and --feed name"
                                                : fmt::format("the journal has no bars of {} s; there are some of: {}",
                                                              interval_s, fmt::join(intervals, ", ")));
}

Tape tape_of(const std::vector<Chosen>& chosen, std::uint32_t interval_s) {
  struct Place {
    std::uint32_t series;
    std::size_t at;
  };
  auto market = std::make_shared<backtest::Market>();
  market->interval_s = interval_s;
  std::vector<Place> places;
  std::vector<std::vector<std::size_t>> numbers;  // in the tape, by series
  for (std::uint32_t series = 0; series < chosen.size(); ++series) {
    const Chosen& one = chosen[series];
    market->series.push_back({one.symbol, one.source, one.told->bars.front().periods_per_year});
    numbers.emplace_back(one.told->bars.size());
    for (std::size_t i = 0; i < one.told->bars.size(); ++i) places.push_back({series, i});
  }
  const auto bar_at = [&](const Place& place) -> const Told::At& { return chosen[place.series].told->bars[place.at]; };
  std::stable_sort(places.begin(), places.end(),
                   [&](const Place& a, const Place& b) { return bar_at(a).bar.end_ns < bar_at(b).bar.end_ns; });
  Tape tape;
  for (const Place& place : places) {
    const Told::At& at = bar_at(place);
    numbers[place.series][place.at] = tape.intents.size();
    market->bars.push_back(at.bar);
    market->bars.back().series = place.series;
    market->known_at.push_back(at.known);
    tape.intents.push_back(at.intents);
  }
  for (std::uint32_t series = 0; series < chosen.size(); ++series) {
    for (backtest::SignalChange change : chosen[series].told->signals) {
      change.bar = numbers[series][change.bar];
      tape.signals.push_back(change);
    }
    for (backtest::FiredRule fired : chosen[series].told->fired) {
      fired.bar = numbers[series][fired.bar];
      tape.fired.push_back(fired);
    }
  }
  const auto by_bar = [](const auto& a, const auto& b) { return a.bar < b.bar; };
  std::stable_sort(tape.signals.begin(), tape.signals.end(), by_bar);
  std::stable_sort(tape.fired.begin(), tape.fired.end(), by_bar);
  tape.market = std::move(market);
  return tape;
}

struct Heard {
  std::map<Kind, Told> told;
  std::vector<Recomputation::Instrument> instruments;
  std::uint64_t unreadable = 0;
};

Heard listen(const Config& config, const JournalExtent& journal, JournalPosition until) {
  Recomputation recomputation(config, journal);
  const backtest::Roles roles(config.backtest, *recomputation.catalog());
  Listener listener(roles);
  Heard heard;
  recomputation.advance(until, [&](const Row& row) {
    if (row.kind == RowKind::instrument) {
      heard.instruments.resize(std::max<std::size_t>(heard.instruments.size(), row.instrument + 1));
      heard.instruments[row.instrument] = recomputation.instrument(row);
    }
    listener.hear(row);
  });
  heard.told = listener.told();
  heard.unreadable = recomputation.unreadable();
  return heard;
}

}  // namespace

JournalSource::JournalSource(const Config& config, const JournalExtent& journal, BarChoice choice)
    : journal_(journal), choice_(std::move(choice)) {
  const Heard heard = listen(config, journal_, journal_.end_position);
  const auto [chosen, interval_s] = choose(heard.told, choice_, heard.instruments);
  // What is chosen stays, whatever a shorter history or other parameters show of it.
  choice_.interval_s = interval_s;
  if (heard.unreadable > 0) {
    remarks_.push_back(fmt::format("{} stretches of the journal cannot be read; `tapeline journal verify` names them",
                                   heard.unreadable));
  }
  for (const Chosen& one : chosen) {
    if (one.told->corrected == 0) continue;
    remarks_.push_back(fmt::format("{}: its source corrected {} bars later; traded is on what was known then",
                                   one.symbol, one.told->corrected));
  }
}

Tape JournalSource::judge(const Config& config, Rules, std::int64_t until) const {
  const auto limit = static_cast<JournalPosition>(std::min(until, static_cast<std::int64_t>(journal_.end_position)));
  const Heard heard = listen(config, journal_, limit);
  const auto [chosen, interval_s] = choose(heard.told, choice_, heard.instruments);
  return tape_of(chosen, interval_s);
}

}  // namespace tapeline::app
