// Native symbols to lane-local instrument numbers, for the parser stage.
//
// Threads   The parser's alone; others learn of an instrument by the event that announces it.
// Ordering  Numbers are given in order of first appearance in the journal: a replay gives the same ones.
// Cost      One hash and, nearly always, one comparison a look-up; no allocation but for a new instrument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/event.hpp"

namespace tapeline {

/// What the configuration calls an instrument of a source; the native name where it says nothing.
struct SymbolName {
  SourceCode source;
  std::string native_symbol;
  std::string symbol;
};

class InstrumentDirectory {
 public:
  explicit InstrumentDirectory(const std::vector<SymbolName>& names);

  struct Found {
    InstrumentIndex instrument;  // no_instrument: the name is not acceptable, or the directory is full
    bool is_new;
  };
  [[nodiscard]] Found find_or_add(SourceCode source, std::string_view native_symbol);
  /// The configured name, else the native one.
  [[nodiscard]] std::string_view symbol_of(SourceCode source, std::string_view native_symbol) const;

  /// Of an instrument that has been given its number.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] SourceCode source(InstrumentIndex instrument) const noexcept { return entries_[instrument].source; }
  [[nodiscard]] std::string_view native_symbol(InstrumentIndex instrument) const noexcept {
    return entries_[instrument].native_symbol;
  }

  static constexpr std::size_t instruments_max = 1'000'000;

 private:
  struct Slot {
    std::uint64_t hash = 0;
    InstrumentIndex instrument = no_instrument;
  };
  struct Entry {
    SourceCode source;
    std::string native_symbol;
  };
  void grow();

  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::string> names_;  // key: source byte + native symbol
};

/// Names that may reach SQL, keys and file names: 1 to 63 of A-Z a-z 0-9 . _ : / = ^ -, the first a letter, digit or ^.
[[nodiscard]] bool is_acceptable_symbol(std::string_view symbol) noexcept;

}  // namespace tapeline
