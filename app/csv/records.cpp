#include "app/csv/records.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tapeline::app::csv {
namespace {

static_assert(std::endian::native == std::endian::little, "split() takes the lowest byte of a word for its first");

char separator_of(std::string_view header) noexcept {
  for (const char separator : {',', ';', '\t'}) {
    if (header.find(separator) != std::string_view::npos) return separator;
  }
  return ',';
}

}  // namespace

bool is_named(std::string_view field, std::string_view name) noexcept {
  return std::equal(field.begin(), field.end(), name.begin(), name.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

bool Records::next() {
  while (read_line(text_)) {
    if (trimmed(text_).empty()) continue;
    line_ = lines_read_;
    if (separator_ == '\0') separator_ = separator_of(text_);
    if (text_.find('"') == std::string_view::npos) {
      split();
      return true;
    }
    joined_ = text_;
    text_ = joined_;
    while (!split_quoted()) {
      std::string_view more;
      if (!read_line(more))
        fail("a quote is opened and never closed: close it, or write \"\" for a quote inside a field");
      joined_.append(1, '\n').append(more);
      text_ = joined_;
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

bool Records::read_line(std::string_view& line) {
  std::size_t searched = begin_;
  const void* found = nullptr;
  while ((found = std::memchr(buffer_.data() + searched, '\n', end_ - searched)) == nullptr) {
    const std::size_t known = end_ - begin_;
    if (!fill()) {
      if (known == 0) return false;
      break;  // the last line may lack its end
    }
    searched = begin_ + known;
  }
  const char* const first = buffer_.data() + begin_;
  const char* const after = found != nullptr ? static_cast<const char*>(found) : buffer_.data() + end_;
  line = {first, static_cast<std::size_t>(after - first)};
  const std::size_t taken = line.size() + static_cast<std::size_t>(found != nullptr);
  begin_ += taken;
  bytes_read_ += taken;
  if (lines_read_++ == 0 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

bool Records::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  // One character may have to be waited for, and with it comes what the stream has ready.
  const int first = in_.get();
  if (in_.bad()) throw BadInput(name_ + ": cannot be read: give a readable CSV file, or - for standard input");
  if (first == std::istream::traits_type::eof()) return false;
  buffer_[end_++] = std::istream::traits_type::to_char_type(first);
  for (std::streamsize more = 1; more > 0 && end_ < buffer_.size(); end_ += static_cast<std::size_t>(more)) {
    more = in_.readsome(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
  }
  return true;
}

void Records::split() {
  fields_.clear();
  const char* first = text_.data();
  const char* const end = first + text_.size();
  const char* at = first;
  const auto part = [&](const char* separator) {
    fields_.emplace_back(first, static_cast<std::size_t>(separator - first));
    first = separator + 1;
  };
  // Eight bytes at once: those that are the separator are zero in `differs`, and get their highest bit in `found`.
  constexpr std::uint64_t low_bits = 0x7f7f7f7f7f7f7f7f;
  const std::uint64_t separators = 0x0101010101010101 * static_cast<unsigned char>(separator_);
  for (std::uint64_t word = 0; end - at >= 8; at += 8) {
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t differs = word ^ separators;
    std::uint64_t found = ~(((differs & low_bits) + low_bits) | differs | low_bits);
    for (; found != 0; found &= found - 1) part(at + std::countr_zero(found) / 8);
  }
  for (; at != end; ++at) {
    if (*at == separator_) part(at);
  }
  fields_.emplace_back(first, static_cast<std::size_t>(end - first));
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
