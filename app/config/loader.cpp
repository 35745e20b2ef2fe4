#include "app/config/loader.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/config/section.hpp"
#include "core/runtime/topology.hpp"

namespace tapeline::app {
namespace {

constexpr int hour_ms = 3'600'000;
constexpr std::int64_t day_s = 86'400;

/// Binds every key of a document; the one list of what a configuration may hold.
class Binder {
 public:
  Binder(const toml::table& root, Config& config, std::vector<Mistake>& mistakes)
      : root_("", &root, mistakes), config_(config), mistakes_(mistakes) {}

  std::vector<std::string> bind() {
    bind_root();
    bind_numbers();
    bind_runtime();
    bind_transport();
    bind_sources();
    bind_sinks();
    root_.reject_unknown(tables_);
    note(root_);
    return known_;
  }

 private:
  template <class Bind>
  void section(Section& parent, const char* name, std::vector<std::string>* names, const Bind& bind) {
    if (names != nullptr) names->emplace_back(name);
    Section section(parent.path_of(name), parent.sub_table(name), mistakes_);
    bind(section);
  }
  template <class Bind>
  void table(const char* name, const Bind& bind) {
    section(root_, name, &tables_, [&](Section& section) {
      bind(section);
      section.reject_unknown({});
      note(section);
    });
  }
  void note(const Section& section) {
    for (const std::string& key : section.keys()) known_.push_back(section.path_of(key));
  }

  void bind_root() {
    root_.text("lane", config_.lane);
    if (!is_lane_name(config_.lane)) root_.complain("lane", "names a folder; write 1 to 63 letters, digits, _ or -");
    table("journal", [&](Section& journal) {
      journal.text("directory", config_.journal.directory);
      journal.power_of_two("segment_bytes", config_.journal.segment_bytes, 64 * 1024, std::int64_t{1} << 30);
    });
  }

