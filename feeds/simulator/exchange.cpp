#include "feeds/simulator/exchange.hpp"

#include <algorithm>
#include <utility>

namespace tapeline::feeds::simulator {

Exchange::Exchange(const SimulatorOptions& options, Nanos start_ns)
    : options_(options),
      market_({.symbols = options.symbols,
               .seed = options.seed,
               .volatility = options.volatility,
               .equity_session = options.equity_session,
               .start_ns = start_ns}),
      tape_(market_, {.seed = options.seed, .rate = options.rate, .start_ns = start_ns}),
      writer_(market_, tape_) {}

Nanos Exchange::quote_time_ns(Nanos now_ns) const noexcept {
  const bool tape_runs = tape_.has_trades() && !plays_recordings();
  return tape_runs ? std::min(now_ns, tape_.next_event_ns()) : now_ns;
}

void Exchange::publish(const Trade& trade) {
  const auto deliver = [&](Listener& listener) {
    listener.client->send(listener.envelope == Envelope::combined ? std::string_view(text_)
                                                                  : BinanceWriter::raw_of(text_));
  };
  for (const TimeUnit unit : {TimeUnit::millisecond, TimeUnit::microsecond}) {
    bool written = false;
    for (Listener* listener : listeners_) {
      if (listener->time_unit != unit || !listener->streams.wants_trades_of(trade.asset)) continue;
      if (!std::exchange(written, true)) writer_.write_trade(trade, unit, text_);
      deliver(*listener);
    }
  }
  bool written = false;
  for (Listener* listener : listeners_) {
    if (!listener->streams.wants_book_of(trade.asset)) continue;
    if (!std::exchange(written, true)) writer_.write_book_ticker(trade, text_);
    deliver(*listener);
  }
}

void Exchange::publish_until(Nanos now_ns) {
  if (!tape_.has_trades()) return;
  for (int count = 0; count < trades_per_batch_max && tape_.next_event_ns() <= now_ns; ++count) publish(tape_.next());
  for (Listener* listener : listeners_) listener->client->flush();
}

}  // namespace tapeline::feeds::simulator
