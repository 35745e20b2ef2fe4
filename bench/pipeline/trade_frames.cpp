#include "bench/pipeline/trade_frames.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <random>

#include <fmt/format.h>
#include <stdlib.h>
#include <zlib.h>

#include "feeds/binance/wire.hpp"

namespace tapeline::bench {
namespace {

struct Trade {
  std::int64_t event_ms;
  std::uint64_t id;
  std::string price, size;
  bool is_maker;
};

/// Text after `key` up to the next ',' or '}' or '"'.
std::string field(std::string_view message, std::string_view key) {
  const std::size_t at = message.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = message.substr(at + key.size());
  return std::string(rest.substr(0, rest.find_first_of(",}\"")));
}

std::vector<Trade> recorded_trades(const char* path) {
  std::vector<Trade> trades;
  gzFile file = gzopen(path, "rb");
  if (file == nullptr) return trades;
  std::vector<char> line(1 << 20);
  while (gzgets(file, line.data(), static_cast<int>(line.size())) != nullptr) {
    const std::string_view text(line.data());
    if (text.find("\"e\":\"trade\"") == std::string_view::npos) continue;
    trades.push_back({std::stoll(field(text, "\"T\":")), std::stoull(field(text, "\"t\":")), field(text, "\"p\":\""),
                      field(text, "\"q\":\""), field(text, "\"m\":") == "true"});
  }
  gzclose(file);
  return trades;
}

std::vector<Trade> generated_trades() {
  std::mt19937_64 random(1);
  std::vector<Trade> trades;
  std::int64_t cents = 6'183'763;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    cents += static_cast<std::int64_t>(random() % 201) - 100;
    trades.push_back({1'723'161'255'000 + static_cast<std::int64_t>(i) * 35, 3'735'683'259 + i,
                      fmt::format("{}.{:02}000000", cents / 100, cents % 100),
                      fmt::format("0.{:05}000", random() % 100'000 + 1), random() % 2 == 0});
  }
  return trades;
}

std::vector<std::string>& directories() {
  static std::vector<std::string> made;
  return made;
}

void remove_directories() {
  std::error_code ignored;
  for (const std::string& directory : directories()) std::filesystem::remove_all(directory, ignored);
}

}  // namespace

std::string TradeFrames::make_directory(Medium medium) {
  static std::once_flag once;
  std::call_once(once, [] {
    directories();
    std::atexit(remove_directories);
  });
  const bool is_memory = medium == Medium::memory && std::filesystem::exists("/dev/shm");
  const std::filesystem::path root = is_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  std::string pattern = root / "tapeline-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a directory in " + root.string());
  directories().push_back(pattern);
  return pattern;
}

const TradeFrames& TradeFrames::instance() {
  static const TradeFrames frames;
  return frames;
}

TradeFrames::TradeFrames() {
  const char* wanted = std::getenv("TAPELINE_BENCH_TRADES");
  const std::uint64_t total = wanted != nullptr ? std::stoull(wanted) : 2'000'000;
  std::vector<Trade> trades;
  if (const char* recording = std::getenv("TAPELINE_BENCH_RECORDING")) {
    trades = recorded_trades(recording);
    origin_ = "recorded";
  }
  if (trades.empty()) {
    trades = generated_trades();
    origin_ = "generated";
  }
  const std::int64_t span_ms = trades.back().event_ms - trades.front().event_ms + 1;
  const std::uint64_t span_ids = trades.back().id - trades.front().id + 1;

  constexpr std::size_t record_bytes = 320;  // at most, of such a message
  writer_ = std::make_unique<JournalWriter>(
      JournalConfig{.directory = make_directory(Medium::memory),
                    .segment_bytes = std::bit_ceil(segment_bytes_min + total * record_bytes)});
  std::array<char, 512> message{};
  while (count_ < total) {
    const std::uint64_t round = count_ / trades.size();
    for (const Trade& trade : trades) {
      if (count_ == total) break;
      const std::int64_t event_ms = trade.event_ms + static_cast<std::int64_t>(round) * span_ms;
      const int length = std::snprintf(
          message.data(), message.size(),
          R"({"stream":"btcusdt@trade","data":{"e":"trade","E":%lld,"s":"BTCUSDT","t":%llu,"p":"%s","q":"%s","T":%lld,"m":%s,"M":true}})",
          static_cast<long long>(event_ms + 1), static_cast<unsigned long long>(trade.id + round * span_ids),
          trade.price.c_str(), trade.size.c_str(), static_cast<long long>(event_ms), trade.is_maker ? "true" : "false");
      writer_->append({.kind = FrameKind::data,
                       .source = feeds::binance::code,
                       .channel = feeds::binance::combined,
                       .http_status = 0,
                       .receive_ns = event_ms * nanos_per_millisecond},
                      {}, {message.data(), static_cast<std::size_t>(length)});
      ++count_;
    }
  }
  end_ = writer_->end_position();
}

}  // namespace tapeline::bench
