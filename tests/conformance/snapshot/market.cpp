#include "tests/conformance/snapshot/market.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include <stdlib.h>

#include "core/base/check.hpp"
#include "core/journal/journal_writer.hpp"
#include "feeds/registry.hpp"
#include "tests/conformance/kernels/series.hpp"

namespace tapeline::conformance {
namespace {

constexpr Nanos begin_ns = 1'723'161'250 * nanos_per_second;

template <class... Values>
std::string text(const char* format, Values... values) {
  std::array<char, 1'024> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, values...);
  return buffer.data();
}

class Teller {
 public:
  Teller(const JournalConfig& config, std::uint64_t seed) : journal_(config), dice_(seed) {}

  JournalPosition tell(std::size_t number) {
    now_ns_ += (40 + dice_.step(39)) * nanos_per_millisecond;
    if (number == 0) return control(FrameKind::session_start);
    if (number % 23 == 0) return control(FrameKind::clock);
    if (number % 97 == 0) {
      control(FrameKind::session_end);
      now_ns_ += 90 * nanos_per_second;  // nobody listened
      return control(FrameKind::session_start);
    }
    if (number % 31 == 0) return data("binance", "", R"({"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT")");
    if (number % 19 == 0) return quote();
    if (number % 11 == 0) return coin();
    if (number % 13 == 0) return chart(number);
    return trade(number);
  }

 private:
  JournalPosition append(FrameKind kind, std::string_view source, std::string_view context, std::string_view payload) {
    const SourceCode code = source.empty() ? SourceCode{} : feeds::named_source(source).code;
    const auto http_status = static_cast<std::uint16_t>(source.empty() || source == "binance" ? 0 : 200);
    const bool is_taken =
        journal_
            .append({.kind = kind, .source = code, .channel = 1, .http_status = http_status, .receive_ns = now_ns_},
                    context, payload)
            .has_value();
    TL_CHECK(is_taken);
    return journal_.end_position();
  }
  JournalPosition control(FrameKind kind) { return append(kind, "", "", ""); }
  JournalPosition data(std::string_view source, std::string_view context, std::string_view payload) {
    return append(FrameKind::data, source, context, payload);
  }

  JournalPosition trade(std::size_t number) {
    static constexpr std::array<const char*, 4> symbols{"BTCUSDT", "ETHUSDT", "PEPEUSDT", "LATEUSDT"};
    const std::size_t symbol = dice_.bits() % (number < 150 ? 3 : 4);
    std::int64_t& price = prices_[symbol];
    price = std::max<std::int64_t>(price + dice_.step(price / 200 + 1), 1'000);
    std::uint64_t& id = ids_[symbol];
    const std::uint64_t chance = dice_.bits() % 40;
    if (chance != 0) ++id;                     // else: came before
    if (chance == 1) id += dice_.bits() % 20;  // a hole
    const std::uint64_t said_id = chance == 2 && id > 5 ? id - 3 : id;
    const Nanos late_ns = chance == 3 ? 7 * nanos_per_second : chance == 4 ? nanos_per_second / 2 : 0;
    const std::int64_t said_price = chance == 5 ? price * 3 : price;
    const char* scale = dice_.bits() % 50 == 0 ? "7" : "";  // now and then a digit more than ever
    return data(
        "binance", "",
        text(R"({"stream":"x@trade","data":{"e":"trade","E":1,"s":"%s","t":%llu,"p":"%lld.%02lld%s",)"
             R"("q":"0.0%03llu","T":%lld,"m":true,"M":true}})",
             symbols[symbol], static_cast<unsigned long long>(said_id), static_cast<long long>(said_price / 100),
             static_cast<long long>(said_price % 100), scale, static_cast<unsigned long long>(1 + dice_.bits() % 999),
             static_cast<long long>((now_ns_ - late_ns) / nanos_per_millisecond)));
  }
  JournalPosition quote() {
    const std::int64_t price = prices_[1];
    return data("binance", "",
                text(R"({"stream":"ethusdt@bookTicker","data":{"u":7,"s":"ETHUSDT","b":"%lld.%02lld","B":"1.5",)"
                     R"("a":"%lld.%02lld","A":"2.5"}})",
                     static_cast<long long>(price / 100), static_cast<long long>(price % 100),
                     static_cast<long long>(price / 100 + 1), static_cast<long long>(price % 100)));
  }
  JournalPosition coin() {
    // One asset of two sources, and now and then they disagree.
    const std::int64_t price = dice_.bits() % 5 == 0 ? prices_[0] + prices_[0] / 20 : prices_[0];
    return data("coingecko", "usd",
                text(R"({"bitcoin":{"usd":%lld.%02lld,"last_updated_at":%lld}})", static_cast<long long>(price / 100),
                     static_cast<long long>(price % 100), static_cast<long long>(now_ns_ / nanos_per_second)));
  }
  JournalPosition chart(std::size_t number) {
    std::string times;
    std::string values;
    std::string volumes;
    const std::int64_t newest = begin_ns / nanos_per_second / 60 * 60 - 36'000 + static_cast<std::int64_t>(number) * 60;
    for (std::int64_t i = 4; i >= 0; --i) {
      const std::int64_t at = newest - i * 60;
      const bool is_corrected = dice_.bits() % 9 == 0;
      const auto close = 20'000 + (at / 60 * 37) % 900 + (is_corrected ? 5 : 0);
      times += text("%s%lld", times.empty() ? "" : ",", static_cast<long long>(at));
      values += text("%s%lld.%02lld", values.empty() ? "" : ",", static_cast<long long>(close / 100),
                     static_cast<long long>(close % 100));
      volumes += text("%s%lld", volumes.empty() ? "" : ",", static_cast<long long>(1'000 + at / 60 % 77));
    }
    const std::string quote = R"({"open":[)" + values + R"(],"high":[)" + values + R"(],"low":[)" + values +
                              R"(],"close":[)" + values + R"(],"volume":[)" + volumes + "]}";
    return data("yahoo", "AAPL 60",
                R"({"chart":{"result":[{"meta":{"symbol":"AAPL","dataGranularity":"1m"},"timestamp":[)" + times +
                    R"(],"indicators":{"quote":[)" + quote + R"(]}}],"error":null}})");
  }

  JournalWriter journal_;
  Dice dice_;
  Nanos now_ns_ = begin_ns;
  std::array<std::int64_t, 4> prices_{6'183'763, 251'234, 10'000, 77'777};
  std::array<std::uint64_t, 4> ids_{1'000, 5, 77, 3};
};

}  // namespace

Market::Market(std::size_t frames, std::uint64_t seed) {
  const char* memory = "/dev/shm";
  std::string pattern =
      (std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path().string()) +
      "/tapeline-market-XXXXXX";
  TL_CHECK(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  config_ = {.directory = folder_ + "/journal", .segment_bytes = segment_bytes_min};
  Teller teller(config_, seed);
  for (std::size_t i = 0; i < frames; ++i) ends_.push_back(teller.tell(i));
}

Market::~Market() { std::filesystem::remove_all(folder_); }

}  // namespace tapeline::conformance
