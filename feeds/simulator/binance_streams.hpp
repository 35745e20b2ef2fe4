// Which streams one Binance connection listens to, and the answers to its SUBSCRIBE, UNSUBSCRIBE and
// LIST_SUBSCRIPTIONS.
//
// Failure   Nonsense gets the exchange's own error messages, which carry neither an id nor a stream. A stream that does
// not
//           exist is accepted and stays silent, as there.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/market.hpp"

namespace tapeline::feeds::simulator {

enum class StreamKind { trade, aggregate_trade, book_ticker, kline };

/// "btcusdt@trade", "btcusdt@aggTrade", "btcusdt@bookTicker", "btcusdt@kline_1m".
[[nodiscard]] std::string stream_name(const SymbolSpec& spec, StreamKind kind);

class BinanceStreams {
 public:
  explicit BinanceStreams(const Market& market);

  void subscribe(std::string_view stream);
  void unsubscribe(std::string_view stream);

  [[nodiscard]] bool wants(StreamKind kind, std::size_t asset) const noexcept {
    return wanted_[asset][static_cast<std::size_t>(kind)];
  }

  /// The reply to one text message of the client.
  [[nodiscard]] std::string answer(std::string_view request);

 private:
  void set(std::string_view stream, bool wanted) noexcept;

  static constexpr std::size_t kinds = 4;

  std::vector<std::array<std::string, kinds>> names_;  // by asset
  std::vector<std::array<bool, kinds>> wanted_;
  std::vector<std::string> subscribed_;
};

}  // namespace tapeline::feeds::simulator
