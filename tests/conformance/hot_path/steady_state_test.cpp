// From a frame's bytes to its encoded rows nothing is allocated or thrown and the operating system is not called: counted. No
// lock is taken but the two of a new journal segment (core/journal/segment_share.hpp), which nobody else wants then.
//
// Left out  The words of an alert, which the writer composes from its row, behind the path.
//           The poller, for sockets are system calls, and the cache: an alert wakes it where it sleeps, by one call.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/journal/journal_writer.hpp"
#include "core/runtime/doorbell.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/parser.hpp"
#include "feeds/binance/wire_trade_scan.hpp"
#include "feeds/registry.hpp"
#include "sinks/postgres/batch.hpp"
#include "tests/conformance/hot_path/stream_messages.hpp"
#include "tests/conformance/hot_path/thread_calls.hpp"

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

/// Makes segments ahead on a thread of its own, as SegmentSupply does, but so that it can be waited for: on a busy machine
/// the turn of a background thread comes late, and the path makes the segment itself then.
class Supply {
 public:
  explicit Supply(JournalWriter& writer) : writer_(writer), thread_([this] { run(); }) {}
  ~Supply() {
    is_stopped_.store(true, std::memory_order_relaxed);  // relaxed: a wish, nothing hangs on it
    thread_.join();
  }
  Supply(const Supply&) = delete;
  Supply& operator=(const Supply&) = delete;

  /// Until the segment behind the present one is there; without a system call.
  void wait() const noexcept {
    while (made_.load(std::memory_order_relaxed) <=
           writer_.segment_index()) {  // relaxed: the writer orders what it takes
    }
  }

 private:
  void run() {
    while (!is_stopped_.load(std::memory_order_relaxed)) {
      const std::uint64_t present = writer_.segment_index();
      writer_.prepare_next();
      made_.store(present + 1, std::memory_order_relaxed);
      writer_.free_retired();
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }

  JournalWriter& writer_;
  std::atomic<std::uint64_t> made_{0};  // the newest segment that is known to be there
  std::atomic<bool> is_stopped_{false};
  std::thread thread_;
};

/// Journal, parser, kernels and the encoding of rows on one thread, fed with the messages of streams.
class Path {
 public:
  explicit Path(const std::string& directory)
      : journal_config_{.directory = directory, .segment_bytes = std::size_t{256} << 10U},
        writer_(journal_config_),
        catalog_(make_row_catalog(IndicatorsConfig{}, default_rules(), "")),
        parser_(parser_options(), marks_, events_, operations_),
        kernels_(kernels_options(), events_, rows_, updates_),
        batch_(catalog_) {
    writer_.attach_supply();
    supply_.emplace(writer_);
  }

