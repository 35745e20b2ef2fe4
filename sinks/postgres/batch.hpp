// The rows of one transaction, as COPY buffers by table.
//
// Input     rows in journal order, by their database ids; the writer cuts between frames only.
// Output    what to send, table by table; nothing here knows a connection.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/row.hpp"
#include "core/stages/row_catalog.hpp"
#include "sinks/postgres/copy_encoder.hpp"

namespace tapeline::sinks::postgres {

/// An instrument as the database knows it.
struct InstrumentKey {
  std::int32_t instrument_id = 0;
  std::int16_t source_id = 0;
  std::string symbol;
};

/// Where a row of a table comes from.
struct RowOrigin {
  JournalPosition position = 0;
  Nanos received_ns = 0;
  std::int32_t instrument_id = 0;  // 0: of none
  std::int16_t source_id = 0;
};

/// A row that the database refused for what is in it.
struct RefusedRow {
  RowOrigin origin;
  std::string table;
  std::string sql_state;
  std::string reason;   // in the server's words
  std::string context;  // "COPY tick, line 3, column price_mantissa"
  std::string copy;     // the row, as a binary COPY of its own
};

class Batch {
 public:
  struct Table {
    const char* name;
    const char* columns;
    const char* key;  // natural key; empty: none, the checkpoint alone keeps rows from coming twice
    CopyEncoder rows;
    std::vector<RowOrigin> origins;  // of each row

    [[nodiscard]] bool has_key() const noexcept { return *key != '\0'; }
    [[nodiscard]] std::string copy_sql() const;
    /// For rows whose keys may be there already: into a temporary table, then over what is there. The newest wins.
    [[nodiscard]] std::string stage_sql() const;
    [[nodiscard]] std::string copy_to_stage_sql() const;
    [[nodiscard]] std::string merge_sql() const;
    /// For more of them in the same transaction.
    [[nodiscard]] std::string unstage_sql() const;

   private:
    [[nodiscard]] std::string copy_into(const std::string& target) const;
  };

  /// `catalog` names what rows only number.
  explicit Batch(std::shared_ptr<const RowCatalog> catalog);
  void clear();

  /// `instrument` is nullptr for a row of none. RowKind::instrument and progress only move the end.
  void add(const Row& row, const InstrumentKey* instrument, std::int16_t lane_id);

  [[nodiscard]] bool empty() const noexcept { return end_position_ == 0; }
  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] JournalPosition end_position() const noexcept { return end_position_; }
  [[nodiscard]] std::vector<Table>& tables() noexcept { return tables_; }
  /// Takes a row out of its table, to be stored among the refused ones. Its origin and bytes are filled in.
  void set_aside(Table& table, std::size_t row, RefusedRow refused);
  [[nodiscard]] const std::vector<RefusedRow>& refused() const noexcept { return refused_; }
  /// Days (since the epoch) of which ticks need a partition.
  [[nodiscard]] const std::set<std::int64_t>& tick_days() const noexcept { return tick_days_; }
  /// Receive stamps of the frames that have rows here, for the latency to the commit: an answer with a thousand rows is one
  /// frame, and counts once.
  [[nodiscard]] const std::vector<Nanos>& received() const noexcept { return received_; }

 private:
  enum TableNumber : std::size_t { ticks, bars, signals, alerts, quality, indicators, completeness };
  [[nodiscard]] CopyEncoder& begin_row(TableNumber table, std::int16_t fields, const Row& row,
                                       const InstrumentKey* instrument);
  void add_tick(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id);
  void add_bar(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id);
  void add_signal(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id);
  void add_alert(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id);
  void add_quality(const Row& row, const InstrumentKey* instrument, std::int16_t lane_id);
  void add_values(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id);
  void add_completeness(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id);

  std::shared_ptr<const RowCatalog> catalog_;
  std::vector<Table> tables_;
  std::vector<RefusedRow> refused_;
  std::set<std::int64_t> tick_days_;
  std::vector<Nanos> received_;
  std::size_t rows_ = 0;
  JournalPosition end_position_ = 0;
  JournalPosition last_position_ = 0;  // frame of the newest row
};

}  // namespace tapeline::sinks::postgres
