#include "core/stages/instrument_directory.hpp"

#include <algorithm>
#include <cstring>

namespace tapeline {
namespace {

std::string key_of(SourceCode source, std::string_view native_symbol) {
  return std::string(1, static_cast<char>(source)).append(native_symbol);
}

/// Of up to 8 bytes all, in some order; loads of a fixed width that overlap are quicker than one of any width.
std::uint64_t word_of(const char* text, std::size_t size) noexcept {
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, text, sizeof first);
    std::memcpy(&last, text + size - sizeof last, sizeof last);
    return first | std::uint64_t{last} << 32U;
  }
  if (size == 0) return 0;
  const auto byte = [text](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(text[at])}; };
  return byte(0) | byte(size / 2) << 8U | byte(size - 1) << 16U;
}

std::uint64_t whole_word_of(const char* text) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  return word;
}

/// FNV-1a over 8 bytes at a time: names are short, and a collision only costs a comparison.
std::uint64_t hash_of(SourceCode source, std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ static_cast<std::uint64_t>(source) ^ std::uint64_t{text.size()} << 8U;
  const auto add = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29;
  };
  std::size_t at = 0;
  for (; text.size() - at > 8; at += 8) add(whole_word_of(text.data() + at));
  add(word_of(text.data() + at, text.size() - at));
  return hash | 1;  // 0 marks an empty slot
}

bool are_equal(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  std::size_t at = 0;
  for (; a.size() - at > 8; at += 8) {
    if (whole_word_of(a.data() + at) != whole_word_of(b.data() + at)) return false;
  }
  return word_of(a.data() + at, a.size() - at) == word_of(b.data() + at, b.size() - at);
}

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_acceptable_symbol(std::string_view symbol) noexcept {
  if (symbol.empty() || symbol.size() > symbol_bytes_max) return false;
  if (!is_letter_or_digit(symbol.front()) && symbol.front() != '^') return false;
  return std::all_of(symbol.begin(), symbol.end(), [](char c) {
    return is_letter_or_digit(c) || std::string_view("._:/=^-").find(c) != std::string_view::npos;
  });
}

InstrumentDirectory::InstrumentDirectory(const std::vector<SymbolName>& names) : slots_(1'024) {
  for (const SymbolName& name : names) names_[key_of(name.source, name.native_symbol)] = name.symbol;
}

std::string_view InstrumentDirectory::symbol_of(SourceCode source, std::string_view native_symbol) const {
  const auto known = names_.find(key_of(source, native_symbol));
  return known == names_.end() ? native_symbol : std::string_view(known->second);
}

InstrumentDirectory::Found InstrumentDirectory::find_or_add(SourceCode source, std::string_view native_symbol) {
  const std::uint64_t hash = hash_of(source, native_symbol);
  for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    Slot& slot = slots_[at];
    if (slot.hash == hash) {
      const Entry& entry = entries_[slot.instrument];
      if (entry.source == source && are_equal(entry.native_symbol, native_symbol)) return {slot.instrument, false};
    }
    if (slot.hash != 0) continue;
    if (entries_.size() >= instruments_max || !is_acceptable_symbol(native_symbol)) return {no_instrument, false};
    slot = {hash, static_cast<InstrumentIndex>(entries_.size())};
    entries_.push_back({source, std::string(native_symbol)});
    const InstrumentIndex added = slot.instrument;
    if (entries_.size() * 2 > slots_.size()) grow();
    return {added, true};
  }
}

void InstrumentDirectory::grow() {
  std::vector<Slot> wider(slots_.size() * 2);
  for (const Slot& slot : slots_) {
    if (slot.hash == 0) continue;
    std::size_t at = slot.hash & (wider.size() - 1);
    while (wider[at].hash != 0) at = (at + 1) & (wider.size() - 1);
    wider[at] = slot;
  }
  slots_ = std::move(wider);
}

}  // namespace tapeline
