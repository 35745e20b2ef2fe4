#include "feeds/simulator/exchange.hpp"

#include <algorithm>

namespace tapeline::feeds::simulator {

Exchange::Exchange(const SimulatorOptions& options, Nanos start_ns)
    : options_(options),
      market_({.symbols = options.symbols,
               .seed = options.seed,
               .volatility = options.volatility,
               .equity_session = options.equity_session,
               .start_ns = start_ns}),
      tape_(market_, {.seed = options.seed, .rate = options.rate, .start_ns = start_ns}),
      history_(market_, tape_) {}

Nanos Exchange::quote_time_ns(Nanos now_ns) const noexcept {
  const bool tape_runs = tape_.has_trades() && !plays_recordings();
  return tape_runs ? std::min(now_ns, tape_.next_event_ns()) : now_ns;
}

void Exchange::publish(const Trade& trade) {
  Trade told = trade;
  told.event_ns += Nanos{options_.clock_ahead_ms} * nanos_per_millisecond;
  history_.add(told);
  for (Listener* listener : listeners_) {
    listener->dialect->tell(told, [&](std::string_view message) { listener->client->send(message); });
  }
}

void Exchange::publish_until(Nanos now_ns) {
  if (!tape_.has_trades()) return;
  for (int count = 0; count < trades_per_batch_max && tape_.next_event_ns() <= now_ns; ++count) publish(tape_.next());
  flush();
}

void Exchange::broadcast(std::string_view message) {
  history_.add_recorded(message);
  for (Listener* listener : listeners_) listener->client->send(message);
}

void Exchange::flush() {
  for (Listener* listener : listeners_) listener->client->flush();
}

void Exchange::cut_all(Nanos until_ns) {
  closed_until_ns_ = until_ns;
  for (Listener* listener : listeners_) listener->client->drop();
}

}  // namespace tapeline::feeds::simulator
