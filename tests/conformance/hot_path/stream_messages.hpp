// Messages as the streams send them, one after the other: trades and quotes of each feed, now and then one that is worth a
// note or is refused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/time.hpp"
#include "core/model/event.hpp"

namespace tapeline {

class StreamMessages {
 public:
  /// So many messages hold one of every usual kind.
  static constexpr std::uint64_t round = 16;

  struct Message {
    SourceCode source{};
    Channel channel = 0;
    Nanos receive_ns = 0;
    std::string_view text;  // until the next call
  };

  [[nodiscard]] Message next() noexcept;

  // Of the messages so far:
  std::uint64_t trades = 0;   // that become ticks
  std::uint64_t rejects = 0;  // that become nothing else
  std::uint64_t flags = 0;    // at least so many are remarkable

 private:
  [[nodiscard]] Message binance_trade() noexcept;
  template <class... Values>
  [[nodiscard]] std::string_view write(const char* format, Values... values) noexcept;

  std::uint64_t count_ = 0;
  std::uint64_t binance_id_ = 1'000;
  std::uint64_t coinbase_id_ = 1'000;
  std::uint64_t kraken_id_ = 1'000;
  std::uint64_t now_ms_ = 0;
  std::uint64_t cents_ = 0;
  std::array<char, 512> text_{};
};

}  // namespace tapeline
