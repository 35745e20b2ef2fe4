#include "feeds/registry.hpp"

#include <array>
#include <stdexcept>
#include <string>

#include "feeds/alpha_vantage/wire.hpp"
#include "feeds/binance/wire.hpp"
#include "feeds/coinbase/wire.hpp"
#include "feeds/coingecko/wire.hpp"
#include "feeds/kraken/wire.hpp"
#include "feeds/yahoo/wire.hpp"

namespace tapeline::feeds {
namespace {

template <class Parser>
std::unique_ptr<WireParser> make() {
  return std::make_unique<Parser>();
}

constexpr std::array entries{
    Entry{alpha_vantage::code, "alpha_vantage", &make<alpha_vantage::Parser>},
    Entry{coingecko::code, "coingecko", &make<coingecko::Parser>},
    Entry{yahoo::code, "yahoo", &make<yahoo::Parser>},
    Entry{binance::code, "binance", &make<binance::Parser>},
    Entry{coinbase::code, "coinbase", &make<coinbase::Parser>},
    Entry{kraken::code, "kraken", &make<kraken::Parser>},
};

}  // namespace

std::span<const Entry> registry() noexcept { return entries; }

const Entry* find_source(std::string_view name) noexcept {
  for (const Entry& entry : entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

const Entry* find_source(SourceCode code) noexcept {
  for (const Entry& entry : entries) {
    if (entry.code == code) return &entry;
  }
  return nullptr;
}

const Entry& named_source(std::string_view name) {
  if (const Entry* entry = find_source(name)) return *entry;
  std::string known;
  for (const std::string_view one : source_names()) known.append(known.empty() ? "" : ", ").append(one);
  throw std::invalid_argument("--source " + std::string(name) + " is not known; one of: " + known);
}

std::vector<std::string_view> source_names() {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  return names;
}

}  // namespace tapeline::feeds
