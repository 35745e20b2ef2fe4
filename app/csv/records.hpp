// The records of a CSV (RFC 4180), without blank lines and byte order mark.
//
// Output    Fields as views, valid until the next record. A file without commas in its header may part them by
//           semicolons or tabs.
// Failure   Throws BadInput, which names the input and the line where the record begins.
#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapeline::app::csv {

/// Something in the input that only its author can mend; what() says where and how.
class BadInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
/// The same but for case. `name` is in small letters.
[[nodiscard]] bool is_named(std::string_view field, std::string_view name) noexcept;

class Records {
 public:
  Records(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  /// Moves to the next record; false at the end.
  [[nodiscard]] bool next();

  [[nodiscard]] const std::vector<std::string_view>& fields() const noexcept { return fields_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Where the record begins, from 1.
  [[nodiscard]] std::size_t line() const noexcept { return line_; }

  /// Where `name` stands in the header, which is the current record; nullopt: nowhere. Throws where it stands twice.
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;

  [[noreturn]] void fail(const std::string& what) const { fail(line_, what); }
  [[noreturn]] void fail(std::size_t line, const std::string& what) const;

 private:
  [[nodiscard]] bool read_line();
  /// False when the text ends inside a quoted field.
  [[nodiscard]] bool split();
  [[nodiscard]] bool split_quoted();

  std::istream& in_;
  std::string name_;
  std::string text_;
  std::vector<std::string_view> fields_;
  std::vector<std::string> unquoted_;
  std::size_t lines_read_ = 0;
  std::size_t line_ = 1;
  char separator_ = '\0';  // known with the header
};

}  // namespace tapeline::app::csv
