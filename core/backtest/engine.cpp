#include "core/backtest/engine.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

namespace tapeline::backtest {
namespace {

Price open_of(const Bar& bar) noexcept { return {Int128{bar.open}, bar.price_exponent}; }
Price close_of(const Bar& bar) noexcept { return {Int128{bar.close}, bar.price_exponent}; }

Intents allowed_by(Direction direction) noexcept {
  switch (direction) {
    case Direction::long_only: return open_long | close_long;
    case Direction::short_only: return open_short | close_short;
    case Direction::both: break;
  }
  return open_long | close_long | open_short | close_short;
}

class Run {
 public:
  Run(const Tape& tape, const Config& config, const Window& window, Money cash, KeepEquity keep_equity)
      : config_(config),
        bars_(tape.market->bars),
        intents_(tape.intents),
        allowed_(allowed_by(config.direction)),
        account_(config, cash, tape.market->series.size()),
        pending_(tape.market->series.size()),
        keep_equity_(keep_equity),
        result_(cash) {
    // A shorter history has no more intents than bars.
    ends_.reserve(intents_.size());
    for (std::size_t i = 0; i < intents_.size(); ++i) {
      if (window.holds(bars_[i])) ends_.push_back(i);
    }
    begins_ = ends_;
    const auto begins_earlier = [&](std::size_t a, std::size_t b) { return bars_[a].start_ns < bars_[b].start_ns; };
    if (!std::is_sorted(ends_.begin(), ends_.end(), begins_earlier)) {
      sorted_.assign(ends_.begin(), ends_.end());
      std::stable_sort(sorted_.begin(), sorted_.end(), begins_earlier);
      begins_ = sorted_;
    }
    result_.bars = ends_.size();
    if (keep_equity_ == KeepEquity::yes) result_.equity.reserve(ends_.size());
  }

  Result take() {
    std::size_t next_begin = 0;
    for (std::size_t i = 0; i < ends_.size();) {
      const Nanos now_ns = bars_[ends_[i]].end_ns;
      for (; next_begin < begins_.size() && bars_[begins_[next_begin]].start_ns < now_ns;) fill_at_open(next_begin);
      std::size_t after = i;
      while (after < ends_.size() && bars_[ends_[after]].end_ns == now_ns) ++after;
      end_bars(i, after, now_ns);
      i = after;
      if (i == ends_.size()) finish();
      const EquityPoint point{now_ns, account_.equity(), account_.cash(), account_.exposure()};
      result_.curve.add(point);
      if (keep_equity_ == KeepEquity::yes) result_.equity.push_back(point);
    }
    result_.slippage = account_.slippage();
    result_.orders = account_.take_orders();
    result_.trades = account_.take_trades();
    return std::move(result_);
  }

 private:
  struct Pending {
    Intents intents = 0;
    Nanos signal_ns = 0;
  };

  /// What of `intents` can be done with the position that there is.
  [[nodiscard]] Intents possible(std::uint32_t series, Intents intents) const noexcept {
    intents &= allowed_;
    const std::int64_t quantity = account_.quantity(series);
    if (quantity <= 0) intents &= static_cast<Intents>(~close_long);
    if (quantity >= 0) intents &= static_cast<Intents>(~close_short);
    // A position is opened from nothing, or from the other side that is closed with the same decision.
    const bool will_be_flat = quantity == 0 || (intents & (close_long | close_short)) != 0;
    if (!will_be_flat || quantity > 0) intents &= static_cast<Intents>(~open_long);
    if (!will_be_flat || quantity < 0) intents &= static_cast<Intents>(~open_short);
    // Contradictory rules open nothing.
    if ((intents & open_long) != 0 && (intents & open_short) != 0) {
      intents &= static_cast<Intents>(~(open_long | open_short));
    }
    return intents;
  }

  void close_position(const Account::Fill& fill, Intents intents) {
    if ((intents & (close_long | close_short)) != 0) account_.close(fill);
  }
  void open_position(const Account::Fill& fill, Intents intents) {
    if ((intents & open_long) != 0) account_.open(fill, open_long);
    if ((intents & open_short) != 0) account_.open(fill, open_short);
  }

