// What the journal adds to a frame: one append, as the poller does it, of a trade message of a usual length.
//
// A regression here means that something crept between a source's bytes and everyone else: a page fault, a file that is
// made on the hot path, a lock.
//
// Contenders   tapeline: everything that a running lane has (segments ahead of their use, hashes, compression);
//              alone: the writer by itself; limit_copy: the same bytes copied into memory that is there already;
//              limit_new_pages: the machine gives as many new pages of a file as the records fill, and nothing is written.
// Counters     p50_ns, p99_ns and max_ns of one append in a run of many: what a histogram of the hot path would show.
// Checked      after the timed part every frame is read back.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/pipeline/trade_frames.hpp"
#include "bench/support/memory_at_hand.hpp"
#include "core/base/time.hpp"
#include "core/journal/journal_keeper.hpp"
#include "core/journal/journal_reader.hpp"
#include "core/journal/segment_supply.hpp"

namespace tapeline::bench {
namespace {

constexpr std::size_t frames_per_run = 1'000'000;
constexpr std::size_t frames_per_sample = 16;  // asking the clock costs as much as an append

const std::string& message() {
  static const std::string text =
      R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255400,"s":"BTCUSDT","t":3735683259,)"
      R"("p":"61837.63000000","q":"0.00054000","T":1723161255399,"m":true,"M":true}})";
  return text;
}

/// Of all records, and of what is made ahead.
std::size_t memory_bytes(const JournalConfig& config) {
  return frames_per_run * record_bytes_of(0, message().size()) + 2 * config.segment_bytes;
}

template <class Append>
void measure(benchmark::State& state, const Append& append) {
  std::vector<double> samples;
  samples.reserve(frames_per_run / frames_per_sample);
  for (std::size_t i = 0; i < frames_per_run; i += frames_per_sample) {
    const Nanos begin_ns = steady_now_ns();
    for (std::size_t j = 0; j < frames_per_sample; ++j) append(i + j);
    samples.push_back(static_cast<double>(steady_now_ns() - begin_ns) / frames_per_sample);
  }
  std::sort(samples.begin(), samples.end());
  state.counters["p50_ns"] = samples[samples.size() / 2];
  state.counters["p99_ns"] = samples[samples.size() * 99 / 100];
  state.counters["max_ns"] = samples.back() * frames_per_sample;
}

enum class Company { alone, kept };

void append(benchmark::State& state, Company company) {
  for (auto _ : state) {
    state.PauseTiming();
    JournalConfig config;
    config.directory = TradeFrames::make_directory(TradeFrames::Medium::disk);
    have_memory_at_hand(config.directory, memory_bytes(config));
    auto writer = std::make_unique<JournalWriter>(config);
    Operations operations;
    std::unique_ptr<SegmentSupply> supply;
    std::unique_ptr<JournalKeeper> keeper;
    if (company == Company::kept) {
      supply = std::make_unique<SegmentSupply>(*writer);
      keeper = std::make_unique<JournalKeeper>(*writer, operations, JournalKeeper::Needs{});
    }
    state.ResumeTiming();
    measure(state, [&](std::size_t i) {
      benchmark::DoNotOptimize(
          writer->append({.source = SourceCode{4}, .channel = 1, .receive_ns = static_cast<Nanos>(i)}, {}, message()));
    });
    state.PauseTiming();
    JournalReader reader(config);
    reader.seek(writer->first_position());
    std::size_t read = 0;
    for (Frame frame; reader.next(writer->end_position(), frame); ++read) {
      if (frame.payload != message()) state.SkipWithError("a frame is not what was appended");
    }
    if (read != frames_per_run) state.SkipWithError("frames are missing");
    keeper.reset();
    supply.reset();
    writer.reset();
    std::filesystem::remove_all(config.directory);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(frames_per_run));
}

void limit_copy(benchmark::State& state) {
  std::vector<char> memory(std::size_t{64} << 20, 'x');
  for (auto _ : state) {
    std::size_t offset = 0;
    measure(state, [&](std::size_t) {
      if (offset + message().size() > memory.size()) offset = 0;
      std::memcpy(memory.data() + offset, message().data(), message().size());
      benchmark::ClobberMemory();
      offset += 256;
    });
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(frames_per_run));
}

void limit_new_pages(benchmark::State& state) {
  const JournalConfig config{.directory = TradeFrames::make_directory(TradeFrames::Medium::disk)};
  have_memory_at_hand(config.directory, memory_bytes(config));
  const std::size_t record_bytes = record_bytes_of(0, message().size());
  const std::size_t segments = frames_per_run * record_bytes / config.segment_bytes + 1;
  for (auto _ : state) {
    for (std::uint64_t index = 0; index < segments; ++index) {
      Segment segment = Segment::create(config.directory, index, config.segment_bytes, SegmentPages::huge);
      segment.touch(0, config.segment_bytes);
    }
    state.PauseTiming();
    for (std::uint64_t index = 0; index < segments; ++index)
      std::filesystem::remove(segment_path(config.directory, index));
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(segments * config.segment_bytes / record_bytes));
}

BENCHMARK_CAPTURE(append, tapeline, Company::kept)
    ->Name("core/journal/append/tapeline")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);
BENCHMARK_CAPTURE(append, alone, Company::alone)
    ->Name("core/journal/append/alone")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);
BENCHMARK(limit_copy)
    ->Name("core/journal/append/limit_copy")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);
BENCHMARK(limit_new_pages)
    ->Name("core/journal/append/limit_new_pages")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace tapeline::bench
