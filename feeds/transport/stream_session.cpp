#include "feeds/transport/stream_session.hpp"

#include <algorithm>
#include <utility>

#include "feeds/transport/retry_after.hpp"

namespace tapeline::feeds {
namespace {

/// A connection that lasts shorter than this is a failure like one that never was: it must not be followed by another
/// at once, for the source bans who connects too often.
constexpr Nanos settled_ns = 30 * nanos_per_second;
/// A trade that is overtaken by its successor is not missing yet.
constexpr Nanos gap_grace_ns = nanos_per_second / 4;
constexpr Nanos catch_up_grace_ns = 3 * nanos_per_second;
constexpr Nanos new_symbol_grace_ns = 10 * nanos_per_second;
/// REST may be a moment ahead of the stream.
constexpr Nanos dead_grace_ns = 2 * nanos_per_second;
constexpr double patience_max = 64;

}  // namespace

StreamSession::StreamSession(StreamPlan plan, std::uint64_t seed)
    : plan_(std::move(plan)),
      random_(seed),
      backoff_(nanos_per_second, plan_.reconnect_ns_max),
      backfill_(plan_.backfill) {
  symbols_.resize(plan_.symbols.size());
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    symbols_[i].name = plan_.symbols[i];
    by_name_.emplace(plan_.symbols[i], i);
  }
}

std::size_t StreamSession::find(std::string_view symbol) noexcept {
  // Trades come in runs of one symbol.
  if (last_found_ < symbols_.size() && symbols_[last_found_].name == symbol) return last_found_;
  const auto found = by_name_.find(symbol);
  if (found == by_name_.end()) return none;
  return last_found_ = found->second;
}

void StreamSession::resume(const JournaledTrade& trade) {
  const std::size_t index = find(trade.symbol);
  if (index == none) return;  // not subscribed to any more
  Symbol& symbol = symbols_[index];
  const std::uint64_t before = symbol.sequence.newest();
  if (symbol.sequence.add(trade.id, trade.event_ns).order == TradeOrder::gap) want(index, before + 1, trade.id - 1, 0);
  symbol.newest_event_ns = std::max(symbol.newest_event_ns, trade.event_ns);
}

void StreamSession::start(Nanos now_ns) { open(carrier_, now_ns); }

void StreamSession::open(std::size_t link, Nanos now_ns) {
  link_of(link) = {};
  link_of(link).phase = Phase::opening;
  link_of(link).heard_ns = now_ns;
  if (link == carrier_) state_ = "connecting";
  actions_.push_back({StreamAction::Kind::open, link, {}});
}

void StreamSession::opened(std::size_t link, Nanos now_ns) {
  Link& one = link_of(link);
  one.phase = Phase::open;
  one.opened_ns = one.heard_ns = now_ns;
  one.next_keep_alive_ns = now_ns + plan_.keep_alive_ns;
  if (link == carrier_) {
    state_ = "streaming";
    for (Symbol& symbol : symbols_) {
      const bool is_known = symbol.sequence.newest() != 0;
      symbol.refusal.clear();
      symbol.is_silent = false;
      symbol.heard_ns = now_ns;
      if (is_known) symbol.catch_up_ns = now_ns + catch_up_grace_ns;
      if (!is_known && plan_.asks_for_new_symbols) symbol.catch_up_ns = now_ns + new_symbol_grace_ns;
    }
  } else {
    rollover_ns_ = now_ns;
  }
  queue_subscriptions(link, now_ns);
}

void StreamSession::queue_subscriptions(std::size_t link, Nanos now_ns) {
  Link& one = link_of(link);
  for (std::size_t i = 0; i < symbols_.size(); ++i) symbols_[i].is_acknowledged = i < plan_.subscribed_by_address;
  requests_.clear();
  for (std::size_t first = plan_.subscribed_by_address; first < symbols_.size(); first += plan_.symbols_per_request) {
    request_symbols(one, first, std::min(first + plan_.symbols_per_request, symbols_.size()));
  }
  one.next_request_ns = now_ns;
  keep_link(link, now_ns);
}

void StreamSession::request_symbols(Link& link, std::size_t first, std::size_t end) {
  const std::uint64_t id = next_request_id_++;
  requests_.push_back({id, first, end});
  const std::span<const std::string> all(plan_.symbols);
  for (std::string& text : plan_.subscribe(all.subspan(first, end - first), id))
    link.requests.push_back(std::move(text));
}

