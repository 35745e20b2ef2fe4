#include "app/cli.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "app/commands/backtest.hpp"
#include "app/commands/check.hpp"
#include "app/commands/explain.hpp"
#include "app/commands/indicators.hpp"
#include "app/commands/journal.hpp"
#include "app/commands/journal_export.hpp"
#include "app/commands/once.hpp"
#include "app/commands/replay.hpp"
#include "app/commands/rules.hpp"
#include "app/commands/run.hpp"
#include "app/commands/sim.hpp"
#include "app/commands/sources_cli.hpp"
#include "app/commands/status.hpp"
#include "app/config/loader.hpp"
#include "app/config/nearest.hpp"
#include "app/config/private_servers.hpp"
#include "app/output_thread.hpp"
#include "app/version.hpp"
#include "core/base/crash_point.hpp"
#include "sinks/postgres/migrate.hpp"

namespace tapeline::app {
namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;
constexpr double run_seconds_max = 1e9;  // 31 years; far from where nanoseconds overflow

void add_config(CLI::App* command, std::string& file) {
  command->add_option("--config", file, "TOML file (default: config/default.toml, else the built-in defaults)");
}

std::string lane_problem(const std::string& name) {
  return is_lane_name(name) ? "" : "\"" + name + "\" names a folder; write 1 to 63 letters, digits, _ or -";
}

void add_run(CLI::App& cli, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = cli.add_subcommand("run", "run the configured sources through the pipeline until Ctrl-C");
  add_config(command, options->config_file);
  command->add_option("--lane", options->lane, "name of the lane, instead of the configuration's")->check(lane_problem);
  command->add_option("--for", options->for_seconds, "end by itself after this many seconds, with everything drained");
  command->add_flag("--plain", options->plain, "log lines instead of the live view");
  command->add_flag("--json", options->json, "print the summary as one JSON object");
  command->callback([options, &status] {
    const double seconds = options->for_seconds.value_or(0);
    if (!(seconds >= 0 && seconds <= run_seconds_max)) {  // so that not-a-number is refused
      throw CLI::ValidationError("--for", "write a number of seconds from 0 to 1e9");
    }
    status = run_pipeline(*options);
  });
}

void add_check(CLI::App& cli, int& status) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = cli.add_subcommand("check", "ask every source for a price and every sink for a round trip");
  add_config(command, options->config_file);
  CLI::Option* config_only =
      command->add_flag("--config-only", options->config_only, "read the configuration only, touch no network");
  command
      ->add_flag("--no-secrets", options->no_secrets, "read no secret: for who may see the configuration but not them")
      ->needs(config_only);
  command->add_flag("--live", options->live, "also the sources that are not enabled and need no key, and no sink")
      ->excludes(config_only);
  command->add_flag("--json", options->json, "print the table as JSON");
  command->callback([options, &status] { status = run_check(*options); });
}

void add_once(CLI::App& cli, int& status) {
  auto options = std::make_shared<OnceOptions>();
  CLI::App* command = cli.add_subcommand("once", "ask the polled sources once, or do a job of [schedule], and end");
  add_config(command, options->config_file);
  command->add_option("what", options->what, "a job such as morning, or one source; default: all polled sources");
  command->add_option("--session-date", options->session,
                      "of a job: the day it is done for; default: the present session");
  command->add_flag("--again", options->again, "do a job also where it was done already");
  command->add_flag("--dry-run", options->dry_run, "real requests, nothing stored");
  command->callback([options, &status] { status = run_once(*options); });
}

void add_replay(CLI::App& cli, int& status) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* command =
      cli.add_subcommand("replay", "recordings, or a journal once more, through the pipeline into the sinks");
  add_config(command, options->config_file);
  CLI::Option* source = command->add_option("--source", options->source, "whose messages they are, such as binance");
  CLI::Option* recordings =
      command->add_option("recordings", options->recordings, "lines `<receive time, ns> <payload>`, plain or gzip");
  command
      ->add_option("--journal", options->journal, "instead: the journal of this lane, or in this directory; only read")
      ->excludes(source)
      ->excludes(recordings);
  command->add_flag("--json", options->json, "print the summary as one JSON object");
  command->add_flag("--null-sink", options->null_sink, "compute everything, store nothing");
  command->add_option("--lane", options->lane, "name of the lane (default: from the content)")->check(lane_problem);
  command->callback([options, &status] {
    if (options->journal.empty() && (options->source.empty() || options->recordings.empty())) {
      throw CLI::ValidationError("replay", "name --source and recordings, or --journal");
    }
    status = run_replay(*options);
  });
}

