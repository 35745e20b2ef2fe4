#include "bench/feeds/binance/scenario.hpp"

#include "bench/feeds/binance/simdjson_trade.hpp"
#include "bench/pipeline/trade_frames.hpp"
#include "core/journal/journal_reader.hpp"

namespace tapeline::bench::binance {

const std::vector<Frame>& messages() {
  static std::string bytes;  // the payloads, each with its padding
  static const std::vector<Frame> read = [] {
    constexpr std::size_t wanted = 20'000;
    JournalReader reader(TradeFrames::instance().journal());
    reader.seek(reader.first_position());
    std::vector<Frame> frames;
    std::vector<std::size_t> offsets;
    Frame frame;
    while (frames.size() < wanted && reader.next(TradeFrames::instance().end_position(), frame)) {
      offsets.push_back(bytes.size());
      bytes.append(frame.payload).append(frame_padding_bytes, '\0');
      frames.push_back(frame);
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
      frames[i].payload = {bytes.data() + offsets[i], frames[i].payload.size()};
    }
    return frames;
  }();
  return read;
}

const std::vector<Trade>& expected() {
  static const std::vector<Trade> read = [] {
    PlainSimdjson plain;
    std::vector<Trade> trades;
    for (const Frame& frame : messages()) {
      Trade trade = plain.read(frame);
      // The name lies in the parser's buffer, which the next message overwrites.
      trade.symbol = frame.payload.substr(frame.payload.find(trade.symbol), trade.symbol.size());
      trades.push_back(trade);
    }
    return trades;
  }();
  return read;
}

}  // namespace tapeline::bench::binance
