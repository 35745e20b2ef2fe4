// The simulated market: every asset with its price, its past and its names. All sources answer from the one market, so
// that bitcoin costs the same everywhere.
//
// Threads   One.
// Input     Seed and start time; after that the path depends on neither who asks nor when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "feeds/simulator/minute_bars.hpp"
#include "feeds/simulator/new_york.hpp"
#include "feeds/simulator/price_process.hpp"
#include "feeds/simulator/symbols.hpp"

namespace tapeline::feeds::simulator {

struct MarketOptions {
  std::vector<SymbolSpec> symbols = demo_symbols();
  std::uint64_t seed = 1;
  double volatility = 1;  // multiple of the demo's, which is lively
  Session equity_session = Session::always;
  Nanos start_ns = 0;
};

/// What a quote says of the running trading day.
struct DayFacts {
  TradingDay day;
  SourceBar bar;  // of the day so far
  std::int64_t previous_close = 0;
};

class Asset {
 public:
  Asset(const SymbolSpec& spec, const MarketOptions& options, std::uint64_t random_stream);

  void advance_to(Nanos time_ns);

  [[nodiscard]] const SymbolSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] Session session() const noexcept { return session_; }
  [[nodiscard]] const MinuteBars& minutes() const noexcept { return minutes_; }
  /// At least 1.
  [[nodiscard]] std::int64_t price_ticks() const noexcept { return price_ticks_; }
  [[nodiscard]] double price() const noexcept { return to_price(price_ticks_); }
  [[nodiscard]] double to_price(std::int64_t ticks) const noexcept {
    return static_cast<double>(ticks) / ticks_per_unit_;
  }
  /// When the price last moved: now, or the last close.
  [[nodiscard]] Nanos price_time_ns() const noexcept { return price_time_ns_; }
  [[nodiscard]] DayFacts day_facts(Nanos time_ns) const;

 private:
  SymbolSpec spec_;
  Session session_;
  double ticks_per_unit_;
  double volume_per_step_;
  PriceProcess process_;
  MinuteBars minutes_;
  std::int64_t price_ticks_;
  Nanos price_time_ns_;
};

class Market {
 public:
  /// Throws std::invalid_argument when a symbol is impossible or named twice.
  explicit Market(const MarketOptions& options);

  void advance_to(Nanos time_ns);

  [[nodiscard]] std::vector<Asset>& assets() noexcept { return assets_; }
  [[nodiscard]] const std::vector<Asset>& assets() const noexcept { return assets_; }

  /// The asset that `name_of(spec)` calls `name`, or nullptr.
  template <class NameOf>
  [[nodiscard]] const Asset* find(std::string_view name, NameOf name_of) const {
    if (name.empty()) return nullptr;
    for (const Asset& asset : assets_) {
      if (name_of(asset.spec()) == name) return &asset;
    }
    return nullptr;
  }

 private:
  std::vector<Asset> assets_;
};

}  // namespace tapeline::feeds::simulator
