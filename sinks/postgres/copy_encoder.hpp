// Rows of one COPY ... (FORMAT BINARY), encoded into a growing buffer: pure, no connection.
//
// Output    begin_row() announces the number of fields, then one call a field, in the order of the COPY's column list.
//           Rows can be told apart again: some of them may be sent alone, and one that is refused be taken out.
// Units     Stamps are nanoseconds since the Unix epoch, stored as PostgreSQL's microseconds, rounded down.
// Cost      No allocation once the buffer has grown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"

namespace tapeline::sinks::postgres {

class CopyEncoder {
 public:
  CopyEncoder() { clear(); }

  /// Back to an empty COPY.
  void clear();
  void begin_row(std::int16_t fields);
  void null();
  void boolean(bool value);
  void int2(std::int16_t value);
  void int4(std::int32_t value);
  void int8(std::int64_t value);
  /// NaN is NULL.
  void float8(double value);
  /// What PostgreSQL would refuse is replaced: text.hpp.
  void text(std::string_view value);
  /// `json` is valid JSON.
  void jsonb(std::string_view json);
  void timestamptz(Nanos time_ns);
  /// mantissa * 10^exponent as numeric, exactly. Precondition: exponent <= 0.
  void numeric(Int128 mantissa, int exponent);

  [[nodiscard]] std::size_t rows() const noexcept { return begins_.size(); }
  /// The whole COPY with header and trailer; valid until the next change. More rows may follow.
  [[nodiscard]] std::string_view finish();
  /// A whole COPY of the rows [first, last) alone.
  [[nodiscard]] std::string some_rows(std::size_t first, std::size_t last) const;
  /// Takes a row out, and returns it as a COPY of its own.
  std::string take_row(std::size_t row);

 private:
  /// Room for so many bytes more, counted as used.
  [[nodiscard]] char* extend(std::size_t bytes);
  template <class Integer>
  void put(Integer value);
  /// Length and value.
  template <class Integer>
  void put_field(Integer value);
  void reopen() noexcept;
  [[nodiscard]] std::size_t end_of(std::size_t row) const noexcept;

  std::vector<char> bytes_;  // its size is what could be used
  std::size_t used_ = 0;
  std::vector<std::size_t> begins_;  // of each row
  bool is_finished_ = false;         // the trailer stands at the end
};

}  // namespace tapeline::sinks::postgres
