#include "app/csv/records.hpp"

#include <algorithm>

namespace tapeline::app::csv {
namespace {

char separator_of(std::string_view header) noexcept {
  for (const char separator : {',', ';', '\t'}) {
    if (header.find(separator) != std::string_view::npos) return separator;
  }
  return ',';
}

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_named(std::string_view field, std::string_view name) noexcept {
  return std::equal(field.begin(), field.end(), name.begin(), name.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

bool Records::next() {
  while (read_line()) {
    if (trimmed(text_).empty()) continue;
    line_ = lines_read_;
    if (separator_ == '\0') separator_ = separator_of(text_);
    while (!split()) {
      const std::string begun = text_ + '\n';
      if (!read_line()) fail("a quote is opened and never closed: close it, or write \"\" for a quote inside a field");
      text_.insert(0, begun);
    }
    return true;
  }
  return false;
}

std::optional<std::size_t> Records::column(std::string_view name) const {
  std::optional<std::size_t> index;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (!is_named(trimmed(fields_[i]), name)) continue;
    if (index) {
      fail("columns " + std::to_string(*index + 1) + " and " + std::to_string(i + 1) + " are both named " +
           std::string(name) + ": rename one of them");
    }
    index = i;
  }
  return index;
}

void Records::fail(std::size_t line, const std::string& what) const {
  throw BadInput(name_ + ":" + std::to_string(line) + ": " + what);
}

bool Records::read_line() {
  if (!std::getline(in_, text_)) {
    if (in_.bad()) throw BadInput(name_ + ": cannot be read: give a readable CSV file, or - for standard input");
    return false;
  }
  if (lines_read_++ == 0 && text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
  if (text_.ends_with('\r')) text_.pop_back();
  return true;
}

bool Records::split() {
  if (text_.find('"') != std::string::npos) return split_quoted();
  fields_.clear();
  std::string_view rest = text_;
  for (std::size_t end = rest.find(separator_); end != std::string_view::npos; end = rest.find(separator_)) {
    fields_.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  fields_.push_back(rest);
  return true;
}

bool Records::split_quoted() {
  unquoted_.assign(1, {});
  bool quoted = false;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char c = text_[i];
    if (quoted && c == '"' && i + 1 < text_.size() && text_[i + 1] == '"') {
      unquoted_.back() += text_[++i];
    } else if (c == '"' && (quoted || trimmed(unquoted_.back()).empty())) {
      quoted = !quoted;
    } else if (c == separator_ && !quoted) {
      unquoted_.emplace_back();
    } else {
      unquoted_.back() += c;
    }
  }
  fields_.assign(unquoted_.begin(), unquoted_.end());
  return !quoted;
}

}  // namespace tapeline::app::csv