void add_backtest(CLI::App& cli, int& status) {
  auto options = std::make_shared<BacktestOptions>();
  CLI::App* command = cli.add_subcommand("backtest", "what the signals or rules would have earned");
  add_config(command, options->config_file);
  add_backtest_options(*command, *options);
  command->callback([options, &status] { status = run_backtest(*options); });
}

/// "20,2" or "20": length and width of the Bollinger bands.
void read_bollinger(const std::string& text, IndicatorsOptions& options) {
  const char* const end = text.data() + text.size();
  auto [next, error] = std::from_chars(text.data(), end, options.bollinger);
  if (error == std::errc() && next != end && *next == ',') {
    const auto width = std::from_chars(next + 1, end, options.width);
    next = width.ptr;
    error = width.ec;
  }
  if (error == std::errc() && next == end) return;
  throw CLI::ValidationError("--bollinger", "\"" + text + "\" is no length and width; write 20,2");
}

/// "12,26,9": lengths of MACD.
MacdLengths read_macd(const std::string& text) {
  MacdLengths lengths;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::uint32_t* const length : {&lengths.fast, &lengths.slow, &lengths.signal}) {
    const auto [next, error] = std::from_chars(at, end, *length);
    const bool is_last = length == &lengths.signal;
    if (error != std::errc() || (is_last ? next != end : next == end || *next != ',')) {
      throw CLI::ValidationError("--macd", "\"" + text + "\" is no three lengths; write 12,26,9");
    }
    at = is_last ? next : next + 1;
  }
  return lengths;
}

void add_indicators(CLI::App& cli, int& status) {
  auto options = std::make_shared<IndicatorsOptions>();
  auto bollinger = std::make_shared<std::string>("20,2");
  auto macd = std::make_shared<std::optional<std::string>>();
  CLI::App* command = cli.add_subcommand("indicators", "a CSV of closes through the pipeline's own kernels");
  command->add_option("--sma", options->sma, "length of the average")->capture_default_str();
  command->add_option("--rsi", options->rsi, "length of the RSI")->capture_default_str();
  command->add_option("--bollinger", *bollinger, "length and width of the bands")->capture_default_str();
  command->add_option("--volatility", options->volatility, "length of the volatility")->capture_default_str();
  command->add_option("--ema", options->ema, "add the exponential average of this length");
  command->add_option("--macd", *macd, "add MACD with these lengths, such as 12,26,9");
  command->add_option("--atr", options->atr, "add the average true range of this length, from columns high and low");
  command->add_option("file", options->file, "CSV with a close column, or - for standard input")->required();
  command->callback([options, bollinger, macd, &status] {
    read_bollinger(*bollinger, *options);
    if (*macd) options->macd = read_macd(**macd);
    status = run_indicators(*options, std::cin, std::cout, std::cerr);
  });
}

void add_rules(CLI::App& cli, int& status) {
  CLI::App* rules = cli.add_subcommand("rules", "which rules there are, and what they would have said");
  rules->require_subcommand(1);
  auto test_options = std::make_shared<RulesTestOptions>();
  CLI::App* test = rules->add_subcommand("test", "what would have fired on recordings; stores nothing");
  add_config(test, test_options->config_file);
  test->add_option("--source", test_options->source, "whose messages they are")->capture_default_str();
  test->add_option("recordings", test_options->recordings, "lines `<receive time, ns> <payload>`, plain or gzip")
      ->required();
  test->add_flag("--json", test_options->json, "one JSON object an alert");
  test->callback([test_options, &status] { status = run_rules_test(*test_options); });
  auto config_file = std::make_shared<std::string>();
  CLI::App* list = rules->add_subcommand("list", "the rules, and the fields that a condition may read");
  add_config(list, *config_file);
  list->callback([config_file, &status] { status = run_rules_list(*config_file); });
}

/// SYMBOL INTERVAL TIME of --bar.
ExplainOptions::Bar read_bar(const std::vector<std::string>& words) {
  const auto interval_s = parse_interval(words[1]);
  if (!interval_s) throw CLI::ValidationError("--bar", "\"" + words[1] + "\" is no interval; write 60, 1m, 1h or 1d");
  // psql writes "+00", which is no RFC 3339.
  const auto time_ns = parse_utc(words[2].ends_with("+00") ? words[2] + ":00" : words[2]);
  if (!time_ns) throw CLI::ValidationError("--bar", "\"" + words[2] + "\" is no time; write 2024-08-08T23:54:00Z");
  return {words[0], *interval_s, *time_ns};
}

