#include "feeds/simulator/coingecko_history.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "feeds/simulator/coingecko_writer.hpp"
#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

/// One array such as [1709395200000,61942,62211.5].
class RowWriter {
 public:
  RowWriter(std::string& out, Nanos stamp_ns) : out_(out) {
    if (out_.back() != '[') out_.push_back(',');
    out_.push_back('[');
    append_integer(out_, stamp_ns / nanos_per_millisecond);
  }
  ~RowWriter() { out_.push_back(']'); }
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;
  void add(double value) {
    out_.push_back(',');
    append_double(out_, value);
  }

 private:
  std::string& out_;
};

struct Asked {
  const Asset& asset;
  double per_usd;
  int days;
  Nanos now_ns;
};

std::vector<SourceBar> bars_of(const Asked& asked, Nanos width_ns) {
  return join(asked.asset.minutes().between(asked.now_ns - asked.days * nanos_per_day, asked.now_ns),
              {.width_ns = width_ns});
}

std::string market_chart(const Asked& asked) {
  const auto bars = bars_of(asked, (asked.days == 1 ? 5 : 60) * nanos_per_minute);
  const auto series = [&](double (*value)(const Asset&, const SourceBar&, double)) {
    std::string out = "[";
    for (const SourceBar& bar : bars) RowWriter(out, bar.start_ns).add(value(asked.asset, bar, asked.per_usd));
    return out;
  };
  std::string prices =
      series([](const Asset& asset, const SourceBar& bar, double rate) { return asset.to_price(bar.open) * rate; });
  RowWriter(prices, asked.now_ns).add(asked.asset.price() * asked.per_usd);
  const std::string volumes = series([](const Asset& asset, const SourceBar& bar, double rate) {
    return bar.volume * asset.to_price(bar.close) * rate;
  });
  return "{\"prices\":" + prices + "],\"market_caps\":[],\"total_volumes\":" + volumes + "]}";
}

std::string ohlc(const Asked& asked) {
  const Nanos width_ns = (asked.days <= 2 ? 30 : 240) * nanos_per_minute;
  std::string out = "[";
  for (const SourceBar& bar : bars_of(asked, width_ns)) {
    RowWriter row(out, bar.start_ns + width_ns);
    for (const std::int64_t ticks : {bar.open, bar.high, bar.low, bar.close}) {
      row.add(asked.asset.to_price(ticks) * asked.per_usd);
    }
  }
  return out + "]";
}

}  // namespace

HttpReply answer_coin_history(const Market& market, std::string_view rest, const Target& target, Nanos now_ns) {
  const std::size_t slash = rest.find('/');
  const std::string_view what = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  const Asset* const asset = market.find(rest.substr(0, slash), coingecko_id);
  if (asset == nullptr || (what != "market_chart" && what != "ohlc")) return coingecko_error(404, "coin not found");
  if (target.get("vs_currency").empty()) return coingecko_error(422, "Missing parameter vs_currency");
  const auto per_usd = coingecko_rate(target.get("vs_currency"));
  if (!per_usd) return coingecko_error(422, "invalid vs_currency");
  const std::string_view text = target.get("days");
  int days = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (failure != std::errc{} || end != text.data() + text.size() || days < 1 || days > 365) {
    return coingecko_error(422, "Missing parameter days");
  }
  const Asked asked{*asset, *per_usd, days, now_ns};
  return {.body = what == "ohlc" ? ohlc(asked) : market_chart(asked)};
}

}  // namespace tapeline::feeds::simulator
