// Ours: the event that the pipeline takes, validated, exact decimals; by the scan of the usual shape, and without it.
#include "bench/feeds/binance/scenario.hpp"
#include "feeds/binance/wire.hpp"

namespace tapeline::bench::binance {
namespace {

using feeds::binance::Parser;

Trade trade_of(const WireOutput& output) {
  const WireEvent& event = output.events.front();
  return {event.symbol,           event.trade_id,        event.event_ns / nanos_per_millisecond,
          to_double(event.price), to_double(event.size), event.side == Side::sell};
}

template <class Parse>
void events(benchmark::State& state, Parse parse) {
  Parser parser;
  WireOutput output;
  for (std::size_t i = 0; i < messages().size(); ++i) {
    output.clear();
    parse(parser, messages()[i], output);
    if (!(trade_of(output) == expected()[i])) return state.SkipWithError("a field was read wrong");
  }
  for (auto _ : state) {
    for (const Frame& frame : messages()) {
      output.clear();
      parse(parser, frame, output);
      benchmark::DoNotOptimize(output.events.data());
      benchmark::ClobberMemory();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(messages().size()));
}

void usual(benchmark::State& state) {
  events(state, [](Parser& parser, const Frame& frame, WireOutput& output) { parser.parse(frame, output); });
}
void as_json(benchmark::State& state) {
  events(state, [](Parser& parser, const Frame& frame, WireOutput& output) { parse_as_json(parser, frame, output); });
}

BENCHMARK(usual)->Name("feeds/binance/trade/tapeline");
BENCHMARK(as_json)->Name("feeds/binance/trade/tapeline_by_simdjson");

}  // namespace
}  // namespace tapeline::bench::binance
