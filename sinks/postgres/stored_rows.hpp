// Reads rows back as they are stored, to the last digit: what an audit compares with a recomputation.
//
// Threads   One.
// Output    Values as text that loses nothing: doubles round-trip, stamps are whole microseconds, NULL is "".
// Failure   Throws std::runtime_error with the server's words and a cure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/model/frame.hpp"
#include "sinks/postgres/connection.hpp"

namespace tapeline::sinks::postgres {

struct StoredRow {
  std::string lane;
  SourceCode source{};
  std::string source_name;
  std::string native_symbol;
  std::map<std::string, std::string> fields;  // by column

  /// Precondition: `column` is one of the row's.
  [[nodiscard]] const std::string& at(const std::string& column) const { return fields.at(column); }
  [[nodiscard]] std::int64_t integer(const std::string& column) const;
  /// A stamp; the last moment that fits where PostgreSQL's reaches further than ours.
  [[nodiscard]] Nanos time(const std::string& column) const;
};

/// The transaction that a row came with.
struct StoredBatch {
  std::string configuration_hash;
  std::string program_version;
  std::string committed_at;
};

class StoredRows {
 public:
  /// Connects, for reading only.
  StoredRows(const Secret& dsn, int call_timeout_ms);

  /// One row a lane that has the alert, by lane.
  [[nodiscard]] std::vector<StoredRow> alerts(const std::string& alert_id);

  struct BarQuery {
    std::string symbol;  // ours or the source's
    std::uint32_t interval_s = 0;
    Nanos time_ns = 0;   // the bar's start, or inside it
    std::string source;  // empty: any
    std::string lane;    // empty: any
  };
  /// The bars that are meant; those built from ticks before those that a source delivered.
  [[nodiscard]] std::vector<StoredRow> bars(const BarQuery& query);

  /// Of [indicators.custom], by name; of a bar that bars() gave.
  [[nodiscard]] std::map<std::string, std::string> indicators(const StoredRow& bar);

  [[nodiscard]] std::optional<StoredBatch> batch_of(const std::string& lane, JournalPosition position);

 private:
  [[nodiscard]] Connection::Rows query(const std::string& sql, const std::vector<std::string>& parameters);
  [[nodiscard]] std::vector<StoredRow> rows(const std::vector<std::string>& columns, const std::string& from,
                                            const std::vector<std::string>& parameters);

  Connection connection_;
};

}  // namespace tapeline::sinks::postgres
