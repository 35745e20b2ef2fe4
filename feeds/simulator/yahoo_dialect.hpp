// Yahoo's streamer over one connection: snapshots of prices, base64 of a protobuf in JSON.
//
// Output    Of each symbol that is subscribed to, at most one snapshot a second. A symbol that is not traded here is
//           passed over without a word, as there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "feeds/simulator/stream_dialect.hpp"

namespace tapeline::feeds::simulator {

class YahooDialect final : public StreamDialect {
 public:
  explicit YahooDialect(const Market& market);
  void answer(std::string_view request, const Send& send) override;
  void tell(const Trade& trade, const Send& send) override;

 private:
  struct Symbol {
    std::string name;  // "BTC-USD"; empty: not listed
    bool is_wanted = false;
    std::optional<Nanos> told_ns;
  };

  const Market& market_;
  std::vector<Symbol> symbols_;  // by asset
};

}  // namespace tapeline::feeds::simulator
