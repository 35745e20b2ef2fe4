// Frames in memory to rows, with nobody storing them: what the pipeline itself costs, beside plain simdjson on the same
// bytes in the same run. A regression here is work that crept onto the path from frame to row.
//
// Checked   after the timed part: as many ticks as there are frames, and none rejected.
#include <filesystem>
#include <memory>

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "bench/pipeline/trade_frames.hpp"
#include "bench/support/memory_at_hand.hpp"
#include "core/journal/journal_keeper.hpp"
#include "core/journal/journal_reader.hpp"
#include "core/journal/segment_supply.hpp"
#include "core/runtime/runner.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/null_writer.hpp"
#include "core/stages/parser.hpp"
#include "feeds/registry.hpp"

namespace tapeline::bench {
namespace {

/// Marks the whole in-memory journal as readable, and is done.
class JournalSource final : public Stage {
 public:
  JournalSource(SpscRing<JournalMark>& marks, JournalPosition end) : marks_(marks), end_(end) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "poller"; }
  std::size_t poll() noexcept override {
    if (end_ == 0) return 0;
    marks_.try_claim()->end_position = end_;
    marks_.publish();
    end_ = 0;
    return 1;
  }
  bool drained() noexcept override { return end_ == 0; }

 private:
  SpscRing<JournalMark>& marks_;
  JournalPosition end_;
};

/// A source that is taken from as quickly as it is parsed.
constexpr JournalPosition ahead_bytes_max = JournalPosition{1} << 20;

/// Copies the in-memory frames into a second journal, as the poller does with what a socket gives it.
class AppendingSource final : public Stage {
 public:
  AppendingSource(SpscRing<JournalMark>& marks, JournalWriter& journal, const Counter& parsed,
                  const TradeFrames& frames)
      : marks_(marks),
        journal_(journal),
        parsed_(parsed),
        reader_(frames.journal(), &frames.share()),
        end_(frames.end_position()) {
    reader_.seek(reader_.first_position());
  }
  [[nodiscard]] std::string_view name() const noexcept override { return "poller"; }
  std::size_t poll() noexcept override {
    std::size_t done = 0;
    if (journal_.end_position() > parsed_.value() + ahead_bytes_max) return 0;
    Frame frame;
    while (done < 64 && reader_.next(end_, frame)) {
      if (!journal_.append({.kind = frame.kind,
                            .source = frame.source,
                            .channel = frame.channel,
                            .http_status = 0,
                            .receive_ns = frame.receive_ns},
                           frame.context, frame.payload)) {
        throw_refused();
      }
      ++done;
    }
    const JournalPosition end = journal_.end_position();
    if (JournalMark* mark = end != marked_ ? marks_.try_claim() : nullptr) {
      mark->end_position = marked_ = end;
      marks_.publish();
    }
    is_drained_ = done == 0 && marked_ == end;
    return done;
  }
  bool drained() noexcept override { return is_drained_; }

 private:
  [[noreturn]] static void throw_refused() { check_failed("the journal takes every frame", __FILE__, __LINE__); }

