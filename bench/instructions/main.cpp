// Instructions of the parts that every message passes, for callgrind: the same work in every run, to the last instruction.
//
// A regression here is certain where a time is only likely: ./dev bench compare A B counts two commits.
//
// Output    a line per part: "<name> <items>"; callgrind dumps the instructions of each under the same name.
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <stdlib.h>
#include <valgrind/callgrind.h>

#include "core/indicators/indicator_set.hpp"
#include "core/journal/journal_reader.hpp"
#include "core/journal/journal_writer.hpp"
#include "core/ring/spsc_ring.hpp"
#include "feeds/binance/wire.hpp"
#include "sinks/postgres/copy_encoder.hpp"

namespace tapeline::bench {
namespace {

constexpr std::size_t items = 10'000;

/// Counts what `work` does, under `name`; a first run outside of the count fills buffers and caches.
template <class Work>
void count(const char* name, Work work) {
  work();
  CALLGRIND_ZERO_STATS;
  CALLGRIND_START_INSTRUMENTATION;
  work();
  CALLGRIND_STOP_INSTRUMENTATION;
  CALLGRIND_DUMP_STATS_AT(name);
  std::printf("%s %zu\n", name, items);
}

std::vector<std::string> trades() {
  std::vector<std::string> made;
  std::int64_t cents = 6'183'763;
  for (std::size_t i = 0; i < items; ++i) {
    cents += static_cast<std::int64_t>(i * 7'919 % 201) - 100;
    std::array<char, 512> text{};
    std::snprintf(
        text.data(), text.size(),
        R"({"stream":"btcusdt@trade","data":{"e":"trade","E":%zu,"s":"BTCUSDT","t":%zu,"p":"%lld.%02lld000000",)"
        R"("q":"0.%05zu000","T":%zu,"m":%s,"M":true}})",
        1'723'161'255'001 + i, 3'735'683'259 + i, static_cast<long long>(cents / 100),
        static_cast<long long>(cents % 100), i * 37 % 100'000 + 1, 1'723'161'255'000 + i,
        i % 2 == 0 ? "true" : "false");
    std::string message = text.data();
    message.reserve(message.size() + frame_padding_bytes);
    made.push_back(std::move(message));
  }
  return made;
}

void count_parsing() {
  const std::vector<std::string> messages = trades();
  feeds::binance::Parser parser;
  WireOutput output;
  const auto read_all = [&](auto parse) {
    for (const std::string& message : messages) {
      output.clear();
      Frame frame;
      frame.channel = feeds::binance::combined;
      frame.payload = message;
      parse(frame);
    }
  };
  count("binance_trade", [&] { read_all([&](const Frame& frame) { parser.parse(frame, output); }); });
  count("binance_trade_by_simdjson",
        [&] { read_all([&](const Frame& frame) { parse_as_json(parser, frame, output); }); });
}

void count_indicators() {
  IndicatorSet set(IndicatorsConfig{}, 365.0);
  double sum = 0;
  count("indicator_set", [&] {
    std::int64_t close = 6'183'763;
    for (std::size_t i = 0; i < items; ++i) {
      close += static_cast<std::int64_t>(i * 7'919 % 201) - 100;
      set.update(close, -2);
      const IndicatorValues values = set.values();
      sum += values.sma + values.bb_upper;
    }
  });
  if (sum == 0) std::puts("nothing");  // so that nothing is optimised away
}

void count_ring() {
  SpscRing<std::array<std::uint64_t, 8>> ring(1'024);
  std::uint64_t sum = 0;
  count("ring_line_64", [&] {
    for (std::size_t i = 0; i < items; ++i) {
      (*ring.try_claim())[0] = i;
      ring.publish();
      sum += ring.peek().front()[0];
      ring.release(1);
    }
  });
  if (sum == 0) std::puts("nothing");
}

void count_journal() {
  std::string directory = "/tmp/tapeline-instructions-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) return;
  {
    JournalConfig config;
    config.directory = directory;
    JournalWriter writer(config);
    const std::vector<std::string> messages = trades();
    count("journal_append", [&] {
      for (const std::string& message : messages) static_cast<void>(writer.append({}, {}, message));
    });
    JournalReader reader(config, &writer.share());
    count("journal_read", [&] {
      reader.seek(reader.first_position());
      Frame frame;
      for (std::size_t i = 0; i < items && reader.next(writer.end_position(), frame); ++i) {
      }
    });
  }
  std::filesystem::remove_all(directory);
}

void count_encoding() {
  sinks::postgres::CopyEncoder encoder;
  count("copy_row", [&] {
    encoder.clear();
    for (std::size_t i = 0; i < items; ++i) {
      const auto number = static_cast<std::int64_t>(i);
      encoder.begin_row(6);
      encoder.timestamptz(1'723'161'255'000'000'000 + number);
      encoder.int8(number);
      encoder.int4(7);
      encoder.int2(3);
      encoder.float8(static_cast<double>(i) / 3);
      encoder.numeric(6'183'763 + number, -2);
    }
  });
}

}  // namespace
}  // namespace tapeline::bench

int main() {
  tapeline::bench::count_parsing();
  tapeline::bench::count_indicators();
  tapeline::bench::count_ring();
  tapeline::bench::count_journal();
  tapeline::bench::count_encoding();
}