  void pass(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      supply_->wait();
      const StreamMessages::Message message = messages.next();
      static_cast<void>(writer_.append(
          {.source = message.source, .channel = message.channel, .receive_ns = message.receive_ns}, {}, message.text));
      if (JournalMark* mark = marks_.try_claim()) {
        mark->end_position = writer_.end_position();
        marks_.publish();
      }
      parser_.poll();
      kernels_.poll();
      for (const Row& row : rows_.peek()) {
        // The names of instruments come once; PostgreSQL numbers them.
        if (row.kind == RowKind::instrument) key_ = {1, 4, row.as_instrument.symbol};
        const std::uint64_t before = calls_of_this_thread().allocations;
        batch_.add(row, row.instrument == no_instrument ? nullptr : &key_, 1);
        if (row.kind == RowKind::alert) allocated_for_words += calls_of_this_thread().allocations - before;
        // Those of Yahoo's streamer are snapshots without an id, and most of them repeat the last.
        trades += row.kind == RowKind::tick && row.as_tick.trade_id != 0 ? 1U : 0U;
      }
      rows_.release(rows_.peek().size());
      updates_.release(updates_.peek().size());
    }
  }
  /// Until buffers have grown, and a batch has been stored once.
  void warm_up() {
    pass(30'000);
    batch_.clear();
    pass(StreamMessages::round);  // a batch remembers the day of its first tick: that much is allocated once a batch
  }

  [[nodiscard]] std::uint64_t segment() const noexcept { return writer_.segment_index(); }
  [[nodiscard]] const KernelsCounts& counts() const noexcept { return kernels_.counts(); }
  [[nodiscard]] auto ignored() const { return parser_.counts().ignored_by_kind(); }

  StreamMessages messages;
  std::uint64_t trades = 0;               // that have become rows
  std::uint64_t allocated_for_words = 0;  // of alerts

 private:
  Parser::Options parser_options() {
    Parser::Options options;
    options.journal = journal_config_;
    options.share = &writer_.share();
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
    options.output.alert_bell = &alert_bell_;
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
  Doorbell alert_bell_;
  Parser parser_;
  Kernels kernels_;
  sinks::postgres::Batch batch_;
  sinks::postgres::InstrumentKey key_;
  std::optional<Supply> supply_;
};

TEST(HotPath, NeitherAllocatesNorThrowsNorLocksFromFrameToRow) {
  const Directory directory;
  Path path(directory.path);
  path.warm_up();
  const std::uint64_t bars = path.counts().bars.value();
  const std::uint64_t alerts = path.counts().alerts.value();
  const std::uint64_t flags = path.counts().flags.value();
  const std::uint64_t rejects = path.counts().rejects.value();
  const std::uint64_t segment = path.segment();
  const std::uint64_t words = path.allocated_for_words;
  const ThreadCalls before = calls_of_this_thread();
  path.pass(20'000);
  const ThreadCalls after = calls_of_this_thread();
  const std::uint64_t segments = path.segment() - segment;
  EXPECT_EQ(after.allocations - before.allocations, path.allocated_for_words - words);
  EXPECT_EQ(after.exceptions - before.exceptions, 0U);
  EXPECT_EQ(after.locks - before.locks, 2 * segments) << "one to lend a segment, one to find it";
  // And this happened meanwhile:
  EXPECT_GE(segments, 10U);
  EXPECT_GT(path.counts().bars.value(), bars + 300);
  EXPECT_GT(path.counts().alerts.value(), alerts);
  EXPECT_GE(path.counts().flags.value(), flags + 10);
  EXPECT_GE(path.counts().rejects.value(), rejects + 10);
  // Every message was read as what it is.
  EXPECT_EQ(path.trades, path.messages.trades);
  EXPECT_EQ(path.counts().rejects.value(), path.messages.rejects);
  EXPECT_THAT(path.ignored(), ::testing::ElementsAre(::testing::Pair("heartbeat", ::testing::_)));
}

TEST(HotPath, MeetsTradesThatTheScanLeavesToJson) {
  StreamMessages messages;
  std::size_t scanned = 0;
  std::size_t left = 0;
  for (std::uint64_t i = 0; i < StreamMessages::round; ++i) {
    const StreamMessages::Message message = messages.next();
    if (message.text.find(R"("e":"trade")") == std::string_view::npos) continue;
    (feeds::binance::scan_trade(message.text) ? scanned : left) += 1;
  }
  EXPECT_EQ(scanned, 8U);
  EXPECT_EQ(left, 1U);
}

TEST(HotPath, TheCheckWouldSeeAnAllocation) {
  struct alignas(128) Wide {
    char bytes[128];
  };
  const auto count = [](const auto& allocate) {
    const std::uint64_t before = calls_of_this_thread().allocations;
    void* volatile place = allocate();  // volatile: or the compiler leaves it out
    const std::uint64_t after = calls_of_this_thread().allocations;
    std::free(place);
    return after - before;
  };
  EXPECT_EQ(count([] { return std::malloc(100); }), 1U);
  EXPECT_EQ(count([] { return std::calloc(10, 10); }), 1U);
  EXPECT_EQ(count([] { return std::realloc(nullptr, 100); }), 1U);
  EXPECT_EQ(count([] { return std::aligned_alloc(128, 128); }), 1U);
  EXPECT_EQ(count([] {
              void* place = nullptr;
              return posix_memalign(&place, 128, 128) == 0 ? place : nullptr;
            }),
            1U);
  const std::uint64_t before = calls_of_this_thread().allocations;
  Wide* volatile wide = new Wide;
  int* volatile number = new int;
  const std::uint64_t after = calls_of_this_thread().allocations;
  delete wide;
  delete number;
  EXPECT_EQ(after - before, 2U);
}

TEST(HotPath, TheCheckWouldSeeAnException) {
  const ThreadCalls before = calls_of_this_thread();
  EXPECT_THROW(throw std::runtime_error("ours"), std::runtime_error);
  EXPECT_THROW(static_cast<void>(std::string().at(1)), std::out_of_range);  // from within the library
  EXPECT_EQ(calls_of_this_thread().exceptions - before.exceptions, 2U);
}

TEST(HotPath, TheCheckWouldSeeALock) {
  std::mutex mutex;
  const ThreadCalls before = calls_of_this_thread();
  { const std::lock_guard lock(mutex); }
  EXPECT_EQ(calls_of_this_thread().locks - before.locks, 1U);
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
        path->warm_up();
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
