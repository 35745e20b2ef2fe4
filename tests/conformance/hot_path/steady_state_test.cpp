// From a frame's bytes to its encoded rows nothing is allocated and the operating system is not called: counted.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <string>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/journal/journal_writer.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/parser.hpp"
#include "feeds/binance/wire.hpp"
#include "feeds/registry.hpp"
#include "sinks/postgres/batch.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

// noinline: GCC 12 would otherwise see malloc meet delete and warn
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);  // a count; nothing hangs on its order
  if (void* place = std::malloc(bytes == 0 ? 1 : bytes)) return place;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* place) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete(void* place, std::size_t) noexcept { std::free(place); }

namespace tapeline {
namespace {

#ifdef TAPELINE_SANITIZED
constexpr bool is_sanitized = true;  // a sanitizer calls the system on its own
#else
constexpr bool is_sanitized = false;
#endif

class Directory {
 public:
  Directory() { path = mkdtemp(path.data()); }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path = "/tmp/tapeline-hot-path-XXXXXX";
};

/// Journal, parser, kernels and the encoding of rows on one thread, fed with trades that close a bar every 50.
class Path {
 public:
  explicit Path(const std::string& directory)
      : journal_config_{.directory = directory, .segment_bytes = std::size_t{64} << 20U},
        writer_(journal_config_),
        catalog_(make_row_catalog(IndicatorsConfig{}, default_rules(), "")),
        parser_(parser_options(), marks_, events_, operations_),
        kernels_(kernels_options(), events_, rows_, updates_),
        batch_(catalog_) {}

  void pass(std::size_t trades) {
    for (std::size_t i = 0; i < trades; ++i) {
      append();
      if (JournalMark* mark = marks_.try_claim()) {
        mark->end_position = writer_.end_position();
        marks_.publish();
      }
      parser_.poll();
      kernels_.poll();
      for (const Row& row : rows_.peek()) {
        // The names of instruments come once; PostgreSQL numbers them.
        if (row.kind == RowKind::instrument) key_ = {1, 4, row.as_instrument.symbol};
        batch_.add(row, row.instrument == no_instrument ? nullptr : &key_, 1);
        bars += row.kind == RowKind::bar ? 1U : 0U;
        ticks += row.kind == RowKind::tick ? 1U : 0U;
      }
      rows_.release(rows_.peek().size());
      updates_.release(updates_.peek().size());
    }
  }
  /// As after a commit.
  void clear_batch() { batch_.clear(); }

  std::size_t bars = 0;
  std::size_t ticks = 0;

 private:
  void append() {
    const std::uint64_t now_ms = 1'723'161'255'000 + sequence_ * 20;
    const std::uint64_t cents = 6'183'763 + sequence_ * 7'919 % 401;
    std::array<char, 512> text{};
    const int length = std::snprintf(
        text.data(), text.size(),
        R"({"stream":"btcusdt@trade","data":{"e":"trade","E":%llu,"s":"BTCUSDT","t":%llu,"p":"%llu.%02llu000000",)"
        R"("q":"0.00100000","T":%llu,"m":%s,"M":true}})",
        static_cast<unsigned long long>(now_ms), static_cast<unsigned long long>(1'000 + sequence_),
        static_cast<unsigned long long>(cents / 100), static_cast<unsigned long long>(cents % 100),
        static_cast<unsigned long long>(now_ms), sequence_ % 3 == 0 ? "true" : "false");
    ++sequence_;
    static_cast<void>(writer_.append({.kind = FrameKind::data,
                                      .source = feeds::binance::code,
                                      .channel = feeds::binance::combined,
                                      .receive_ns = static_cast<Nanos>(now_ms) * nanos_per_millisecond},
                                     {}, {text.data(), static_cast<std::size_t>(length)}));
  }

  Parser::Options parser_options() {
    Parser::Options options;
    options.journal = journal_config_;
    options.live_position = 0;  // measured, as in service
    for (const feeds::Entry& entry : feeds::registry())
      options.wire[static_cast<std::size_t>(entry.code)] = entry.make_parser();
    return options;
  }
  Kernels::Options kernels_options() {
    Kernels::Options options;
    options.bars.intervals_s = {1, 60};
    options.calendar_of = [](SourceCode, std::string_view) { return std::make_shared<const TradingCalendar>(); };
    options.catalog = catalog_;
    return options;
  }

  JournalConfig journal_config_;
  JournalWriter writer_;
  std::shared_ptr<const RowCatalog> catalog_;
  SpscRing<JournalMark> marks_{64};
  SpscRing<MarketEvent> events_{256};
  SpscRing<Row> rows_{1'024};
  SpscRing<Update> updates_{256};
  Operations operations_;
  Parser parser_;
  Kernels kernels_;
  sinks::postgres::Batch batch_;
  sinks::postgres::InstrumentKey key_;
  std::uint64_t sequence_ = 0;
};

TEST(HotPath, AllocatesNothingFromFrameToRow) {
  const Directory directory;
  Path path(directory.path);
  path.pass(30'000);  // buffers grow once
  path.clear_batch();
  path.pass(1);  // a batch remembers the day of its first tick: that much is allocated once a batch
  const std::size_t bars_before = path.bars;
  const std::uint64_t before = allocations.load();
  path.pass(20'000);
  const std::uint64_t after = allocations.load();
  EXPECT_EQ(after - before, 0U);
  EXPECT_EQ(path.ticks, 50'001U);
  EXPECT_GT(path.bars, bars_before + 300) << "bars must have been closed meanwhile";
}

/// From now on every system call but the one that ends the process kills it. (The strict mode of seccomp would also forbid
/// reading the processor's clock, which is no system call.)
bool forbid_system_calls() {
  std::array<sock_filter, 4> program{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)}};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// How a child ends that does `work` where every system call kills it.
int end_without_system_calls(const std::function<void()>& prepare, const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    prepare();
    if (!forbid_system_calls()) _exit(2);
    work();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(HotPath, CallsNoSystemFromFrameToRow) {
  if (is_sanitized) GTEST_SKIP() << "a sanitizer calls the system on its own";
  const Directory directory;
  std::unique_ptr<Path> path;
  const int status = end_without_system_calls(
      [&] {
        path = std::make_unique<Path>(directory.path);
        path->pass(30'000);
        path->clear_batch();
        path->pass(1);
      },
      [&] { path->pass(20'000); });
  EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "2: the system has no seccomp filters";
}

TEST(HotPath, TheCheckWouldSeeASystemCall) {
  if (is_sanitized) GTEST_SKIP() << "a sanitizer calls the system on its own";
  const int status = end_without_system_calls([] {}, [] { syscall(SYS_getppid); });
  EXPECT_TRUE(WIFSIGNALED(status));
}

}  // namespace
}  // namespace tapeline