void add_explain(CLI::App& cli, int& status) {
  auto options = std::make_shared<ExplainOptions>();
  auto bar = std::make_shared<std::vector<std::string>>();
  auto all = std::make_shared<bool>(false);
  CLI::App* command = cli.add_subcommand("explain", "why: a stored alert or bar, computed again from the journal");
  add_config(command, options->config_file);
  CLI::Option* alert = command->add_option("alert", options->alert_id, "alert_id, as fact_alert and Redis have it");
  command->add_option("--bar", *bar, "instead: SYMBOL INTERVAL TIME of a bar, such as BTC-USD 1m 2024-08-08T23:54:00Z")
      ->expected(3)
      ->excludes(alert);
  command->add_option("--source", options->source, "of the bar, where several sources have the symbol");
  command->add_flag("--delivered", options->delivered,
                    "the bar that the source delivered, not the one built from ticks");
  command->add_option("--lane", options->lane, "whose row (default: the configuration's lane, or the only one)");
  command->add_option("--journal", options->journal,
                      "lane or directory of the journal, where it is not the lane's own (replay --journal)");
  command->add_flag("--json", options->json, "one JSON object");
  command->add_flag("--all", *all, "every tick, not only the first and last");
  command->callback([options, bar, all, &status] {
    if (bar->empty() && options->alert_id.empty()) throw CLI::ValidationError("explain", "name an alert, or --bar");
    if (!bar->empty()) options->bar = read_bar(*bar);
    if (*all) options->ticks = Ticks::all;
    status = run_explain(*options);
  });
}

void add_journal_export(CLI::App& journal, int& status) {
  auto options = std::make_shared<JournalExportOptions>();
  auto from = std::make_shared<std::string>();
  auto to = std::make_shared<std::string>();
  CLI::App* command = journal.add_subcommand("export", "frames to standard output, by time, source and symbol");
  add_config(command, options->config_file);
  command->add_option("--lane", options->lane, "whose journal, or its directory (default: the configuration's lane)");
  command->add_option("--from", *from, "received at or after, such as 2024-08-08T23:54:00Z");
  command->add_option("--to", *to, "received before");
  command->add_option("--source", options->source, "only of this source");
  command->add_option("--symbol", options->symbol, "only what speaks of this symbol, ours or the source's");
  auto format = std::make_shared<std::string>("json");
  command->add_option("--format", *format, "json: one object a frame; recording: lines that `replay` reads")
      ->check(CLI::IsMember({"json", "recording"}))
      ->capture_default_str();
  command->callback([options, from, to, format, &status] {
    const auto read_time = [](const char* option, const std::string& text) -> std::optional<Nanos> {
      if (text.empty()) return std::nullopt;
      const auto time_ns = parse_utc(text);
      if (!time_ns) throw CLI::ValidationError(option, "\"" + text + "\" is no time; write 2024-08-08T23:54:00Z");
      return time_ns;
    };
    options->format = *format == "json" ? ExportFormat::json : ExportFormat::recording;
    options->from_ns = read_time("--from", *from);
    options->to_ns = read_time("--to", *to);
    status = run_journal_export(*options);
  });
}

void add_journal(CLI::App& cli, int& status) {
  CLI::App* journal = cli.add_subcommand("journal", "what a lane's journal holds, down to the bytes; only reads");
  journal->require_subcommand(1);
  constexpr const char* lane_text = "whose journal, or its directory (default: the configuration's lane)";

  auto show_options = std::make_shared<JournalShowOptions>();
  CLI::App* show = journal->add_subcommand("show", "the frame at a position");
  add_config(show, show_options->config_file);
  show->add_option("position", show_options->position, "as journal_position says in every table")
      ->required()
      ->check(CLI::NonNegativeNumber);
  show->add_option("--lane", show_options->lane, lane_text);
  show->add_flag("--raw", show_options->raw, "exactly the bytes that were received, nothing else");
  show->callback([show_options, &status] { status = run_journal_show(*show_options); });

  auto config_file = std::make_shared<std::string>();
  CLI::App* list = journal->add_subcommand("list", "lanes that have a journal, with its extent");
  add_config(list, *config_file);
  list->callback([config_file, &status] { status = run_journal_list(*config_file); });

  auto verify_options = std::make_shared<JournalVerifyOptions>();
  CLI::App* verify = journal->add_subcommand("verify", "the checksums of all records");
  add_config(verify, verify_options->config_file);
  verify->add_option("--lane", verify_options->lane, "only this one's journal, or that in a directory");
  verify->callback([verify_options, &status] { status = run_journal_verify(*verify_options); });

  auto stats_options = std::make_shared<JournalStatsOptions>();
  CLI::App* stats = journal->add_subcommand("stats", "frames, bytes and rates by kind and source; compression");
  add_config(stats, stats_options->config_file);
  stats->add_option("--lane", stats_options->lane, lane_text);
  stats->add_flag("--json", stats_options->json, "one JSON object");
  stats->callback([stats_options, &status] { status = run_journal_stats(*stats_options); });
  add_journal_export(*journal, status);
}

