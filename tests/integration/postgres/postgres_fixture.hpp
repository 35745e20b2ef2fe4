// What the tests of the PostgreSQL sink share: one server a test program, a fresh database a test, rows to write.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/model/row.hpp"
#include "sinks/postgres/connection.hpp"
#include "sinks/postgres/writer.hpp"
#include "tests/support/private_postgres.hpp"

namespace tapeline::sinks::postgres {

inline constexpr Nanos patience_ns = 60 * nanos_per_second;
inline constexpr Nanos first_event_ns = 1'723'161'240 * nanos_per_second;  // 2024-08-08T23:54:00Z

/// Polls `holds` until it does; false when it never does.
[[nodiscard]] bool wait_until(const std::function<bool()>& holds);

class PostgresTest : public testing::Test {
 protected:
  void SetUp() override;

  [[nodiscard]] static test::PrivatePostgres& server();
  [[nodiscard]] Secret dsn() const { return Secret(dsn_); }
  void migrate_database() const;
  /// Runs on a connection of the test's own, opened again when the server was away.
  Connection::Rows query(const std::string& sql, const std::vector<std::string>& parameters = {});
  /// The only field of the only row.
  std::string value(const std::string& sql);

 private:
  std::string dsn_;
  std::unique_ptr<Connection> observer_;
};

/// Rows as the kernels would hand them out: frame i is a pure function of i, so that it can be fed again.
///
/// Frame 0 registers two instruments. The others hold ticks (trade ids are unique), and now and then a bar, a signal,
/// an alert, a quality event, or nothing but progress.
struct RowFeed {
  static constexpr JournalPosition frame_bytes = 100;

  [[nodiscard]] static std::vector<Row> frame(std::uint64_t i);
  /// Rows by kind of all frames below `end`.
  [[nodiscard]] static std::map<RowKind, std::uint64_t> count(std::uint64_t end);
  /// Sum of all price mantissas of the ticks of all frames below `end`.
  [[nodiscard]] static std::uint64_t sum(std::uint64_t end);

  [[nodiscard]] static Row row(RowKind kind, InstrumentIndex instrument, JournalPosition position);
  [[nodiscard]] static Row instrument_row(InstrumentIndex instrument, std::string_view symbol,
                                          std::string_view native_symbol);
  [[nodiscard]] static Row tick_row(JournalPosition position, std::uint64_t trade_id, Nanos event_ns);
  [[nodiscard]] static Row bar_row(JournalPosition position, Nanos start_ns);
  [[nodiscard]] static Row alert_row(JournalPosition position);
  [[nodiscard]] static Row quality_row(JournalPosition position, std::string_view detail);
};

/// A writer with its ring, driven by the test.
class WriterRun {
 public:
  explicit WriterRun(const Secret& dsn, Config config = quick(), std::string lane = "main",
                     std::function<Nanos()> wall_clock = wall_now_ns);
  [[nodiscard]] static Config quick();

  /// Rows of one frame; the last one ends it.
  void put(std::vector<Row> rows);
  /// Frames [begin, end) of the feed, as fast as the ring takes them.
  void feed(std::uint64_t begin, std::uint64_t end);
  [[nodiscard]] bool poll_until(const std::function<bool()>& holds);
  [[nodiscard]] bool drain() {
    return poll_until([&] { return writer.drained(); });
  }
  /// Everything it has told operations so far.
  [[nodiscard]] const std::vector<std::string>& told();

  SpscRing<Row> ring{4'096};
  Operations operations;
  Writer writer;

 private:
  std::vector<std::string> told_;
};

}  // namespace tapeline::sinks::postgres
