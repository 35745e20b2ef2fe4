// The trades that REST can still tell: of each asset the newest, and what a recording has held so far.
//
// Cost      O(1) a trade; a question walks over what it answers.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "feeds/simulator/trade_tape.hpp"

namespace tapeline::feeds::simulator {

/// A trade as texts, whichever exchange it is told by.
struct ToldTrade {
  std::uint64_t id = 0;
  Nanos event_ns = 0;
  std::string price;
  std::string quantity;
  TakerSide taker = TakerSide::buy;
};

class TradeHistory {
 public:
  TradeHistory(const Market& market, const TradeTape& tape);

  void add(const Trade& trade);
  /// The trades of a recorded message, where it holds any; `native` names of any exchange.
  void add_recorded(std::string_view message);

  /// In ascending order of id, from `first` on, at most `count`; of a symbol by any exchange's name. nullopt: unknown.
  [[nodiscard]] std::optional<std::vector<ToldTrade>> from(std::string_view symbol, std::uint64_t first,
                                                           std::size_t count) const;
  /// The newest ones below `end`, at most `count`, ascending.
  [[nodiscard]] std::optional<std::vector<ToldTrade>> before(std::string_view symbol, std::uint64_t end,
                                                             std::size_t count) const;
  /// Those later than `since_ns`, at most `count`, ascending.
  [[nodiscard]] std::optional<std::vector<ToldTrade>> since(std::string_view symbol, Nanos since_ns,
                                                            std::size_t count) const;

 private:
  static constexpr std::size_t trades_max = 100'000;  // of an asset

  using List = std::deque<ToldTrade>;
  [[nodiscard]] const List* find(std::string_view symbol) const;
  void keep(List& list, ToldTrade trade);

  const Market& market_;
  const TradeTape& tape_;
  std::vector<std::deque<Trade>> by_asset_;
  std::map<std::string, List, std::less<>> recorded_;  // by native symbol
  mutable List told_;                                  // of the asset last asked for
};

}  // namespace tapeline::feeds::simulator
