#include "app/cli.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>

#include "app/commands/check.hpp"
#include "app/commands/indicators.hpp"
#include "app/commands/once.hpp"
#include "app/commands/replay.hpp"
#include "app/commands/run.hpp"
#include "app/commands/sim.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/config/section.hpp"
#include "app/version.hpp"
#include "sinks/postgres/migrate.hpp"

namespace tapeline::app {
namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;

int run_migrate(const std::string& config_file) {
  const LoadedConfig loaded = load_config(config_file);
  const auto applied = sinks::postgres::migrate(resolve_postgres(loaded.config.postgres, resolve_var_directory()), loaded.config.postgres.call_timeout_ms);
  for (const std::string& version : applied) std::printf("applied %s\n", version.c_str());
  if (applied.empty()) std::puts("nothing to apply: the schema is up to date");
  return 0;
}

/// "20,2": length and width of the Bollinger bands.
void read_bollinger(const std::string& text, IndicatorsOptions& options) {
  const std::size_t comma = text.find(',');
  std::size_t length_end = 0;
  std::size_t width_end = 0;
  try {
    options.bollinger = static_cast<std::uint32_t>(std::stoul(text.substr(0, comma), &length_end));
    const std::string width = comma == std::string::npos ? "2" : text.substr(comma + 1);
    options.width = std::stod(width, &width_end);
    if (length_end == std::min(comma, text.size()) && width_end == width.size()) return;
  } catch (const std::exception&) {
    // told below, with all other misreadings
  }
  throw CLI::ValidationError("--bollinger", "\"" + text + "\" is no length and width; write 20,2");
}

int parse_and_run(int argc, char** argv) {
  CLI::App cli{"tapeline: market data into exact bars, indicators, signals and alerts"};
  cli.set_version_flag("--version", std::string("tapeline ") + version);
  cli.require_subcommand(1);
  int status = 0;
  const auto add_config = [](CLI::App* command, std::string& file) {
    command->add_option("--config", file, "TOML file (default: config/default.toml, else the built-in defaults)");
  };

  RunOptions run;
  CLI::App* run_command = cli.add_subcommand("run", "run the configured sources through the pipeline until Ctrl-C");
  add_config(run_command, run.config_file);
  run_command->add_option("--lane", run.lane, "name of the lane, instead of the configuration's")->check([](const std::string& name) {
    return is_lane_name(name) ? std::string() : "\"" + name + "\" names a folder; write 1 to 63 letters, digits, _ or -";
  });
  run_command->add_option("--for", run.for_seconds, "end by itself after this many seconds, with everything drained");
  run_command->add_flag("--plain", run.plain, "log lines instead of the live view");
  run_command->add_flag("--json", run.json, "print the summary as one JSON object");
  run_command->callback([&] { status = run_pipeline(run); });

  CheckOptions check;
  CLI::App* check_command = cli.add_subcommand("check", "ask every source for a price and every sink for a round trip");
  add_config(check_command, check.config_file);
  check_command->add_flag("--config-only", check.config_only, "read the configuration only, touch no network");
  check_command->add_flag("--json", check.json, "print the table as JSON");
  check_command->callback([&] { status = run_check(check); });

  OnceOptions once;
  CLI::App* once_command = cli.add_subcommand("once", "ask the polled sources once, store what comes, and end");
  add_config(once_command, once.config_file);
  once_command->add_option("source", once.source, "only this one");
  once_command->add_flag("--dry-run", once.dry_run, "real requests, nothing stored");
  once_command->callback([&] { status = run_once(once); });

  ReplayOptions replay;
  CLI::App* replay_command = cli.add_subcommand("replay", "recordings through journal and pipeline into the sinks");
  add_config(replay_command, replay.config_file);
  replay_command->add_option("--source", replay.source, "whose messages they are, such as binance")->required();
  replay_command->add_option("recordings", replay.recordings, "lines `<receive time, ns> <payload>`, plain or gzip")->required();
  replay_command->add_flag("--json", replay.json, "print the summary as one JSON object");
  replay_command->add_flag("--null-sink", replay.null_sink, "compute everything, store nothing");
  replay_command->add_option("--lane", replay.lane, "name of the lane (default: from the recordings' content)");
  replay_command->callback([&] { status = run_replay(replay); });

  IndicatorsOptions indicators;
  std::string bollinger = "20,2";
  CLI::App* indicators_command = cli.add_subcommand("indicators", "a CSV of closes through the pipeline's own kernels");
  indicators_command->add_option("--sma", indicators.sma, "length of the average")->capture_default_str();
  indicators_command->add_option("--rsi", indicators.rsi, "length of the RSI")->capture_default_str();
  indicators_command->add_option("--bollinger", bollinger, "length and width of the bands")->capture_default_str();
  indicators_command->add_option("--volatility", indicators.volatility, "length of the volatility")->capture_default_str();
  indicators_command->add_option("file", indicators.file, "CSV with a close column, or - for standard input")->required();
  indicators_command->callback([&] {
    read_bollinger(bollinger, indicators);
    status = run_indicators(indicators, std::cin, std::cout, std::cerr);
  });

  std::string migrate_config;
  CLI::App* migrate_command = cli.add_subcommand("migrate", "bring the tables in PostgreSQL up to date");
  add_config(migrate_command, migrate_config);
  migrate_command->callback([&] { status = run_migrate(migrate_config); });

  SimOptions sim;
  CLI::App* sim_command = cli.add_subcommand("sim", "serve the exchange simulator on loopback");
  add_sim_options(*sim_command, sim);
  sim_command->callback([&] { status = run_sim(sim, std::cout, std::cerr); });

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return cli.exit(error);
    std::vector<std::string> names;
    for (const CLI::App* command : cli.get_subcommands([](const CLI::App*) { return true; })) names.push_back(command->get_name());
    const std::string first = argc > 1 ? argv[1] : "";
    const bool is_unknown = !first.empty() && first.front() != '-' && std::find(names.begin(), names.end(), first) == names.end();
    if (is_unknown) {
      const std::string meant = nearest(first, names);
      std::fprintf(stderr, "tapeline: no such command: %s%s\n", first.c_str(), meant.empty() ? "" : ("; did you mean " + meant + "?").c_str());
    } else {
      std::fprintf(stderr, "tapeline: %s\n", error.what());
    }
    std::fputs("tapeline --help tells all commands, tapeline COMMAND --help one\n", stderr);
    return wrong_usage;
  }
  return status;
}

}  // namespace

int run_command_line(int argc, char** argv) noexcept {
  try {
    return parse_and_run(argc, argv);
  } catch (const ConfigErrors& errors) {
    for (const std::string& line : errors.lines()) std::fprintf(stderr, "%s\n", line.c_str());
    return wrong_usage;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "tapeline: %s\n", error.what());
    return wrong_usage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tapeline: %s\n", error.what());
    return failed;
  }
}

}  // namespace tapeline::app
