// Rows of ticks made durable, exactly once, beside the limit of the server: the same rows in prebuilt buffers, by a plain
// COPY of as many at a time, into the same table; and beside what one would type otherwise, psql's \copy of a file of them.
// TAPELINE_BENCH_PG is the connection string of a database to write into.
//
// Checked   after the timed part: the table has as many rows as were sent, each with an id of its own.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "core/ring/spsc_ring.hpp"
#include "core/runtime/operations.hpp"
#include "sinks/postgres/batch.hpp"
#include "sinks/postgres/connection.hpp"
#include "sinks/postgres/migrate.hpp"
#include "sinks/postgres/writer.hpp"

namespace tapeline::bench {
namespace {

using namespace sinks::postgres;

constexpr std::size_t rows_a_batch = 20'000;
constexpr std::size_t batches = 10;
constexpr std::size_t rows_in_all = rows_a_batch * batches;
constexpr JournalPosition frame_bytes = 256;
constexpr Nanos first_event_ns = 1'723'161'240 * nanos_per_second;
constexpr int call_timeout_ms = 60'000;

Secret database() {
  const char* dsn = std::getenv("TAPELINE_BENCH_PG");
  return Secret(dsn != nullptr ? dsn : "");
}

void must(bool is_ok, const Connection& connection) {
  if (!is_ok) throw std::runtime_error(connection.error());
}

Row tick_row(JournalPosition number) {
  Row row{};
  row.kind = RowKind::tick;
  row.source = SourceCode{4};
  row.position = number * frame_bytes;
  row.end_position = row.position + frame_bytes;
  row.receive_ns = first_event_ns + static_cast<Nanos>(number);
  row.ends_frame = true;
  row.as_tick = {.event_ns = row.receive_ns,
                 .price_mantissa = 6'183'763 + static_cast<std::int64_t>(number % 997),
                 .size_mantissa = 125,
                 .trade_id = number,
                 .price_exponent = -2,
                 .size_exponent = -3,
                 .side = Side::buy,
                 .flags = 0};
  return row;
}

Row instrument_row() {
  Row row{};
  row.kind = RowKind::instrument;
  row.source = SourceCode{4};
  row.end_position = frame_bytes;
  row.ends_frame = true;
  std::strcpy(row.as_instrument.symbol, "BTC-USD");
  std::strcpy(row.as_instrument.native_symbol, "BTCUSDT");
  return row;
}

/// What every contender begins with: tables, a partition for the day, no ticks.
class Database {
 public:
  Database() : connection_(database(), call_timeout_ms) {
    static_cast<void>(migrate(database(), call_timeout_ms));
    must(connection_.open(), connection_);
  }
  void empty() { must(connection_.execute("truncate tick"), connection_); }
  std::string value(const std::string& sql) {
    const auto rows = connection_.query(sql);
    must(rows.has_value(), connection_);
    return rows->at(0).at(0);
  }
  /// Each row once, as sent.
  void require_all() {
    const std::string found = value("select count(distinct trade_id) || ' ' || count(*) from tick");
    const std::string wanted = std::to_string(rows_in_all);
    if (found != wanted + " " + wanted) throw std::runtime_error("stored: " + found + ", wanted " + wanted);
  }
  Connection& connection() { return connection_; }

 private:
  Connection connection_;
};

/// A lane of its own, which goes on for as long as the process.
class Lane {
 public:
  Lane()
      : writer_({.config = config(),
                 .dsn = database(),
                 .lane = "bench",
                 .catalog = make_row_catalog({}, {}, "bench"),
                 .program_version = "bench",
                 .source_name = [](SourceCode) { return std::string("binance"); }},
                rows_, operations_) {
    next_ = writer_.open() / frame_bytes + 1;
    put(instrument_row());
  }
  void write_all() {
    const JournalPosition end = (next_ + rows_in_all) * frame_bytes;
    for (std::size_t i = 0; i < rows_in_all;) {
      while (i < rows_in_all && try_put(tick_row(next_ + i))) ++i;
      writer_.poll();
    }
    next_ += rows_in_all;
    while (writer_.checkpoint() < end) {
      writer_.poll();
      if (!writer_.status().is_healthy) throw std::runtime_error(writer_.status().state);
    }
  }