void StreamSession::closed(std::size_t link, std::string reason, Nanos now_ns) {
  Link& one = link_of(link);
  const bool was_open = one.phase == Phase::open;
  const bool is_settled = was_open && now_ns - one.opened_ns >= settled_ns;
  one.phase = Phase::idle;
  if (is_settled) backoff_.reset();
  complain(std::move(reason));
  if (other_of(link).phase == Phase::open) {  // the other one carries on
    next_rollover_ns_ = now_ns + std::max(nanos_per_second, backoff_.next(random_()));
    carrier_ = 1 - link;
    rollover_ns_ = 0;
    return;
  }
  ++reconnects_;
  if (other_of(link).phase != Phase::idle) {  // it is on its way
    carrier_ = 1 - link;
    return;
  }
  reopen(link, now_ns);
}

void StreamSession::reopen(std::size_t link, Nanos now_ns) {
  const Nanos delay_ns = backoff_.next(random_());
  carrier_ = link;
  state_ = "reconnecting: " + last_error_;
  if (delay_ns == 0) return open(link, now_ns);
  link_of(link).phase = Phase::waiting;
  link_of(link).due_ns = now_ns + delay_ns;
}

void StreamSession::drop(std::size_t link, std::string reason, Nanos now_ns) {
  actions_.push_back({StreamAction::Kind::close, link, {}});
  closed(link, std::move(reason), now_ns);
}

void StreamSession::begin_rollover(Nanos now_ns) {
  const std::size_t spare = 1 - carrier_;
  if (now_ns < next_rollover_ns_) return;
  if (link_of(carrier_).phase == Phase::open && link_of(spare).phase == Phase::idle) open(spare, now_ns);
}

void StreamSession::live(Symbol& symbol, Nanos now_ns) {
  symbol.is_live = true;
  symbol.catch_up_ns = 0;
  symbol.dead_ns = 0;
  symbol.is_silent = false;
  symbol.patience = 1;
  symbol.heard_ns = now_ns;
  if (symbol.arrivals < arrivals_needed) ++symbol.arrivals;
  symbol.cadence.arrive(now_ns, {silence_factor, silence_ns_min});
}

TradeOrder StreamSession::take_trade(std::size_t index, const WireEvent& event, Nanos now_ns) {
  Symbol& symbol = symbols_[index];
  const std::uint64_t before = symbol.sequence.newest();
  const TradeSequence::Seen seen = symbol.sequence.add(event.trade_id, event.event_ns);
  if (seen.order == TradeOrder::gap) {
    ++gaps_;
    want(index, before + 1, event.trade_id - 1, now_ns + gap_grace_ns);
  }
  symbol.newest_event_ns = std::max(symbol.newest_event_ns, event.event_ns);
  return seen.order;
}

bool StreamSession::heard(std::size_t link, std::string_view padded, Nanos wall_ns, Nanos now_ns) {
  Frame frame;
  frame.receive_ns = wall_ns;
  frame.source = plan_.code;
  frame.channel = plan_.channel;
  frame.payload = padded;
  output_.clear();
  plan_.parser->parse(frame, output_);
  link_of(link).heard_ns = now_ns;
  bool is_repeated_alone = !output_.events.empty();
  for (const WireEvent& event : output_.events) {
    const std::size_t index = event.symbol.empty() ? none : find(event.symbol);
    bool repeated = false;
    if (event.kind == EventKind::refusal) take_refusal(event, link, now_ns);
    if (index != none &&
        (event.kind == EventKind::tick || event.kind == EventKind::quote || event.kind == EventKind::source_bar)) {
      if (event.kind == EventKind::tick && event.trade_id != 0) {
        repeated = is_repeated(take_trade(index, event, now_ns));
      }
      live(symbols_[index], now_ns);
    }
    is_repeated_alone = is_repeated_alone && repeated;
  }
  for (const WireNotice& notice : output_.notices) take_notice(notice, now_ns);
  if (!is_repeated_alone || other_of(link).phase != Phase::open) return true;
  ++repeated_;
  return false;
}

void StreamSession::take_refusal(const WireEvent& event, std::size_t link, Nanos now_ns) {
  Link& one = link_of(link);
  if (event.reason == Reason::refused_rate_limit) one.next_request_ns = now_ns + silence_ns_min;
  const std::size_t index = event.symbol.empty() ? none : find(event.symbol);
  complain(std::string(event.text));
  if (index == none) return;
  symbols_[index].refusal = std::string(event.text);
  symbols_[index].catch_up_ns = 0;
  // Where one symbol spoils the request of all, the others are asked for again without it.
  if (one.unacknowledged_ns != 0)
    one.unacknowledged_ns = std::min(one.unacknowledged_ns, now_ns + nanos_per_second / 2);
}

