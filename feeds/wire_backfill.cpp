#include "feeds/wire_backfill.hpp"

#include <charconv>

namespace tapeline::feeds {
namespace {

std::string_view take_word(std::string_view& text) noexcept {
  const std::size_t space = text.find(' ');
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  return word;
}

std::uint64_t id_or(std::string_view digits, std::uint64_t otherwise) noexcept {
  std::uint64_t id = 0;
  const auto [next, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  return digits.empty() || error != std::errc{} || next != digits.data() + digits.size() ? otherwise : id;
}

}  // namespace

std::string backfill_context(const BackfillRange& range) {
  std::string context = std::string(range.symbol) + ' ' + std::to_string(range.first);
  if (range.last != BackfillRange::newest) context += ' ' + std::to_string(range.last);
  return context;
}

BackfillRange backfill_range_of(std::string_view context) noexcept {
  BackfillRange range;
  range.symbol = take_word(context);
  range.first = id_or(take_word(context), 0);
  range.last = id_or(take_word(context), BackfillRange::newest);
  return range;
}

}  // namespace tapeline::feeds
