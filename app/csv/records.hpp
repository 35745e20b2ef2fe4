// The records of a CSV (RFC 4180), without blank lines and byte order mark.
//
// Output    Fields as views, valid until the next record. A file without commas in its header may part them by
//           semicolons or tabs.
// Cost      No allocation a record but for quoted ones. Of a pipe no more is taken than lies there: what comes line by line
//           is given line by line.
// Failure   Throws BadInput, which names the input and the line where the record begins.
#pragma once

#include <cstddef>
#include <cstdint>
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

[[nodiscard]] inline std::string_view trimmed(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c <= ' ' && (c == ' ' || c == '\t' || c == '\r'); };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}
/// The same but for case. `name` is in small letters.
[[nodiscard]] bool is_named(std::string_view field, std::string_view name) noexcept;

class Records {
 public:
  Records(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  /// Moves to the next record; false at the end.
  [[nodiscard]] bool next();

  [[nodiscard]] const std::vector<std::string_view>& fields() const noexcept { return fields_; }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  /// Where the record begins, from 1.
  [[nodiscard]] std::size_t line() const noexcept { return line_; }

  /// With the records given so far, line ends included.
  [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_; }

  /// Where `name` stands in the header, which is the current record; nullopt: nowhere. Throws where it stands twice.
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;

  [[noreturn]] void fail(const std::string& what) const { fail(line_, what); }
  [[noreturn]] void fail(std::size_t line, const std::string& what) const;

 private:
  /// The next line, valid until the one after; false at the end.
  [[nodiscard]] bool read_line(std::string_view& line);
  /// More of the input behind what is there; false at its end.
  [[nodiscard]] bool fill();
  void split();
  /// False when the text ends inside a quoted field.
  [[nodiscard]] bool split_quoted();

  std::istream& in_;
  std::string name_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{1} << 16);
  std::size_t begin_ = 0;  // of what has not been given yet, in the buffer
  std::size_t end_ = 0;
  std::string_view text_;
  std::string joined_;  // a record of several lines
  std::vector<std::string_view> fields_;
  std::vector<std::string> unquoted_;
  std::uint64_t bytes_read_ = 0;
  std::size_t lines_read_ = 0;
  std::size_t line_ = 1;
  char separator_ = '\0';  // known with the header
};

}  // namespace tapeline::app::csv
