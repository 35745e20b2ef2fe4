#include "feeds/simulator/trade_tape.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/decimal.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr double rate_max = 1e6;
constexpr double trade_value_median = 250;  // in the quote currency
constexpr double trade_size_sigma = 1.6;
constexpr double same_side_probability = 0.72;  // orders are split: one side trades several times in a row
constexpr double sweep_probability = 0.08;      // a large order takes more than the best price
constexpr Nanos first_trade_ns = 1'577'836'800 * nanos_per_second;  // 2020-01-01T00:00:00Z
constexpr std::uint64_t tape_stream = 7;

/// About a dollar's worth is the smallest size: BTC 5 digits, DOGE none.
int digits_for(double price) {
  int digits = 0;
  for (double step_value = price; step_value > 2 && digits < 6; step_value /= 10) ++digits;
  return digits;
}

}  // namespace

TradeTape::TradeTape(Market& market, const TapeOptions& options)
    : market_(market), random_(options.seed, tape_stream), start_ns_(options.start_ns) {
  if (!(options.rate > 0) || options.rate > rate_max) {
    throw std::invalid_argument("the simulator's rate must be above 0 and at most 1,000,000 trades a second");
  }
  slot_ns_ = 1e9 / options.rate;
  // As if there had been a trade a slot since then: an exchange that was restarted goes on behind the ids that it gave before.
  const auto first_id =
      static_cast<std::uint64_t>(static_cast<double>(std::max<Nanos>(start_ns_ - first_trade_ns, 0)) / slot_ns_) + 1;
  double total = 0;
  for (const Asset& asset : market.assets()) {
    if (asset.spec().kind == AssetKind::crypto) total += asset.spec().weight;
  }
  double cumulated = 0;
  for (std::size_t index = 0; index < market.assets().size(); ++index) {
    const SymbolSpec& spec = market.assets()[index].spec();
    if (spec.kind != AssetKind::crypto) continue;
    cumulated += spec.weight;
    const int digits = digits_for(spec.start_price);
    streamed_.push_back({.asset = index,
                         .weight_end = cumulated / total,
                         .quantity_decimals = digits,
                         .units_per_price = trade_value_median * static_cast<double>(power_of_ten(digits)),
                         .next_id = first_id,
                         .taker = TakerSide::buy});
  }
  if (has_trades()) schedule();
}

int TradeTape::quantity_decimals(std::size_t asset) const noexcept {
  for (const Streamed& streamed : streamed_) {
    if (streamed.asset == asset) return streamed.quantity_decimals;
  }
  return 0;
}

void TradeTape::schedule() noexcept {
  const double moment = static_cast<double>(slot_++) + random_.uniform();
  next_event_ns_ = start_ns_ + static_cast<Nanos>(moment * slot_ns_);
}

TradeTape::Streamed& TradeTape::pick() noexcept {
  const double chosen = random_.uniform();
  for (Streamed& streamed : streamed_) {
    if (chosen < streamed.weight_end) return streamed;
  }
  return streamed_.back();
}

Trade TradeTape::next() noexcept {
  Streamed& streamed = pick();
  Asset& asset = market_.assets()[streamed.asset];
  asset.advance_to(next_event_ns_);
  if (random_.uniform() >= same_side_probability) {
    streamed.taker = streamed.taker == TakerSide::buy ? TakerSide::sell : TakerSide::buy;
  }
  const std::int64_t bid = asset.price_ticks();
  const std::int64_t ask = bid + 1;
  std::int64_t swept = 0;
  if (random_.uniform() < sweep_probability) swept = static_cast<std::int64_t>(random_.uniform(1, 4));
  const double units = streamed.units_per_price / asset.price() * random_.log_normal(trade_size_sigma);
  const Trade trade{
      .asset = streamed.asset,
      .id = streamed.next_id++,
      .event_ns = next_event_ns_,
      .price_ticks = streamed.taker == TakerSide::buy ? ask + swept : std::max<std::int64_t>(1, bid - swept),
      .quantity_units = std::max<std::int64_t>(1, std::llround(units)),
      .taker = streamed.taker,
      .bid_ticks = bid,
      .ask_ticks = ask};
  schedule();
  return trade;
}

}  // namespace tapeline::feeds::simulator
