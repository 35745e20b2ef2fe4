#include "core/backtest/lookahead.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "core/backtest/engine.hpp"

namespace tapeline::backtest {
namespace {

bool same(double a, double b) noexcept { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same(const SignalRow& a, const SignalRow& b) noexcept {
  return a.bar_start_ns == b.bar_start_ns && a.signal == b.signal && a.previous == b.previous && a.reason == b.reason &&
         a.trend == b.trend && same(a.close, b.close) && same(a.rsi, b.rsi) && same(a.sma, b.sma) &&
         same(a.bb_upper, b.bb_upper) && same(a.bb_lower, b.bb_lower);
}

bool same(const Price& a, const Price& b) noexcept { return a.mantissa == b.mantissa && a.exponent == b.exponent; }

bool same(const Order& a, const Order& b) noexcept {
  return a.series == b.series && a.action == b.action && a.status == b.status && a.reason == b.reason &&
         a.signal_ns == b.signal_ns && a.time_ns == b.time_ns && same(a.price, b.price) && a.quantity == b.quantity &&
         a.fee == b.fee && a.cash_after == b.cash_after;
}

class Comparison {
 public:
  Comparison(const Tape& whole, const Tape& part, std::int64_t until) : whole_(whole), part_(part), until_(until) {}

  /// What differs first; empty: nothing.
  std::string difference() {
    for (const auto& look : {&Comparison::bars, &Comparison::signals, &Comparison::rules}) {
      if (std::string found = (this->*look)(); !found.empty()) return found;
    }
    return {};
  }

  /// The part's bars are the first of the whole, in order.
  [[nodiscard]] bool is_prefix() const noexcept {
    if (part_.market->series.size() != whole_.market->series.size()) return false;
    for (std::size_t i = 0; i < part_.intents.size(); ++i) {
      if (whole_.market->known(i) > until_) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] bool is_known(std::size_t bar) const noexcept { return whole_.market->known(bar) <= until_; }

  [[nodiscard]] static std::string at(const Tape& tape, std::size_t bar) {
    const Bar& found = tape.market->bars[bar];
    return tape.market->series[found.series].symbol + " " + format_utc(found.start_ns);
  }

  [[nodiscard]] bool same_bar(std::size_t of_whole, std::size_t of_part) const {
    const Bar& a = whole_.market->bars[of_whole];
    const Bar& b = part_.market->bars[of_part];
    const Series& series_a = whole_.market->series[a.series];
    const Series& series_b = part_.market->series[b.series];
    return series_a.symbol == series_b.symbol && series_a.source == series_b.source && a.start_ns == b.start_ns &&
           a.end_ns == b.end_ns && a.open == b.open && a.close == b.close && a.price_exponent == b.price_exponent;
  }

  std::string bars() {
    std::size_t next = 0;
    for (std::size_t i = 0; i < whole_.intents.size(); ++i) {
      if (!is_known(i)) continue;
      if (next == part_.intents.size()) return "bar " + at(whole_, i) + " is missing";
      if (!same_bar(i, next)) return "bar " + at(whole_, i) + " is another";
      if (whole_.intents[i] != part_.intents[next]) return "what is wanted at " + at(whole_, i) + " is another";
      ++next;
    }
    return next == part_.intents.size() ? "" : "bar " + at(part_, next) + " is only there without the rest";
  }

  std::string signals() {
    auto next = part_.signals.begin();
    for (const SignalChange& change : whole_.signals) {
      if (!is_known(change.bar)) continue;
      if (next == part_.signals.end() || !same(change.row, next->row)) {
        return "the signal at " + at(whole_, change.bar) + " is another";
      }
      ++next;
    }
    return next == part_.signals.end() ? ""
                                       : "the signal at " + at(part_, next->bar) + " is only there without the rest";
  }

  std::string rules() {
    auto next = part_.fired.begin();
    for (const FiredRule& fired : whole_.fired) {
      if (!is_known(fired.bar)) continue;
      if (next == part_.fired.end() || fired.rule != next->rule || !same_bar(fired.bar, next->bar)) {
        return "the rule that fired at " + at(whole_, fired.bar) + " is another";
      }
      ++next;
    }
    return next == part_.fired.end() ? "" : "a rule fired at " + at(part_, next->bar) + " only without the rest";
  }

  const Tape& whole_;
  const Tape& part_;
  std::int64_t until_;
};

/// Orders but those that wait for a bar that the part has not.
std::string difference(const std::vector<Order>& whole, std::vector<Order> part) {
  part.erase(std::remove_if(part.begin(), part.end(), [](const Order& o) { return o.status == OrderStatus::pending; }),
             part.end());
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (i >= whole.size() || !same(whole[i], part[i]))
      return "the order at " + format_utc(part[i].time_ns) + " is another";
  }
  return {};
}

std::vector<std::int64_t> cuts_of(const Tape& tape, std::size_t count) {
  std::vector<std::int64_t> known(tape.intents.size());
  for (std::size_t i = 0; i < known.size(); ++i) known[i] = tape.market->known(i);
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  if (known.size() < 2) return {};
  std::vector<std::int64_t> cuts;
  const std::size_t last = known.size() - 2;  // something must be cut off
  for (std::size_t i = 0; i < count; ++i) {
    // Golden-ratio steps: spread over the whole, and not in step with anything in the data.
    const double place = std::fmod(0.618033988749895 * static_cast<double>(i + 1), 1.0);
    cuts.push_back(known[static_cast<std::size_t>(place * static_cast<double>(last + 1))]);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

}  // namespace

LookaheadReport check_lookahead(const Tape& whole, const Config& config, const Truncated& truncated, std::size_t cuts) {
  LookaheadReport report;
  Config without_end = config;
  without_end.close_at_end = false;  // an end of its own is no look ahead
  const Money cash = money_of(config.cash);
  const std::vector<Order> orders = run(whole, without_end, {}, cash, KeepEquity::no).orders;
  for (const std::int64_t until : cuts_of(whole, cuts)) {
    const Tape part = truncated(until);
    Comparison comparison(whole, part, until);
    std::string found = comparison.difference();
    if (found.empty() && comparison.is_prefix()) {
      ++report.cuts_with_orders;
      found = difference(orders, run(part, without_end, {}, cash, KeepEquity::no).orders);
    }
    ++report.cuts;
    report.bars_compared += part.intents.size();
    if (!found.empty()) report.findings.push_back(std::move(found));
  }
  return report;
}

}  // namespace tapeline::backtest