  /// All bars that begin at the instant of begins_[next]; moves `next` behind them.
  void fill_at_open(std::size_t& next) {
    const std::size_t first = next;
    const Nanos now_ns = bars_[begins_[first]].start_ns;
    bool any = false;
    for (; next < begins_.size() && bars_[begins_[next]].start_ns == now_ns; ++next) {
      any = any || pending_[bars_[begins_[next]].series].intents != 0;
    }
    if (!any) return;
    const auto fill_each = [&](auto&& act) {
      for (std::size_t i = first; i < next; ++i) {
        const Bar& bar = bars_[begins_[i]];
        const Pending& pending = pending_[bar.series];
        if (pending.intents != 0) {
          act(Account::Fill{bar.series, pending.signal_ns, now_ns, open_of(bar)}, pending.intents);
        }
      }
    };
    fill_each([&](const Account::Fill& fill, Intents intents) { close_position(fill, intents); });
    fill_each([&](const Account::Fill& fill, Intents intents) {
      open_position(fill, intents);
      pending_[fill.series] = {};
    });
  }

  void end_bars(std::size_t first, std::size_t after, Nanos now_ns) {
    for (std::size_t i = first; i < after; ++i) account_.mark(bars_[ends_[i]].series, close_of(bars_[ends_[i]]));
    if (config_.fill == Fill::same_close) {
      fill_at_close(first, after, now_ns);
      return;
    }
    for (std::size_t i = first; i < after; ++i) {
      const Bar& bar = bars_[ends_[i]];
      const Intents intents = possible(bar.series, intents_[ends_[i]]);
      if (intents != 0) pending_[bar.series] = {intents, now_ns};
    }
  }

  void fill_at_close(std::size_t first, std::size_t after, Nanos now_ns) {
    // What is possible is asked before anything is closed: a closed position would look like none.
    for (std::size_t i = first; i < after; ++i) {
      const std::uint32_t series = bars_[ends_[i]].series;
      pending_[series] = {possible(series, intents_[ends_[i]]), now_ns};
    }
    const auto fill_of = [&](std::size_t i) {
      const Bar& bar = bars_[ends_[i]];
      return Account::Fill{bar.series, now_ns, now_ns, close_of(bar)};
    };
    for (std::size_t i = first; i < after; ++i) close_position(fill_of(i), pending_[bars_[ends_[i]].series].intents);
    for (std::size_t i = first; i < after; ++i) {
      const std::uint32_t series = bars_[ends_[i]].series;
      open_position(fill_of(i), pending_[series].intents);
      pending_[series] = {};
    }
  }

  /// After the last bar.
  void finish() {
    std::vector<std::size_t> last(pending_.size(), bars_.size());
    for (const std::size_t i : ends_) last[bars_[i].series] = i;
    for (std::uint32_t series = 0; series < pending_.size(); ++series) {
      const Pending pending = std::exchange(pending_[series], {});
      for (const Intent action : {close_long, close_short, open_long, open_short}) {
        if ((pending.intents & action) != 0) account_.leave_pending(series, action, pending.signal_ns);
      }
      if (!config_.close_at_end || account_.quantity(series) == 0) continue;
      const Bar& bar = bars_[last[series]];
      account_.close({series, bar.end_ns, bar.end_ns, close_of(bar), OrderReason::end});
    }
  }

  const Config& config_;
  const LongVector<Bar>& bars_;
  const std::vector<Intents>& intents_;
  Intents allowed_;
  Account account_;
  std::vector<Pending> pending_;         // by series: decided, and waiting for its next bar
  LongVector<std::size_t> ends_;         // bars of the window, in the order of their ends
  std::span<const std::size_t> begins_;  // and in that of their beginnings
  LongVector<std::size_t> sorted_;       // what begins_ shows where the two orders differ
  KeepEquity keep_equity_;
  Result result_;
};

}  // namespace

Result run(const Tape& tape, const Config& config, const Window& window, Money cash, KeepEquity keep_equity) {
  return Run(tape, config, window, cash, keep_equity).take();
}

}  // namespace tapeline::backtest
