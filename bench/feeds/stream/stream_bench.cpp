// What the thread that feeds the pipeline costs: WebSocket on loopback, session, journal. The exchange is the simulator on a
// thread of its own, which waits for nobody; time is that of the feeding thread alone. `share` is of one core: the limit is
// 0.05 at 2,500 messages a second (the worst recorded second). `behind` is the part of the messages of an open loop that
// had not been taken when it ended.
//
// Checked   after the timed part: no more than a hundredth is behind. What the messages say, nobody here looks at.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <time.h>

#include "core/journal/journal_writer.hpp"
#include "core/journal/segment_supply.hpp"
#include "core/runtime/operations.hpp"
#include "core/stages/journal_mark.hpp"
#include "feeds/binance/source.hpp"
#include "feeds/poller.hpp"
#include "feeds/simulator/server.hpp"

namespace tapeline::bench {
namespace {

constexpr Nanos run_ns = 2 * nanos_per_second;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class Exchange {
 public:
  explicit Exchange(double rate) : server_(options(rate)), thread_([this] { server_.run(); }) {}
  ~Exchange() {
    server_.stop();
    thread_.join();
  }
  [[nodiscard]] std::string address() const { return server_.address(); }
  [[nodiscard]] std::uint64_t sent() const { return server_.counters().market_messages; }

 private:
  static feeds::simulator::SimulatorOptions options(double rate) {
    feeds::simulator::SimulatorOptions options;
    options.rate = rate;
    options.out_queue_bytes_max = std::size_t{1} << 30;
    return options;
  }
  feeds::simulator::Simulator server_;
  std::thread thread_;
};

struct Taken {
  std::uint64_t messages = 0;
  std::uint64_t sent = 0;
  double seconds = 0;  // of the feeding thread
};

feeds::binance::Config config_of(const Exchange& exchange) {
  feeds::binance::Config config;
  config.websocket_url = "ws://" + exchange.address();
  for (const char* name : {"BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT"}) config.symbols.push_back({name, name});
  return config;
}

Taken take_by_feed(double rate) {
  Exchange exchange(rate);
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "tapeline-bench-stream";
  std::filesystem::remove_all(folder);
  Taken taken;
  {
    JournalWriter journal({.directory = folder.string(), .segment_bytes = std::size_t{64} << 20});
    const SegmentSupply supply(journal);  // as in a lane: what it does is not the feeding thread's
    SpscRing<JournalMark> marks(1'024);
    Operations operations;
    feeds::Poller poller({}, journal, marks, operations);
    poller.add(feeds::binance::make_source(poller.context(), config_of(exchange), {}));
    while (poller.counts().frames.value() == 0) {
      if (poller.poll() == 0) poller.wait(nanos_per_millisecond);
    }
    const std::uint64_t before = poller.counts().frames.value();
    const std::uint64_t sent_before = exchange.sent();
    const double began = thread_seconds();
    for (const Nanos end_ns = steady_now_ns() + run_ns; steady_now_ns() < end_ns;) {
      if (poller.poll() == 0) poller.wait(nanos_per_millisecond);
      for (auto ready = marks.peek(); !ready.empty(); ready = marks.peek()) marks.release(ready.size());
    }
    taken = {poller.counts().frames.value() - before, exchange.sent() - sent_before, thread_seconds() - began};
    while (!poller.drained()) {
    }
  }
  std::filesystem::remove_all(folder);
  return taken;
}

/// The peer: Beast alone, reading messages and doing nothing with them.
Taken take_by_beast(double rate) {
  namespace beast = boost::beast;
  Exchange exchange(rate);
  boost::asio::io_context context;
  beast::websocket::stream<beast::tcp_stream> stream(context);
  const std::string address = exchange.address();
  const std::size_t colon = address.rfind(':');
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)));
  beast::get_lowest_layer(stream).connect({boost::asio::ip::make_address(address.substr(0, colon)), port});
  stream.handshake(address, "/stream?streams=btcusdt@trade/ethusdt@trade/solusdt@trade/dogeusdt@trade");
  beast::flat_buffer buffer;
  Taken taken;
  const double began = thread_seconds();
  for (const Nanos end_ns = steady_now_ns() + run_ns; steady_now_ns() < end_ns;) {
    stream.read(buffer);
    buffer.consume(buffer.size());
    ++taken.messages;
  }
  taken.sent = exchange.sent();
  taken.seconds = thread_seconds() - began;
  return taken;
}

void report(benchmark::State& state, Taken (*take)(double)) {
  const auto rate = static_cast<double>(state.range(0));
  Taken all;
  for (auto _ : state) {
    const Taken taken = take(rate);
    state.SetIterationTime(taken.seconds);
    all.messages += taken.messages;
    all.sent += taken.sent;
    all.seconds += taken.seconds;
  }
  const double wall_s = static_cast<double>(run_ns) * 1e-9 * static_cast<double>(state.iterations());
  state.counters["share"] = all.seconds / wall_s;
  state.counters["messages_per_s"] = static_cast<double>(all.messages) / wall_s;
  const double behind = 1 - static_cast<double>(all.messages) / static_cast<double>(std::max(all.sent, all.messages));
  state.counters["behind"] = behind;
  state.SetItemsProcessed(static_cast<std::int64_t>(all.messages));
  // What is under way at the end is a few milliseconds' worth; more is a feed that does not keep up.
  if (behind > 0.01) state.SkipWithError("it falls behind");
}

BENCHMARK_CAPTURE(report, tapeline, take_by_feed)
    ->Name("feeds/stream/tapeline")
    ->Arg(2'500)
    ->Arg(200'000)
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(report, beast_alone, take_by_beast)
    ->Name("feeds/stream/beast_alone")
    ->Arg(2'500)
    ->Arg(200'000)
    ->UseManualTime()
    ->Iterations(1);

}  // namespace
}  // namespace tapeline::bench
