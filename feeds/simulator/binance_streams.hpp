// Which streams one Binance connection listens to, and the answers to its SUBSCRIBE, UNSUBSCRIBE and
// LIST_SUBSCRIPTIONS.
//
// Failure   Nonsense gets the exchange's own error messages, which carry neither an id nor a stream. A stream that does
// not
//           exist is accepted and stays silent, as there.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/market.hpp"

namespace tapeline::feeds::simulator {

enum class StreamKind { trade, book_ticker };

/// "btcusdt@trade", "btcusdt@bookTicker".
[[nodiscard]] std::string stream_name(const SymbolSpec& spec, StreamKind kind);

class BinanceStreams {
 public:
  explicit BinanceStreams(const Market& market);

  void subscribe(std::string_view stream);
  void unsubscribe(std::string_view stream);

  [[nodiscard]] bool wants_trades_of(std::size_t asset) const noexcept { return trades_[asset] != 0; }
  [[nodiscard]] bool wants_book_of(std::size_t asset) const noexcept { return books_[asset] != 0; }

  /// The reply to one text message of the client.
  [[nodiscard]] std::string answer(std::string_view request);

 private:
  void set(std::string_view stream, char wanted) noexcept;

  std::vector<std::string> trade_names_;  // by asset
  std::vector<std::string> book_names_;
  std::vector<char> trades_;
  std::vector<char> books_;
  std::vector<std::string> subscribed_;
};

}  // namespace tapeline::feeds::simulator