 private:
  static Config config() {
    Config config;
    config.batch_rows_max = rows_a_batch;
    config.call_timeout_ms = call_timeout_ms;
    return config;
  }
  bool try_put(const Row& row) {
    Row* const slot = rows_.try_claim();
    if (slot == nullptr) return false;
    *slot = row;
    rows_.publish();
    return true;
  }
  void put(const Row& row) {
    while (!try_put(row)) writer_.poll();
  }

  SpscRing<Row> rows_{32'768};
  Operations operations_;
  Writer writer_;
  JournalPosition next_ = 1;
};

void measure(benchmark::State& state, Database& database, const auto& write) {
  for (auto _ : state) {
    state.PauseTiming();
    database.empty();
    state.ResumeTiming();
    write();
  }
  database.require_all();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows_in_all));
}

void guarded(benchmark::State& state, const auto& run) {
  if (database().empty()) return state.SkipWithError("no database: TAPELINE_BENCH_PG is not set");
  try {
    run();
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}

void tapeline_writer(benchmark::State& state) {
  guarded(state, [&] {
    Database database;
    Lane lane;
    measure(state, database, [&] { lane.write_all(); });
  });
}

void copy_prebuilt(benchmark::State& state) {
  guarded(state, [&] {
    Database database;
    {
      Lane lane;  // names the instrument, makes the partition
      lane.write_all();
    }
    const InstrumentKey instrument{
        .instrument_id = std::stoi(database.value("select max(instrument_id) from dim_instrument")),
        .source_id = 4,
        .symbol = "BTC-USD"};
    std::vector<Batch> prebuilt;
    for (std::size_t number = 0; number < rows_in_all; ++number) {
      if (number % rows_a_batch == 0) prebuilt.emplace_back(make_row_catalog({}, {}, "bench"));
      prebuilt.back().add(tick_row(number + 1), &instrument, 1);
    }
    measure(state, database, [&] {
      for (Batch& batch : prebuilt) {
        Batch::Table& ticks = batch.tables().front();
        Connection& connection = database.connection();
        must(connection.execute("begin") && connection.copy(ticks.copy_sql(), ticks.rows.finish()) &&
                 connection.commit(),
             connection);
      }
    });
  });
}

/// A command of psql's, in a process of its own; the shell puts in whom to connect to.
void psql(const std::string& command) {
  const std::string line =
      "psql \"$TAPELINE_BENCH_PG\" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --command=\"" + command + "\"";
  if (std::system(line.c_str()) != 0) throw std::runtime_error("psql refuses " + command);
}

struct TemporaryFile {
  ~TemporaryFile() { std::remove(path.c_str()); }
  std::string path = std::filesystem::temp_directory_path() / ("tapeline-bench-" + std::to_string(getpid()) + ".csv");
};

/// All rows in one transaction, which is to its advantage; the start of the process, some milliseconds, is not.
void psql_copy(benchmark::State& state) {
  guarded(state, [&] {
    Database database;
    database.empty();
    Lane().write_all();
    const TemporaryFile file;
    psql("\\copy (select * from tick) to '" + file.path + "' csv");  // the very rows that the others store
    measure(state, database, [&] { psql("\\copy tick from '" + file.path + "' csv"); });
  });
}

BENCHMARK(tapeline_writer)->Name("sinks/postgres/rows/tapeline")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(copy_prebuilt)->Name("sinks/postgres/rows/copy_prebuilt")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(psql_copy)->Name("sinks/postgres/rows/psql_copy_csv")->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tapeline::bench
