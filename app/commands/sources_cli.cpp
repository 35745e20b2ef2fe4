#include "app/commands/sources_cli.hpp"

#include <memory>

#include <CLI/CLI.hpp>

#include "app/commands/sources.hpp"
#include "app/commands/symbols.hpp"

namespace tapeline::app {
namespace {

void add_config(CLI::App& command, std::string& file) {
  command.add_option("--config", file, "TOML file (default: config/default.toml, else the built-in defaults)");
}

}  // namespace

void add_sources(CLI::App& cli, int& status) {
  auto options = std::make_shared<SourcesOptions>();
  CLI::App* command = cli.add_subcommand("sources", "each source: state, lag, quota left, last error, next poll");
  add_config(*command, options->config_file);
  command->add_option("--lane", options->lane, "whose service (default: the configuration's lane)");
  command->add_flag("--json", options->json, "one JSON object");
  command->callback([options, &status] { status = run_sources(*options); });
}

void add_symbols(CLI::App& cli, int& status) {
  CLI::App* symbols = cli.add_subcommand("symbols", "what the sources call an instrument");
  symbols->require_subcommand(1);
  auto options = std::make_shared<SymbolsOptions>();
  CLI::App* search = symbols->add_subcommand("search", "ask each source's own search, or its list of products");
  add_config(*search, options->config_file);
  search->add_option("text", options->text, "a name or a ticker, such as bitcoin")->required();
  search->add_option("--source", options->source, "only this source");
  search->add_option("--limit", options->limit, "symbols of each source")->capture_default_str();
  search->callback([options, &status] { status = run_symbols_search(*options); });
}

}  // namespace tapeline::app
