#include "app/commands/symbols.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <future>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "app/config/loader.hpp"
#include "feeds/alpha_vantage/search.hpp"
#include "feeds/binance/search.hpp"
#include "feeds/coinbase/search.hpp"
#include "feeds/coingecko/search.hpp"
#include "feeds/kraken/search.hpp"
#include "feeds/yahoo/search.hpp"

namespace tapeline::app {
namespace {

using feeds::FoundSymbols;
using Found = Result<FoundSymbols, std::string>;

struct Search {
  std::string source;
  std::function<Found()> ask;
};

std::vector<Search> searches(const Config& config, const std::string& text) {
  const SourcesConfig& sources = config.sources;
  const feeds::TransportConfig& transport = config.transport;
  std::vector<Search> all;
  if (!sources.alpha_vantage.api_key.empty()) {
    all.push_back({"alpha_vantage",
                   [&, text] { return feeds::alpha_vantage::search_symbols(sources.alpha_vantage, transport, text); }});
  }
  all.push_back(
      {"coingecko", [&, text] { return feeds::coingecko::search_symbols(sources.coingecko, transport, text); }});
  all.push_back({"yahoo", [&, text] { return feeds::yahoo::search_symbols(sources.yahoo, transport, text); }});
  all.push_back({"binance", [&, text] { return feeds::binance::search_symbols("", transport, text); }});
  all.push_back({"coinbase", [&, text] { return feeds::coinbase::search_symbols("", transport, text); }});
  all.push_back({"kraken", [&, text] { return feeds::kraken::search_symbols("", transport, text); }});
  return all;
}

/// One line for each symbol that was found, the first so many.
std::string lines_of(const std::string& source, const FoundSymbols& found, std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < std::min(found.size(), limit); ++i) {
    text += fmt::format("{:<14} {:<24} {}\n", source, found[i].native_symbol, found[i].description);
  }
  if (found.size() > limit) {
    text += fmt::format("{:<14} {} more; --limit {} shows them\n", source, found.size() - limit, found.size());
  }
  return text.empty() ? fmt::format("{:<14} nothing of this name\n", source) : text;
}

}  // namespace

int run_symbols_search(const SymbolsOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file);
  auto all = searches(loaded.config, options.text);
  if (!options.source.empty()) {
    std::erase_if(all, [&](const Search& one) { return one.source != options.source; });
    if (all.empty()) {
      throw std::invalid_argument("--source " + options.source +
                                  " is not known, or has no api_key; one of: alpha_vantage, coingecko, yahoo, binance, "
                                  "coinbase, kraken");
    }
  }
  // All are asked at once: one that is silent delays no other.
  std::vector<std::future<Found>> asked;
  for (const Search& one : all) asked.push_back(std::async(std::launch::async, one.ask));
  bool has_found = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Found found = asked[i].get();
    has_found = has_found || (found && !found->empty());
    const std::string text = found ? lines_of(all[i].source, *found, options.limit)
                                   : fmt::format("{:<14} FAILED  {}\n", all[i].source, found.error());
    std::fputs(text.c_str(), stdout);
  }
  if (has_found) {
    std::puts("Write what you want under [sources.NAME]: symbols = { \"OUR-NAME\" = \"its name\" }");
  }
  return has_found ? 0 : 1;
}

}  // namespace tapeline::app