void add_migrate(CLI::App& cli, int& status) {
  auto config_file = std::make_shared<std::string>();
  CLI::App* command = cli.add_subcommand("migrate", "bring the tables in PostgreSQL up to date");
  add_config(command, *config_file);
  command->callback([config_file, &status] {
    const sinks::postgres::Config postgres = load_config(*config_file, Purpose::look_back).config.postgres;
    const Secret dsn = resolve_postgres(postgres, resolve_var_directory());
    const auto applied = sinks::postgres::migrate(dsn, postgres.call_timeout_ms);
    for (const std::string& migration : applied) std::printf("applied %s\n", migration.c_str());
    if (applied.empty()) std::puts("nothing to apply: the schema is up to date");
    status = 0;
  });
}

void add_status(CLI::App& cli, int& status) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = cli.add_subcommand("status", "how the running service is; exit status 0 when it is ready");
  add_config(command, options->config_file);
  command->add_option("--lane", options->lane, "whose service (default: the configuration's lane)")
      ->check(lane_problem);
  command->add_flag("--json", options->json, "everything it says, as one JSON object");
  command->callback([options, &status] { status = run_status(*options); });
}

void add_sim(CLI::App& cli, int& status) {
  auto options = std::make_shared<SimOptions>();
  CLI::App* command = cli.add_subcommand("sim", "serve the exchange simulator on loopback");
  add_sim_options(*command, *options);
  command->callback([options, &status] { status = run_sim(*options, std::cout, std::cerr); });
}

/// What is wrong with the command line, and what may have been meant.
void tell(const CLI::App& cli, const CLI::ParseError& error, const std::string& first) {
  std::vector<std::string> names;
  for (const CLI::App* command : cli.get_subcommands(nullptr)) names.push_back(command->get_name());
  const bool is_unknown =
      !first.empty() && first.front() != '-' && std::find(names.begin(), names.end(), first) == names.end();
  if (is_unknown) {
    const std::string meant = nearest(first, names);
    std::fprintf(stderr, "tapeline: no such command: %s%s\n", first.c_str(),
                 meant.empty() ? "" : ("; did you mean " + meant + "?").c_str());
  } else {
    std::fprintf(stderr, "tapeline: %s\n", error.what());
  }
  std::string command = "tapeline";
  for (const CLI::App* at = &cli; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    command += " " + at->get_name();
  }
  if (command == "tapeline") {
    std::fputs("tapeline --help tells all commands, tapeline COMMAND --help one\n", stderr);
  } else {
    std::fprintf(stderr, "%s --help tells what it takes\n", command.c_str());
  }
}

int parse_and_run(int argc, const char* const* argv) {
  CLI::App cli{"tapeline: market data into exact bars, indicators, signals and alerts", "tapeline"};
  cli.set_version_flag("--version", std::string("tapeline ") + version);
  cli.require_subcommand(1);
  int status = 0;
  for (const auto add : {add_run, add_check, add_once, add_replay, add_backtest, add_indicators, add_rules, add_explain,
                         add_journal, add_migrate, add_status, add_sources, add_symbols, add_sim}) {
    add(cli, status);
  }
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return cli.exit(error);  // --help and --version
    tell(cli, error, argc > 1 ? argv[1] : "");
    return wrong_usage;
  }
  return status;
}

/// Behind what was logged; not where nobody reads that: the process would never end.
void complain(const char* who, const char* what) noexcept {
  if (standard_error().flush()) std::fprintf(stderr, "%s%s\n", who, what);
}

}  // namespace

int run_command_line(int argc, const char* const* argv) noexcept {
  try {
    if (const char* const crash = std::getenv("TAPELINE_CRASH_AT"); crash != nullptr) {
      if (const std::string problem = arm_crash_point(crash); !problem.empty())
        throw std::invalid_argument("TAPELINE_CRASH_AT: " + problem);
    }
    return parse_and_run(argc, argv);
  } catch (const ConfigErrors& errors) {
    for (const std::string& line : errors.lines()) complain("", line.c_str());
    return wrong_usage;
  } catch (const std::invalid_argument& error) {
    complain("tapeline: ", error.what());
    return wrong_usage;
  } catch (const std::exception& error) {
    complain("tapeline: ", error.what());
    return failed;
  }
}

}  // namespace tapeline::app
