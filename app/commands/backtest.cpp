#include "app/commands/backtest.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>

#include "app/backtest/csv_bars.hpp"
#include "app/backtest/history_source.hpp"
#include "app/backtest/journal_source.hpp"
#include "app/backtest/outcome.hpp"
#include "app/backtest/parameters.hpp"
#include "app/backtest/search.hpp"
#include "app/backtest/stored_bars.hpp"
#include "app/calendar/time_zone.hpp"
#include "app/commands/explain.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/journal_location.hpp"
#include "app/lane_sources.hpp"
#include "core/runtime/usable_cpus.hpp"
#include "feeds/yahoo/wire.hpp"
#include "sinks/postgres/migrate.hpp"

namespace tapeline::app {
namespace {

constexpr std::size_t lookahead_cuts = 16;

/// "AAPL" of "data/AAPL.csv" and of "AAPL=data/x.csv".
std::pair<std::string, std::string> symbol_and_file(const std::string& word) {
  const std::size_t equals = word.find('=');
  std::string symbol;
  std::string file = word;
  if (equals != std::string::npos && !std::filesystem::exists(word)) {
    symbol = word.substr(0, equals);
    file = word.substr(equals + 1);
  } else {
    const std::string name = std::filesystem::path(word).filename().string();
    symbol = name.substr(0, name.find('.'));
  }
  if (symbol.empty() || symbol.size() > symbol_bytes_max) {
    throw std::invalid_argument(
        fmt::format("{}: write SYMBOL=FILE with a symbol of 1 to {} characters", word, symbol_bytes_max));
  }
  return {symbol, file};
}

std::shared_ptr<const TradingCalendar> calendar_of_file(const Config& config, const BacktestOptions& options,
                                                        const std::string& symbol) {
  if (options.calendar.empty() && options.time_zone.empty()) {
    return configured_calendars(config).of(feeds::yahoo::code, symbol);
  }
  const bool is_pair = options.calendar.empty() && symbol.ends_with("-USD");
  CalendarConfig calendar =
      usual_calendar(options.calendar == "crypto" || is_pair ? Calendar::crypto : Calendar::us_equity);
  if (!options.time_zone.empty()) calendar.time_zone = options.time_zone;
  return std::make_shared<const TradingCalendar>(make_trading_calendar(calendar.kind, calendar.time_zone));
}

std::unique_ptr<BarSource> source_of_files(const Config& config, const BacktestOptions& options,
                                           const BarChoice& choice) {
  if (options.files.empty()) throw std::invalid_argument("--source csv: name files, as [SYMBOL=]FILE");
  std::vector<backtest::History> histories;
  std::vector<std::string> remarks;
  std::uint32_t interval_s = 0;
  for (const std::string& word : options.files) {
    const auto [symbol, file] = symbol_and_file(word);
    const auto calendar = calendar_of_file(config, options, symbol);
    CsvBars read = read_csv_bars(file, *calendar, options.day_first ? SlashDates::day_first : SlashDates::month_first,
                                 choice.interval_s);
    for (std::string& remark : read.remarks) remarks.push_back(std::move(remark));
    if (interval_s != 0 && interval_s != read.interval_s) {
      throw std::invalid_argument(
          fmt::format("{} has bars of {} s, and the file before of {} s; a backtest trades one length", file,
                      read.interval_s, interval_s));
    }
    interval_s = read.interval_s;
    const bool is_twice =
        std::any_of(histories.begin(), histories.end(),
                    [&, &name = symbol](const backtest::History& known) { return known.symbol == name; });
    if (is_twice)
      throw std::invalid_argument(fmt::format("{} is there twice; write SYMBOL=FILE with different symbols", symbol));
    const bool is_wanted = choice.symbols.empty() ||
                           std::find(choice.symbols.begin(), choice.symbols.end(), symbol) != choice.symbols.end();
    if (is_wanted) histories.push_back({symbol, "csv", calendar, std::move(read.bars)});
  }
  if (histories.empty()) throw std::invalid_argument("--symbols: none of the files is of these");
  std::sort(histories.begin(), histories.end(), [](const auto& a, const auto& b) { return a.symbol < b.symbol; });
  return std::make_unique<HistorySource>(std::move(histories), interval_s, std::move(remarks));
}

std::unique_ptr<BarSource> source_of(const Config& config, const BacktestOptions& options, const std::string& source,
                                     const BarChoice& choice) {
  if (source != "csv" && !options.files.empty()) {
    throw std::invalid_argument(fmt::format("files are read with --source csv, not with {}", source));
  }
  if (source == "csv") return source_of_files(config, options, choice);
  const std::string lane = options.lane.empty() ? config.lane : options.lane;
  if (source == "journal") {
    const std::string root = journal_root(config, resolve_var_directory());
    return std::make_unique<JournalSource>(config, survey_journal(locate_journal(root, lane).directory), choice);
  }
  StoredBars stored =
      read_stored_bars(config, resolve_postgres(config.postgres, resolve_var_directory()), lane, choice);
  return std::make_unique<HistorySource>(std::move(stored.histories), stored.interval_s, std::vector<std::string>{});
}

Nanos read_bound(const char* option, const std::string& text, Nanos unbounded) {
  if (text.empty()) return unbounded;
  const auto time_ns = parse_csv_time(text, TradingCalendar(), SlashDates::month_first);
  if (time_ns && text.find('-') != std::string::npos) return *time_ns;
  throw std::invalid_argument(
      fmt::format("{} {}: write 2024-01-31 or 2024-01-31T09:30:00Z; a time without offset is UTC", option, text));
}

BarChoice choice_of(const BacktestOptions& options) {
  BarChoice choice{options.symbols, options.feed, 0, options.delivered};
  if (options.interval.empty()) return choice;
  const auto interval_s = parse_interval(options.interval);
  if (!interval_s) throw std::invalid_argument(fmt::format("--interval {}: write 60, 1m, 1h or 1d", options.interval));
  choice.interval_s = *interval_s;
  return choice;
}

/// A run stands or falls with its windows: two durations such as 365d and 90d.
std::pair<Nanos, Nanos> read_windows(const std::string& text) {
  const std::size_t colon = text.find(':');
  const auto duration = [&](std::string_view word) -> Nanos {
    double count = 0;
    const auto [unit, error] = std::from_chars(word.data(), word.data() + word.size(), count);
    const std::string_view name(unit, static_cast<std::size_t>(word.data() + word.size() - unit));
    const double seconds = name == "w" ? 604'800 : name == "d" ? 86'400 : name == "h" ? 3'600 : name == "m" ? 60 : 0;
    const double total = count * seconds;
    if (error != std::errc() || !(total >= 1 && total < 4e9)) {
      throw std::invalid_argument(
          fmt::format("--walk-forward {}: write TRAIN:TEST, such as 365d:90d; units are m, h, d, w", text));
    }
    return static_cast<Nanos>(total) * nanos_per_second;
  };
  if (colon == std::string::npos) static_cast<void>(duration("?"));
  return {duration(std::string_view(text).substr(0, colon)), duration(std::string_view(text).substr(colon + 1))};
}

}  // namespace

int run_backtest(const BacktestOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file, Purpose::look_back);
  const std::string source_name = !options.source.empty() ? options.source : options.files.empty() ? "journal" : "csv";
  BacktestOutcome outcome;
  outcome.config = loaded.config;
  outcome.source = source_name;
  outcome.window = {read_bound("--from", options.from, outcome.window.from_ns),
                    read_bound("--to", options.to, outcome.window.to_ns)};
  outcome.objective = *backtest::objective_of(options.objective);
  for (const std::string& text : options.sweep) outcome.parameters.push_back(parse_parameter(text, loaded.config));
  if (!options.walk_forward.empty() && outcome.parameters.empty()) {
    throw std::invalid_argument(
        "--walk-forward chooses among the combinations of --sweep: name at least one parameter");
  }
  const Nanos began_ns = steady_now_ns();
  const auto source = source_of(loaded.config, options, source_name, choice_of(options));
  const Nanos read_ns = steady_now_ns();
  const std::clock_t read_by_cpu = std::clock();
  const unsigned jobs = options.jobs > 0 ? options.jobs : static_cast<unsigned>(usable_cpus().count);
  using backtest::KeepEquity;
  const bool has_files = !options.output.empty();
  const Search::Told told{
      has_files || options.check_lookahead ? BarSource::Rules::all : BarSource::Rules::followed,
      has_files || options.postgres ? KeepEquity::yes : KeepEquity::no,
  };
  const Search search(*source, loaded.config, outcome.parameters, outcome.objective, told, jobs);
  if (!options.walk_forward.empty()) {
    const auto [train_ns, test_ns] = read_windows(options.walk_forward);
    search.walk_forward(train_ns, test_ns, outcome);
  } else {
    search.best(outcome);
  }
  const Nanos done_ns = steady_now_ns();
  const std::clock_t done_by_cpu = std::clock();
  outcome.configuration_hash = configuration_hash(outcome.config);
  outcome.catalog = make_row_catalog(outcome.config.indicators, outcome.config.rules, outcome.configuration_hash);
  outcome.remarks = source->remarks();
  if (outcome.result.bars == 0) outcome.remarks.emplace_back("no bar lies between --from and --to");
  if (options.check_lookahead) {
    outcome.lookahead = backtest::check_lookahead(
        outcome.tape, outcome.config.backtest,
        [&](std::int64_t until) { return source->judge(outcome.config, BarSource::Rules::all, until); },
        lookahead_cuts);
  }
  if (!options.output.empty()) write_outcome(outcome, options.output);
  if (options.postgres) {
    const Secret dsn = resolve_postgres(loaded.config.postgres, resolve_var_directory());
    static_cast<void>(sinks::postgres::migrate(dsn, loaded.config.postgres.call_timeout_ms));
    const std::string run_id = store_outcome(outcome, dsn, loaded.config.postgres.call_timeout_ms);
    outcome.remarks.push_back("stored as run " + run_id + " in backtest_run");
  }
  std::puts((options.json ? summary_json(outcome) : outcome_text(outcome)).c_str());
  // Not in the summary: the same run gives the same files.
  std::fputs(fmt::format("read in {:.3f} s, computed in {:.3f} s, {:.3f} s of the processors\n",
                         static_cast<double>(read_ns - began_ns) / 1e9, static_cast<double>(done_ns - read_ns) / 1e9,
                         static_cast<double>(done_by_cpu - read_by_cpu) / CLOCKS_PER_SEC)
                 .c_str(),
             stderr);
  return outcome.lookahead && !outcome.lookahead->findings.empty() ? 1 : 0;
}

}  // namespace tapeline::app
