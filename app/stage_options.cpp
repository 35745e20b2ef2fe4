#include "app/stage_options.hpp"

#include "app/lane_sources.hpp"
#include "feeds/registry.hpp"

namespace tapeline::app {

Parser::Options parser_options(const Config& config, const JournalConfig& journal, JournalPosition start_position) {
  Parser::Options options;
  options.journal = journal;
  options.start_position = start_position;
  options.names = configured_names(config);
  options.ahead_ms = config.quality.ahead_ms;
  for (const feeds::Entry& entry : feeds::registry())
    options.wire[static_cast<std::size_t>(entry.code)] = entry.make_parser();
  return options;
}

Kernels::Options kernels_options(const Config& config, std::shared_ptr<const RowCatalog> catalog,
                                 const KernelOutput::Options& output) {
  Kernels::Options options;
  options.bars = config.bars;
  options.indicators = config.indicators;
  options.signals = config.signals;
  options.alerts = config.alerts;
  options.quality = config.quality;
  options.catalog = std::move(catalog);
  options.output = output;
  options.lateness_ns = configured_lateness(config);
  options.calendar_of = [calendars = configured_calendars(config)](SourceCode source, std::string_view symbol) {
    return calendars.of(source, symbol);
  };
  return options;
}

std::string source_name(SourceCode source) {
  const feeds::Entry* entry = feeds::find_source(source);
  return entry != nullptr ? std::string(entry->name) : "source " + std::to_string(static_cast<int>(source));
}

}  // namespace tapeline::app
