// What a session does as time passes: requests that are spaced, silences, connections that grow old.
#include <algorithm>
#include <cstdio>

#include "feeds/transport/stream_session.hpp"

namespace tapeline::feeds {
namespace {

constexpr int asked_again_max = 3;
/// Both connections live so long: what the old one still has under way comes, and is told apart by its ids.
constexpr Nanos overlap_ns = 3 * nanos_per_second;
constexpr Nanos symbols_interval_ns = nanos_per_second / 4;
constexpr std::size_t troubles_max = 50;

std::string seconds(Nanos time_ns) {
  char text[32];
  static_cast<void>(std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(time_ns) / nanos_per_second));
  return text;
}

}  // namespace

void StreamSession::pass_time(Nanos now_ns) {
  for (std::size_t link = 0; link < links; ++link) {
    if (link_of(link).phase == Phase::waiting && now_ns >= link_of(link).due_ns) open(link, now_ns);
    if (link_of(link).phase == Phase::open) keep_link(link, now_ns);
  }
  const Link& carrier = link_of(carrier_);
  if (plan_.lifetime_ns > 0 && carrier.phase == Phase::open && now_ns - carrier.opened_ns >= plan_.lifetime_ns) {
    begin_rollover(now_ns);
  }
  if (rollover_ns_ != 0 && now_ns - rollover_ns_ >= overlap_ns) {
    rollover_ns_ = 0;
    actions_.push_back({StreamAction::Kind::close, carrier_, {}});
    link_of(carrier_).phase = Phase::idle;
    carrier_ = 1 - carrier_;
    backoff_.reset();
  }
  if (now_ns >= next_symbols_ns_) {
    next_symbols_ns_ = now_ns + symbols_interval_ns;
    keep_symbols(now_ns);
  }
  fetch_next(now_ns);
}

Nanos StreamSession::silence_limit_ns() const noexcept {
  Nanos expected_ns = plan_.heartbeat_ns != 0 ? plan_.heartbeat_ns : plan_.silence_ns_max;
  for (const Symbol& symbol : symbols_) {
    const Nanos cadence_ns = symbol.cadence.cadence_ns();
    if (cadence_ns > 0 && symbol.is_live) expected_ns = std::min(expected_ns, cadence_ns);
  }
  const Nanos limit_ns =
      std::max(silence_ns_min, static_cast<Nanos>(silence_factor * static_cast<double>(expected_ns)));
  return std::min(limit_ns, plan_.silence_ns_max);
}

void StreamSession::keep_link(std::size_t link, Nanos now_ns) {
  Link& one = link_of(link);
  if (const Nanos silent_ns = now_ns - one.heard_ns; silent_ns >= silence_ns_min && silent_ns >= silence_limit_ns()) {
    for (Symbol& symbol : symbols_) symbol.is_silent = symbol.is_live;
    return drop(link, "no message for " + seconds(silent_ns), now_ns);
  }
  if (!one.requests.empty() && now_ns >= one.next_request_ns) {
    actions_.push_back({StreamAction::Kind::send, link, one.requests.front()});
    one.requests.erase(one.requests.begin());
    one.next_request_ns = now_ns + plan_.request_spacing_ns;
    one.unacknowledged_ns = now_ns + acknowledgement_ns;
  }
  if (!plan_.keep_alive.empty() && now_ns >= one.next_keep_alive_ns) {
    one.next_keep_alive_ns = now_ns + plan_.keep_alive_ns;
    actions_.push_back({StreamAction::Kind::send, link, plan_.keep_alive});
  }
  if (one.unacknowledged_ns != 0 && one.requests.empty() && now_ns >= one.unacknowledged_ns) {
    check_acknowledgements(link, now_ns);
  }
}

void StreamSession::check_acknowledgements(std::size_t link, Nanos now_ns) {
  Link& one = link_of(link);
  one.unacknowledged_ns = 0;
  const auto is_missing = [](const Symbol& symbol) { return !symbol.is_acknowledged && symbol.refusal.empty(); };
  if (std::none_of(symbols_.begin(), symbols_.end(), is_missing)) return;
  if (one.asked_again++ == asked_again_max) {
    return drop(link, "subscriptions are not acknowledged", now_ns);
  }
  // Runs of symbols, so that those that are refused spoil no other request.
  for (std::size_t first = plan_.subscribed_by_address; first < symbols_.size(); ++first) {
    if (!is_missing(symbols_[first])) continue;
    std::size_t end = first + 1;
    while (end < symbols_.size() && end - first < plan_.symbols_per_request && is_missing(symbols_[end])) ++end;
    request_symbols(one, first, end);
    first = end - 1;
  }
}

void StreamSession::keep_symbols(Nanos now_ns) {
  const bool can_ask = plan_.backfill.trades_max > 0;
  const bool is_streaming = link_of(carrier_).phase == Phase::open;
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    Symbol& symbol = symbols_[i];
    if (!symbol.refusal.empty() || !is_streaming) continue;
    if (symbol.dead_ns != 0 && now_ns >= symbol.dead_ns) {
      symbol.dead_ns = 0;
      return drop(carrier_, symbol.name + " was silent while it traded", now_ns);
    }
    const std::uint64_t newest = symbol.sequence.newest();
    if (can_ask && symbol.catch_up_ns != 0 && now_ns >= symbol.catch_up_ns) {
      symbol.catch_up_ns = 0;
      want(i, newest == 0 ? 0 : newest + 1, BackfillRange::newest, now_ns);
    }
    if (symbol.is_silent || symbol.arrivals < arrivals_needed) continue;
    const double usual = std::max(silence_factor * static_cast<double>(symbol.cadence.cadence_ns()),
                                  static_cast<double>(silence_ns_min));
    if (static_cast<double>(now_ns - symbol.heard_ns) <= usual * symbol.patience) continue;
    symbol.is_silent = true;
    if (can_ask && newest != 0) want(i, newest + 1, BackfillRange::newest, now_ns);
  }
}

void StreamSession::describe(SourceStatus& status) const {
  status.state = state_;
  status.last_error = last_error_;
  status.errors = errors_;
  status.reconnects = reconnects_;
  status.gaps = gaps_;
  status.backfilled = backfilled_;
  status.repeated = repeated_;
  status.troubles.clear();
  const auto add = [&](const Symbol& symbol, std::string what) {
    if (status.troubles.size() < troubles_max) status.troubles.push_back({symbol.name, std::move(what)});
  };
  for (const Symbol& symbol : symbols_) {
    if (!symbol.refusal.empty()) {
      add(symbol, "refused: " + symbol.refusal);
    } else if (symbol.is_silent) {
      add(symbol, "silent; it is usually heard of every " + seconds(symbol.cadence.cadence_ns()));
    }
    if (symbol.sequence.missing() == 0) continue;
    add(symbol, std::to_string(symbol.sequence.missing()) + " trades are missing" +
                    (symbol.failure.empty() ? "" : "; " + symbol.failure));
  }
}

}  // namespace tapeline::feeds