void StreamSession::take_notice(const WireNotice& notice, Nanos now_ns) {
  switch (notice.kind) {
    case WireNotice::Kind::closing: return begin_rollover(now_ns);
    case WireNotice::Kind::subscribed:
      for (const Request& request : requests_) {
        if (!notice.symbol.empty() || request.id != notice.id) continue;
        for (std::size_t i = request.first; i < request.end; ++i) symbols_[i].is_acknowledged = true;
      }
      if (const std::size_t index = notice.symbol.empty() ? none : find(notice.symbol); index != none) {
        symbols_[index].is_acknowledged = true;
      }
      return;
    case WireNotice::Kind::newest_trade: {
      const std::size_t index = find(notice.symbol);
      if (index == none) return;
      Symbol& symbol = symbols_[index];
      const std::uint64_t newest = symbol.sequence.newest();
      // Told twice, and not come between: it will not come.
      if (newest != 0 && symbol.told_newest > newest) want(index, newest + 1, symbol.told_newest, now_ns);
      symbol.told_newest = notice.id;
      live(symbol, now_ns);
      return;
    }
  }
}

void StreamSession::want(std::size_t index, std::uint64_t first, std::uint64_t last, Nanos due_ns) {
  backfill_.want({index, first, last, symbols_[index].newest_event_ns, due_ns});
  note_failures();
}

void StreamSession::fetch_next(Nanos now_ns) {
  while (const auto wanted = backfill_.next(now_ns)) {
    Symbol& symbol = symbols_[wanted->symbol];
    // What has come meanwhile by the stream is not asked for.
    if (!wanted->is_open_ended() && symbol.sequence.newest() >= wanted->last &&
        !symbol.sequence.lacks(wanted->first, wanted->last)) {
      backfill_.answered({wanted->first, wanted->last, 1, wanted->since_ns}, now_ns);
      continue;
    }
    const BackfillRange range{symbol.name, wanted->first, wanted->last};
    const std::size_t page_max = wanted->first == 0 ? 1 : plan_.backfill.page_max;
    actions_.push_back({StreamAction::Kind::fetch, 0, plan_.backfill.target({range, wanted->since_ns, page_max}),
                        backfill_context(range)});
    symbol.checked_id = symbol.sequence.newest();
    return;
  }
}

void StreamSession::answered(const StreamAnswer& answer, Nanos wall_ns, Nanos now_ns) {
  if (!backfill_.is_busy()) return;
  const WantedTrades wanted = *backfill_.under_way();
  Frame frame;
  frame.receive_ns = wall_ns;
  frame.source = plan_.code;
  frame.channel = plan_.backfill.channel;
  frame.http_status = answer.status;
  frame.context = answer.context;
  frame.payload = answer.body;
  output_.clear();
  plan_.parser->parse(frame, output_);
  AnsweredTrades trades;
  for (const WireEvent& event : output_.events) {
    if (event.kind == EventKind::tick) {
      ++trades.count;
      trades.lowest = trades.lowest == 0 ? event.trade_id : std::min(trades.lowest, event.trade_id);
      trades.highest = std::max(trades.highest, event.trade_id);
      trades.newest_event_ns = std::max(trades.newest_event_ns, event.event_ns);
      if (!is_repeated(take_trade(wanted.symbol, event, now_ns))) ++backfilled_;
      continue;
    }
    const std::string why = plan_.symbols[wanted.symbol] + ": " + std::string(event.text);
    if (event.reason == Reason::refused_rate_limit) {
      const Nanos pause_ns = answer.retry_after_s > 0 ? answer.retry_after_s * nanos_per_second : rate_limit_pause_ns;
      backfill_.troubled(why, pause_ns, random_(), now_ns);
    } else if (event.reason == Reason::refused_permanent) {
      backfill_.refused(why);
      Symbol& symbol = symbols_[wanted.symbol];
      if (!symbol.is_live) symbol.refusal = std::string(event.text);
    } else {
      backfill_.troubled(why, 0, random_(), now_ns);
    }
    complain(why);
    note_failures();
    return;
  }
  Symbol& symbol = symbols_[wanted.symbol];
  backfill_.answered(trades, now_ns);
  if (wanted.is_open_ended() && symbol.is_silent) {
    if (trades.count > 0 && trades.highest > symbol.checked_id) {
      symbol.dead_ns = now_ns + dead_grace_ns;
    } else {  // quiet, no more
      symbol.is_silent = false;
      symbol.patience = std::min(symbol.patience * 2, patience_max);
    }
  }
  note_failures();
  fetch_next(now_ns);
}

void StreamSession::fetch_failed(std::string why, Nanos now_ns) {
  backfill_.troubled(why, 0, random_(), now_ns);
  complain(std::move(why));
  note_failures();
}

void StreamSession::note_failures() {
  for (FailedTrades& failed : backfill_.take_failures()) symbols_[failed.wanted.symbol].failure = std::move(failed.why);
}

void StreamSession::complain(std::string text) {
  ++errors_;
  last_error_ = std::move(text);
}

}  // namespace tapeline::feeds
