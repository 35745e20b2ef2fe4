#include "tests/conformance/hot_path/stream_messages.hpp"

#include <cstdio>

#include "feeds/binance/wire.hpp"
#include "feeds/coinbase/wire.hpp"
#include "feeds/kraken/wire.hpp"
#include "feeds/yahoo/wire.hpp"

namespace tapeline {
namespace {

constexpr std::uint64_t midnight_ms = 1'723'075'200'000;      // 2024-08-08
constexpr std::uint64_t begin_ms = midnight_ms + 86'055'000;  // 23:54:15: the day ends soon
constexpr std::uint64_t message_every_ms = 20;
constexpr std::uint64_t messages_a_second = 1'000 / message_every_ms;

/// Cents: up for 100 seconds, down for 100, so that RSI comes to both of its ends; with some noise.
std::uint64_t price_at(std::uint64_t message) noexcept {
  const std::uint64_t second = message / messages_a_second % 200;
  return 6'183'763 + 300 * (second < 100 ? second : 200 - second) + message * 7'919 % 401;
}

// One in so many Binance trades; primes, so that they meet each other rarely.
constexpr std::uint64_t leap_every = 1'013;       // a price far from the others
constexpr std::uint64_t gap_every = 1'019;        // an id is left out
constexpr std::uint64_t duplicate_every = 1'021;  // an id comes again
constexpr std::uint64_t unreadable_every = 1'031;

}  // namespace

template <class... Values>
std::string_view StreamMessages::write(const char* format, Values... values) noexcept {
  const int length = std::snprintf(text_.data(), text_.size(), format, values...);
  return {text_.data(), static_cast<std::size_t>(length)};
}

StreamMessages::Message StreamMessages::next() noexcept {
  const std::uint64_t number = count_++;
  now_ms_ = begin_ms + number * message_every_ms;
  cents_ = price_at(number);
  const auto receive_ns = static_cast<Nanos>(now_ms_) * nanos_per_millisecond;
  const std::uint64_t second = now_ms_ / 1'000 % 86'400;
  std::array<char, 32> stamp{};
  std::snprintf(stamp.data(), stamp.size(), "2024-08-%02uT%02u:%02u:%02u.%03uZ",
                static_cast<unsigned>(8 + (now_ms_ - midnight_ms) / 86'400'000), static_cast<unsigned>(second / 3'600),
                static_cast<unsigned>(second / 60 % 60), static_cast<unsigned>(second % 60),
                static_cast<unsigned>(now_ms_ % 1'000));
  const auto whole = static_cast<unsigned>(cents_ / 100);
  const auto part = static_cast<unsigned>(cents_ % 100);
  switch (number % round) {
    case 0:
      ++trades;
      return {feeds::coinbase::code, feeds::coinbase::stream, receive_ns,
              write(R"({"type":"match","trade_id":%llu,"side":"buy","size":"0.10000000","price":"%u.%02u",)"
                    R"("product_id":"BTC-USD","sequence":7,"time":"%s"})",
                    static_cast<unsigned long long>(++coinbase_id_), whole, part, stamp.data())};
    case 2:
      return {feeds::coinbase::code, feeds::coinbase::stream, receive_ns,
              write(R"({"type":"ticker","product_id":"BTC-USD","best_bid":"%u.%02u","best_ask":"%u.99",)"
                    R"("time":"%s"})",
                    whole, part, whole, stamp.data())};
    case 4:
      return {feeds::coinbase::code, feeds::coinbase::stream, receive_ns,
              write(R"({"type":"heartbeat","sequence":7,"last_trade_id":%llu,"product_id":"BTC-USD",)"
                    R"("time":"%s"})",
                    static_cast<unsigned long long>(coinbase_id_), stamp.data())};
    case 6:
      trades += 2;
      kraken_id_ += 2;
      return {feeds::kraken::code, feeds::kraken::stream, receive_ns,
              write(R"({"channel":"trade","type":"update","data":[)"
                    R"({"symbol":"BTC/USD","side":"buy","price":%u.%02u,"qty":1e-08,"ord_type":"market",)"
                    R"("trade_id":%llu,"timestamp":"%s"},)"
                    R"({"symbol":"BTC/USD","side":"sell","price":%u.%02u,"qty":0.5,"ord_type":"limit",)"
                    R"("trade_id":%llu,"timestamp":"%s"}]})",
                    whole, part, static_cast<unsigned long long>(kraken_id_ - 1), stamp.data(), whole, part,
                    static_cast<unsigned long long>(kraken_id_), stamp.data())};
    case 8:
      return {feeds::kraken::code, feeds::kraken::stream, receive_ns,
              write(R"({"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":%u.%02u,"ask":%u.99,)"
                    R"("last":%u.5,"timestamp":"%s"}]})",
                    whole, part, whole, whole, stamp.data())};
    case 10:
      return {feeds::binance::code, feeds::binance::combined, receive_ns,
              write(R"({"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"%u.%02u000000",)"
                    R"("B":"31.21000000","a":"%u.99000000","A":"40.66000000"}})",
                    whole, part, whole)};
    case 12:  // in an order that the scan of usual trades does not know
      ++trades;
      return {
          feeds::binance::code, feeds::binance::combined, receive_ns,
          write(R"({"stream":"btcusdt@trade","data":{"s":"BTCUSDT","e":"trade","t":%llu,"p":"%u.%02u000000",)"
                R"("q":"0.00100000","T":%llu,"m":true}})",
                static_cast<unsigned long long>(++binance_id_), whole, part, static_cast<unsigned long long>(now_ms_))};
    case 14:  // 213.25, of begin_ms
      return {feeds::yahoo::code, feeds::yahoo::streamer, receive_ns,
              R"({"type":"pricing","message":"CgRBQVBMFQBAVUMYsPHQxqZkOADYAQQ="})"};
    default: return binance_trade();
  }
}

StreamMessages::Message StreamMessages::binance_trade() noexcept {
  const std::uint64_t number = count_;
  if (number % gap_every == 0) {
    ++binance_id_;
    ++flags;
  }
  const bool is_duplicate = number % duplicate_every == 0;
  const bool is_unreadable = number % unreadable_every == 0;
  if (!is_duplicate) ++binance_id_;
  (is_duplicate || is_unreadable ? rejects : trades) += 1;
  if (number % leap_every == 0) cents_ += cents_ / 20;
  return {
      feeds::binance::code, feeds::binance::combined, static_cast<Nanos>(now_ms_) * nanos_per_millisecond,
      write(R"({"stream":"btcusdt@trade","data":{"e":"trade","E":%llu,"s":"BTCUSDT","t":%llu,"p":"%s%llu.%02u000000",)"
            R"("q":"0.00100000","T":%llu,"m":%s,"M":true}})",
            static_cast<unsigned long long>(now_ms_), static_cast<unsigned long long>(binance_id_),
            is_unreadable ? "?" : "", static_cast<unsigned long long>(cents_ / 100),
            static_cast<unsigned>(cents_ % 100), static_cast<unsigned long long>(now_ms_),
            number % 3 == 0 ? "true" : "false")};
}

}  // namespace tapeline
