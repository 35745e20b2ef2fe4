#include "core/stages/instrument_directory.hpp"

#include <algorithm>

namespace tapeline {
namespace {

std::string key_of(SourceCode source, std::string_view native_symbol) {
  return std::string(1, static_cast<char>(source)).append(native_symbol);
}

/// FNV-1a over 8 bytes at a time: names are short, and a collision only costs a comparison.
std::uint64_t hash_of(SourceCode source, std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ static_cast<std::uint64_t>(source);
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t width = std::min<std::size_t>(text.size(), sizeof word);
    __builtin_memcpy(&word, text.data(), width);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29;
    text.remove_prefix(width);
  }
  return hash | 1;  // 0 marks an empty slot
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
      if (entry.source == source && entry.native_symbol == native_symbol) return {slot.instrument, false};
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