  SpscRing<JournalMark>& marks_;
  JournalWriter& journal_;
  const Counter& parsed_;
  JournalReader reader_;
  JournalPosition end_;
  JournalPosition marked_ = 0;
  bool is_drained_ = false;
};

Parser::Options parser_options(const JournalConfig& journal, const SegmentShare& share) {
  Parser::Options options;
  options.journal = journal;
  options.share = &share;
  for (const feeds::Entry& entry : feeds::registry())
    options.wire[static_cast<std::size_t>(entry.code)] = entry.make_parser();
  return options;
}

Kernels::Options kernels_options() {
  Kernels::Options options;
  options.bars.intervals_s = {1, 60};
  options.calendar_of = [](SourceCode, std::string_view) { return std::make_shared<const TradingCalendar>(); };
  options.catalog = make_row_catalog(options.indicators, default_rules(), "");
  options.output.live_position = ~JournalPosition{0};  // the stamps of recorded frames say nothing of our latency
  return options;
}

enum class Journaling { off, on };

void run_pipeline(benchmark::State& state, Journaling journaling) {
  const TradeFrames& frames = TradeFrames::instance();
  for (auto _ : state) {
    JournalConfig journal = frames.journal();
    Operations operations;
    std::unique_ptr<JournalWriter> writer;
    std::unique_ptr<SegmentSupply> supply;
    std::unique_ptr<JournalKeeper> keeper;  // with all that a running lane has: hashes and compression, too
    if (journaling == Journaling::on) {
      journal = JournalConfig{.directory = TradeFrames::make_directory(TradeFrames::Medium::disk)};
      // As many bytes again, and what is made ahead.
      have_memory_at_hand(journal.directory, frames.end_position() + 2 * journal.segment_bytes);
      writer = std::make_unique<JournalWriter>(journal);
      supply = std::make_unique<SegmentSupply>(*writer);
      keeper = std::make_unique<JournalKeeper>(*writer, operations, JournalKeeper::Needs{});
    }
    Topology topology;
    auto& marks = topology.link<JournalMark>({1'024, WhenFull::coalesce});
    auto& events = topology.link<MarketEvent>({8'192, WhenFull::backpressure});
    auto& rows = topology.link<Row>({16'384, WhenFull::backpressure});
    auto& updates = topology.link<Update>({4'096, WhenFull::coalesce});
    Parser parser(parser_options(journal, writer ? writer->share() : frames.share()), marks, events, operations);
    std::unique_ptr<Stage> source;
    if (writer) {
      source = std::make_unique<AppendingSource>(marks, *writer, parser.counts().position, frames);
    } else {
      source = std::make_unique<JournalSource>(marks, frames.end_position());
    }
    Kernels kernels(kernels_options(), events, rows, updates);
    NullWriter sink(rows);
    struct UpdateSink final : Stage {
      explicit UpdateSink(SpscRing<Update>& ring) : ring_(ring) {}
      [[nodiscard]] std::string_view name() const noexcept override { return "cache"; }
      std::size_t poll() noexcept override {
        const std::size_t ready = ring_.peek().size();
        ring_.release(ready);
        return ready;
      }
      bool drained() noexcept override { return ring_.peek().empty(); }
      SpscRing<Update>& ring_;
    } cache(updates);
    // Two cores: reading and parsing on one, computing and the sinks on the other.
    topology.stage(*source, {}, {&marks}, 0);
    topology.stage(parser, {&marks}, {&events}, 0);
    topology.stage(kernels, {&events}, {&rows, &updates}, 1);
    topology.stage(sink, {&rows}, {}, 1);
    topology.stage(cache, {&updates}, {}, 1);
    topology.name_links();
    Runner runner(topology, topology.plan(usable_cpus(), RuntimeConfig{}));
    const Nanos begin_ns = steady_now_ns();
    static_cast<void>(runner.start());
    runner.request_stop(600 * nanos_per_second);
    if (!runner.join()) state.SkipWithError("did not drain");
    state.SetIterationTime(static_cast<double>(steady_now_ns() - begin_ns) / nanos_per_second);
    if (sink.count(RowKind::tick) != frames.count()) state.SkipWithError("rows are missing");
    if (kernels.counts().rejects.value() != 0) state.SkipWithError("frames were rejected");
    keeper.reset();
    supply.reset();
    writer.reset();
    if (journaling == Journaling::on) std::filesystem::remove_all(journal.directory);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(frames.count()));
  state.SetLabel(frames.origin() + " trades");
}

void null_sink(benchmark::State& state) { run_pipeline(state, Journaling::off); }
void null_sink_with_journal(benchmark::State& state) { run_pipeline(state, Journaling::on); }

/// The peer: simdjson on demand over the same frames, the same five fields, prices as doubles; no journal, no pipeline.
void plain_simdjson(benchmark::State& state) {
  const TradeFrames& frames = TradeFrames::instance();
  simdjson::ondemand::parser json;
  for (auto _ : state) {
    JournalReader reader(frames.journal(), &frames.share());
    reader.seek(reader.first_position());
    Frame frame;
    double notional = 0;
    std::uint64_t count = 0;
    while (reader.next(frames.end_position(), frame)) {
      auto document =
          json.iterate(frame.payload.data(), frame.payload.size(), frame.payload.size() + simdjson::SIMDJSON_PADDING);
      auto data = document["data"];
      const std::string_view symbol = data["s"];
      const std::uint64_t id = data["t"];
      const double price = data["p"].get_double_in_string();
      const double size = data["q"].get_double_in_string();
      const std::int64_t time = data["T"];
      notional += price * size;
      count += symbol.size() != 0 && id != 0 && time != 0;
    }
    benchmark::DoNotOptimize(notional);
    if (count != frames.count()) state.SkipWithError("messages are missing");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(frames.count()));
}

BENCHMARK(plain_simdjson)
    ->Name("pipeline/plain_simdjson_one_core")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);
BENCHMARK(null_sink)->Name("pipeline/null_sink")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(null_sink_with_journal)
    ->Name("pipeline/null_sink_with_journal")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace tapeline::bench