  void bind_numbers() {
    table("bars", [&](Section& bars) {
      bars.integers("intervals_s", config_.bars.intervals_s, 1, day_s);
      if (config_.bars.intervals_s.empty()) bars.complain("intervals_s", "is empty; write at least one interval, such as [60]");
      for (const std::uint32_t interval_s : config_.bars.intervals_s) {
        if (day_s % interval_s != 0) bars.complain("intervals_s", fmt::format("holds {}, which does not divide a day; write one that does", interval_s));
      }
      bars.word("empty", config_.bars.empty, {{"skip", EmptyBars::skip}, {"fill", EmptyBars::fill}});
      bars.integer("quiet_grace_ms", config_.bars.quiet_grace_ms, 0, hour_ms);
    });
    table("indicators", [&](Section& indicators) {
      indicators.integer("sma_length", config_.indicators.sma_length, 1, 100'000);
      indicators.integer("rsi_length", config_.indicators.rsi_length, 1, 100'000);
      indicators.integer("bollinger_length", config_.indicators.bollinger_length, 2, 100'000);
      indicators.number("bollinger_width", config_.indicators.bollinger_width, 0.01, 100);
      indicators.integer("volatility_length", config_.indicators.volatility_length, 2, 100'000);
    });
    table("signals", [&](Section& signals) {
      signals.number("rsi_buy_below", config_.signals.rsi_buy_below, 0, 100);
      signals.number("rsi_sell_above", config_.signals.rsi_sell_above, 0, 100);
      if (config_.signals.rsi_buy_below >= config_.signals.rsi_sell_above) {
        signals.complain("rsi_buy_below", "is not below rsi_sell_above; no value could then be HOLD");
      }
    });
    table("alerts", [&](Section& alerts) {
      alerts.number("rsi_hysteresis", config_.alerts.rsi_hysteresis, 0, 50);
      alerts.number("move_pct_min", config_.alerts.move_pct_min, 0.0001, 1'000);
      alerts.number("move_hysteresis_pct", config_.alerts.move_hysteresis_pct, 0, 1'000);
      alerts.integer("max_age_s", config_.alerts.max_age_s, 0, 366 * day_s);
      alerts.integer("cooldown_s", config_.alerts.cooldown_s, 0, day_s);
      if (config_.alerts.move_hysteresis_pct > config_.alerts.move_pct_min) {
        alerts.complain("move_hysteresis_pct", "is above move_pct_min; the rule would never be armed again");
      }
    });
  }

  void bind_runtime() {
    table("runtime", [&](Section& runtime) {
      runtime.word("idle", config_.runtime.idle, {{"automatic", Idle::automatic}, {"spin", Idle::spin}, {"yield", Idle::yield},
                                                  {"backoff", Idle::backoff}, {"park", Idle::park}});
      runtime.word("threads", config_.runtime.threads,
                   {{"automatic", Threads::automatic}, {"fused", Threads::fused}, {"split", Threads::split}});
      runtime.integers("cpus", config_.runtime.cpus, 0, 4'095);
      const std::vector<int> usable = usable_cpus();
      for (const int cpu : config_.runtime.cpus) {
        if (std::find(usable.begin(), usable.end(), cpu) == usable.end()) {
          runtime.complain("cpus", fmt::format("holds {}, which this process may not use; usable: {}", cpu, fmt::join(usable, ", ")));
        }
      }
      runtime.integer("drain_timeout_s", config_.runtime.drain_timeout_s, 0, 3'600);
      runtime.integer("clock_interval_ms", config_.runtime.clock_interval_ms, 10, hour_ms);
      runtime.power_of_two("ring_marks", config_.runtime.ring_marks, 2, 1 << 20);
      runtime.power_of_two("ring_events", config_.runtime.ring_events, 2, 1 << 24);
      runtime.power_of_two("ring_rows", config_.runtime.ring_rows, 2, 1 << 24);
      runtime.power_of_two("ring_updates", config_.runtime.ring_updates, 2, 1 << 24);
    });
    table("log", [&](Section& log) {
      log.word("level", config_.log.level, {{"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}});
      log.word("format", config_.log.format, {{"text", LogFormat::text}, {"json", LogFormat::json}});
    });
  }

  void bind_transport() {
    table("transport", [&](Section& transport) {
      feeds::TransportConfig& config = config_.transport;
      transport.text("ca_file", config.ca_file);
      if (!config.ca_file.empty() && !std::filesystem::is_regular_file(config.ca_file)) {
        transport.complain("ca_file", fmt::format("{} is no file; name a PEM bundle of certificates", config.ca_file));
      }
      transport.integer("connect_timeout_ms", config.connect_timeout_ms, 1, hour_ms);
      transport.integer("first_byte_timeout_ms", config.first_byte_timeout_ms, 1, hour_ms);
      transport.integer("request_timeout_ms", config.request_timeout_ms, 1, hour_ms);
      transport.integer("body_bytes_max", config.body_bytes_max, 1'024, 1 << 28);
      transport.integer("reconnect_delay_ms_max", config.reconnect_delay_ms_max, 1, hour_ms);
      transport.text("user_agent", config.user_agent);
    });
  }

  template <class SourceConfig, class Bind>
  void source(Section& sources, const char* name, std::vector<std::string>& names, SourceConfig& config, const Bind& bind) {
    section(sources, name, &names, [&](Section& section) {
      section.boolean("enabled", config.enabled);
      section.symbols("symbols", config.symbols);
      section.integer("lateness_ms", config.lateness_ms, 0, hour_ms);
      bind(section);
      if (config.enabled && config.symbols.empty()) section.complain("symbols", "is empty; write at least one, or enabled = false");
      section.reject_unknown({});
      note(section);
    });
  }

  void bind_sources() {
    section(root_, "sources", &tables_, [&](Section& sources) {
      std::vector<std::string> names;
      auto& alpha_vantage = config_.sources.alpha_vantage;
      source(sources, "alpha_vantage", names, alpha_vantage, [&](Section& section) {
        using feeds::alpha_vantage::Function;
        section.url("base_url", alpha_vantage.base_url, "http");
        section.secret("api_key", alpha_vantage.api_key);
        section.word("function", alpha_vantage.function, {{"global_quote", Function::global_quote}, {"intraday", Function::intraday}});
        section.integer("interval_minutes", alpha_vantage.interval_minutes, 1, 60);
        if (const int minutes = alpha_vantage.interval_minutes; minutes != 1 && minutes != 5 && minutes != 15 && minutes != 30 && minutes != 60) {
          section.complain("interval_minutes", fmt::format("is {}; write 1, 5, 15, 30 or 60", minutes));
        }
        section.integer("poll_seconds", alpha_vantage.poll_seconds, 1, day_s);
        section.integer("request_spacing_ms", alpha_vantage.request_spacing_ms, 0, hour_ms);
        if (alpha_vantage.enabled && alpha_vantage.api_key.empty() && !section.has("api_key")) {
          section.complain("api_key", "is missing; write { env = \"ALPHAVANTAGE_KEY\" } and export it, or enabled = false");
        }
      });
      auto& coingecko = config_.sources.coingecko;
      source(sources, "coingecko", names, coingecko, [&](Section& section) {
        using feeds::coingecko::Endpoint;
        section.url("base_url", coingecko.base_url, "http");
        section.secret("api_key", coingecko.api_key);
        section.word("endpoint", coingecko.endpoint, {{"simple_price", Endpoint::simple_price}, {"coins_markets", Endpoint::coins_markets}});
        section.integer("poll_seconds", coingecko.poll_seconds, 1, day_s);
        for (const auto& symbol : coingecko.symbols) {
          if (symbol.native_symbol.find('/') == std::string::npos) {
            section.complain("symbols", fmt::format("\"{}\" names no currency; write \"{}/usd\"", symbol.native_symbol, symbol.native_symbol));
          }
        }
      });
      auto& yahoo = config_.sources.yahoo;
      source(sources, "yahoo", names, yahoo, [&](Section& section) {
        section.url("base_url", yahoo.base_url, "http");
        const std::vector<std::string> intervals{"1m", "2m", "5m", "15m", "30m", "60m", "1h", "1d"};
        std::vector<std::pair<std::string, std::string>> words;
        for (const std::string& interval : intervals) words.emplace_back(interval, interval);
        section.word("interval", yahoo.interval, words);
        section.text("range", yahoo.range);
        section.integer("poll_seconds", yahoo.poll_seconds, 1, day_s);
        section.integer("request_spacing_ms", yahoo.request_spacing_ms, 0, hour_ms);
      });
      auto& binance = config_.sources.binance;
      source(sources, "binance", names, binance, [&](Section& section) {
        section.url("websocket_url", binance.websocket_url, "ws");
        section.integer("silence_timeout_ms", binance.silence_timeout_ms, 100, hour_ms);
      });
      sources.reject_unknown(names);
    });
  }

  void bind_sinks() {
    table("postgres", [&](Section& section) {
      auto& postgres = config_.postgres;
      section.boolean("enabled", postgres.enabled);
      section.secret("dsn", postgres.dsn);
      section.integer("batch_rows_max", postgres.batch_rows_max, 1, 1'000'000);
      section.integer("batch_delay_ms_max", postgres.batch_delay_ms_max, 0, 60'000);
      section.integer("call_timeout_ms", postgres.call_timeout_ms, 100, hour_ms);
      section.integer("reconnect_delay_ms_max", postgres.reconnect_delay_ms_max, 1, hour_ms);
      section.boolean("synchronous_commit", postgres.synchronous_commit);
    });
    table("redis", [&](Section& section) {
      auto& redis = config_.redis;
      section.boolean("enabled", redis.enabled);
      section.text("address", redis.address);
      section.text("user", redis.user);
      section.secret("password", redis.password);
      section.integer("database", redis.database, 0, 15);
      section.integer("key_expiry_s", redis.key_expiry_s, 1, day_s);
      section.integer("alert_stream_length_max", redis.alert_stream_length_max, 1, 100'000'000);
      section.integer("flush_interval_ms", redis.flush_interval_ms, 1, 60'000);
      section.integer("call_timeout_ms", redis.call_timeout_ms, 10, hour_ms);
      section.integer("reconnect_delay_ms_max", redis.reconnect_delay_ms_max, 1, hour_ms);
    });
  }

  Section root_;
  Config& config_;
  std::vector<Mistake>& mistakes_;
  std::vector<std::string> tables_;
  std::vector<std::string> known_;
};

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

ConfigErrors::ConfigErrors(std::vector<std::string> lines) : std::runtime_error(joined(lines)), lines_(std::move(lines)) {}

LoadedConfig parse_config(const std::string& text, const std::string& name) {
  LoadedConfig loaded;
  std::vector<Mistake> mistakes;
  try {
    const toml::table root = toml::parse(text, name);
    Binder(root, loaded.config, mistakes).bind();
  } catch (const toml::parse_error& error) {
    throw ConfigErrors({fmt::format("{}:{}: not TOML: {}; mend this line first, the rest is read after that", name,
                                    error.source().begin.line, error.description())});
  }
  if (!mistakes.empty()) {
    std::stable_sort(mistakes.begin(), mistakes.end(), [](const Mistake& left, const Mistake& right) { return left.line < right.line; });
    std::vector<std::string> lines;
    for (const Mistake& mistake : mistakes) {
      std::string line = fmt::format("{}:{}: {}", name, std::max(mistake.line, 1U), mistake.text);
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
    }
    throw ConfigErrors(std::move(lines));
  }
  std::sort(loaded.config.bars.intervals_s.begin(), loaded.config.bars.intervals_s.end());
  loaded.hash = configuration_hash(loaded.config);
  return loaded;
}

LoadedConfig load_config(const std::string& path) {
  const std::string chosen = !path.empty() ? path : std::filesystem::exists("config/default.toml") ? "config/default.toml" : "";
  if (chosen.empty()) return parse_config("", "built-in defaults");
  std::ifstream file(chosen);
  std::ostringstream text;
  if (std::filesystem::is_directory(chosen) || !file || !(text << file.rdbuf()).good()) {
    if (std::filesystem::is_regular_file(chosen) && std::filesystem::file_size(chosen) == 0) return parse_config("", chosen);
    throw ConfigErrors({chosen + ": cannot be read; name a TOML file after --config"});
  }
  return parse_config(text.str(), chosen);
}

bool is_lane_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::vector<std::string> known_keys() {
  Config config;
  std::vector<Mistake> mistakes;
  return Binder(toml::table{}, config, mistakes).bind();
}

}  // namespace tapeline::app
