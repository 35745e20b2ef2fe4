#include "app/commands/explain.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/explain/recompute.hpp"
#include "app/journal_location.hpp"

namespace tapeline::app {
namespace {

using sinks::postgres::StoredRow;
using sinks::postgres::StoredRows;

/// The row of the lane that was named, of the configuration's, or of the only one.
StoredRow of_one_lane(std::vector<StoredRow> rows, const std::string& wanted, const std::string& configured) {
  const auto of = [&](const std::string& lane) {
    return std::find_if(rows.begin(), rows.end(), [&](const StoredRow& row) { return row.lane == lane; });
  };
  std::vector<std::string> lanes;
  for (const StoredRow& row : rows) lanes.push_back(row.lane);
  if (!wanted.empty() && of(wanted) == rows.end()) {
    throw std::runtime_error(fmt::format("lane {} has no such row; these have: {}", wanted, fmt::join(lanes, ", ")));
  }
  if (!wanted.empty()) return *of(wanted);
  if (const auto row = of(configured); row != rows.end()) return *row;
  if (rows.size() == 1) return rows.front();
  throw std::runtime_error(fmt::format("several lanes have it: {}; choose one with --lane", fmt::join(lanes, ", ")));
}

StoredRow stored_alert(StoredRows& database, const ExplainOptions& options, const Config& config) {
  std::vector<StoredRow> rows = database.alerts(options.alert_id);
  if (rows.empty()) {
    throw std::runtime_error(fmt::format(
        "no alert {} in fact_alert; an id looks like 1700000000000-12345, and is in the alert's message, too",
        options.alert_id));
  }
  return of_one_lane(std::move(rows), options.lane, config.lane);
}

StoredRow stored_bar(StoredRows& database, const ExplainOptions& options, const Config& config) {
  const ExplainOptions::Bar& bar = *options.bar;
  std::vector<StoredRow> rows = database.bars({bar.symbol, bar.interval_s, bar.time_ns, options.source, options.lane});
  const std::string meant = fmt::format("{} of {} s at {}", bar.symbol, bar.interval_s, format_utc(bar.time_ns));
  // The day on which clocks are set back is an hour longer.
  const std::uint32_t length_s = bar.interval_s == 86'400 ? 25 * 3'600 : bar.interval_s;
  const auto has_ended = [&](const StoredRow& row) {
    const Nanos start_ns = row.time("bar_start");
    return start_ns + Nanos{length_s} * nanos_per_second <= bar.time_ns;
  };
  const std::string nearest = rows.empty() ? "" : format_utc(rows.front().time("bar_start"));
  rows.erase(std::remove_if(rows.begin(), rows.end(), has_ended), rows.end());
  if (rows.empty()) {
    throw std::runtime_error(fmt::format("no bar {} in fact_bar{}", meant,
                                         nearest.empty() ? "" : "; the one before it began at " + nearest));
  }
  const std::string wanted = options.delivered ? "t" : "f";
  const bool has_wanted =
      std::any_of(rows.begin(), rows.end(), [&](const StoredRow& row) { return row.at("is_source_bar") == wanted; });
  if (options.delivered && !has_wanted) throw std::runtime_error("no source has delivered a bar " + meant);
  if (has_wanted) {
    rows.erase(std::remove_if(rows.begin(), rows.end(),
                              [&](const StoredRow& row) { return row.at("is_source_bar") != wanted; }),
               rows.end());
  }
  const auto is_of_first = [&](const StoredRow& row) {
    return row.source == rows.front().source && row.native_symbol == rows.front().native_symbol;
  };
  if (!std::all_of(rows.begin(), rows.end(), is_of_first)) {
    std::string sources;
    for (const StoredRow& row : rows) sources += fmt::format(" {} ({})", row.source_name, row.native_symbol);
    throw std::runtime_error(fmt::format("several instruments have a bar {}:{}; choose with --source", meant, sources));
  }
  return of_one_lane(std::move(rows), options.lane, config.lane);
}

/// So many closes as the longest of the built-in indicators looks back.
std::size_t window_of(const IndicatorsConfig& indicators) {
  return std::max<std::size_t>({indicators.sma_length, indicators.bollinger_length,
                                std::size_t{indicators.rsi_length} + 1, std::size_t{indicators.volatility_length} + 1});
}

Target target_of(const StoredRow& stored, const ExplainOptions& options) {
  return {.source = stored.source,
          .native_symbol = stored.native_symbol,
          .interval_s = static_cast<std::uint32_t>(stored.integer("interval_s")),
          .bar_start_ns = stored.time("bar_start"),
          .is_source_bar = !options.bar ? false : stored.at("is_source_bar") == "t",
          .alert_id = options.alert_id};
}

struct Gathered {
  Evidence evidence;
  Recomputation::Instrument instrument;  // of the row that was found
  std::shared_ptr<const RowCatalog> catalog;
  std::uint64_t unreadable = 0;
};

Gathered gather(const Config& config, const JournalExtent& journal, JournalPosition limit, const Target& target) {
  Gathered gathered{Evidence(target, window_of(config.indicators)), {}, {}, 0};
  Recomputation recomputation(config, journal);
  const auto visit = [&](const Row& row) { gathered.evidence.add(row); };
  recomputation.advance(limit, visit);
  const bool is_alert = !target.alert_id.empty();
  const auto found = [&]() -> const std::optional<Row>& {
    return is_alert ? gathered.evidence.alert() : gathered.evidence.bar();
  };
  // A row that was stored with a wrong position stands further on, if anywhere.
  if (!found()) recomputation.advance(journal.end_position, visit);
  if (found()) gathered.instrument = recomputation.instrument(*found());
  gathered.unreadable = recomputation.unreadable();
  gathered.catalog = recomputation.catalog();
  return gathered;
}

/// The stored row may be wrong in the very fields that say whose ticks to look at: then once more, as the alert says.
Gathered gather_for_alert(const Config& config, const JournalExtent& journal, JournalPosition limit, Target target) {
  Gathered gathered = gather(config, journal, limit, target);
  if (!gathered.evidence.alert()) return gathered;
  const AlertRow& alert = gathered.evidence.alert()->as_alert;
  if (gathered.evidence.bar() && alert.bar_start_ns == target.bar_start_ns) return gathered;
  target.source = gathered.instrument.source;
  target.native_symbol = gathered.instrument.native_symbol;
  target.interval_s = alert.interval_s;
  target.bar_start_ns = alert.bar_start_ns;
  return gather(config, journal, gathered.evidence.alert()->end_position, target);
}

JournalLocation journal_of(const ExplainOptions& options, const StoredRow& stored, const std::string& root) {
  if (!options.journal.empty()) return locate_journal(root, options.journal);
  try {
    return locate_journal(root, stored.lane);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(std::string(error.what()) +
                             "; name the journal that its rows were made from with --journal");
  }
}

Frame deciding_frame(const JournalExtent& journal, JournalPosition position) {
  FoundFrame found = find_frame(journal, position);
  if (!found.frame) {
    throw std::runtime_error(fmt::format(
        "journal {} has no frame at {}, which the row names: it reaches from {} to {}, and what it lacks cannot be "
        "explained",
        journal.config.directory, position, journal.first_position, journal.end_position));
  }
  Frame frame = *found.frame;
  frame.context = frame.payload = {};  // the segment is unmapped with `found`
  return frame;
}

}  // namespace

std::optional<std::uint32_t> parse_interval(std::string_view text) noexcept {
  std::uint32_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || count == 0 || end - unit > 1) return std::nullopt;
  std::uint32_t factor = 1;
  if (unit != end) {
    switch (*unit) {
      case 's': break;
      case 'm': factor = 60; break;
      case 'h': factor = 3'600; break;
      case 'd': factor = 86'400; break;
      default: return std::nullopt;
    }
  }
  if (count > 366U * 86'400U / factor) return std::nullopt;
  return count * factor;
}

ExplainedRow explain(const ExplainOptions& options, const Config& config, const std::string& configuration_hash) {
  const std::string var_directory = resolve_var_directory();
  StoredRows database(resolve_postgres(config.postgres, var_directory), config.postgres.call_timeout_ms);
  const StoredRow stored =
      options.bar ? stored_bar(database, options, config) : stored_alert(database, options, config);

  const JournalLocation location = journal_of(options, stored, journal_root(config, var_directory));
  const JournalExtent journal = survey_journal(location.directory);
  const auto position = static_cast<JournalPosition>(stored.integer("journal_position"));
  const Frame frame = deciding_frame(journal, position);
  const Target target = target_of(stored, options);
  Gathered gathered = options.bar ? gather(config, journal, frame.end_position, target)
                                  : gather_for_alert(config, journal, frame.end_position, target);

  Explanation explanation{
      .stored = stored,
      .alert_id = options.alert_id,
      .symbol = gathered.instrument.symbol.empty() ? stored.native_symbol : gathered.instrument.symbol,
      .journal = options.journal.empty() ? location.lane : options.journal,
      .extent = journal,
      .unreadable = gathered.unreadable,
      .frame = frame,
      .batch = database.batch_of(stored.lane, position),
      .configuration_hash = configuration_hash,
      .evidence = std::move(gathered.evidence),
      .fields = {}};
  const Evidence& evidence = explanation.evidence;
  if (options.bar && evidence.bar()) {
    explanation.fields = compare_bar(stored, *evidence.bar());
    for (ComparedField& value : compare_values(database.indicators(stored), evidence.values(), *gathered.catalog))
      explanation.fields.push_back(std::move(value));
  }
  if (!options.bar && evidence.alert()) {
    explanation.fields = compare_alert(stored, *evidence.alert(), gathered.instrument.symbol, *gathered.catalog);
  }
  return {options.json ? report_json(explanation, options.ticks) + "\n" : report_text(explanation, options.ticks),
          explanation.is_same()};
}

int run_explain(const ExplainOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file, Purpose::look_back);
  const ExplainedRow explained = explain(options, loaded.config, loaded.hash);
  std::fputs(explained.report.c_str(), stdout);
  return explained.is_same ? 0 : 1;
}

}  // namespace tapeline::app
