#include "app/config/bindings.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/config/bind_backtest.hpp"
#include "app/config/bind_calendars.hpp"
#include "app/config/bind_custom.hpp"
#include "app/config/bind_rules.hpp"
#include "app/config/bind_schedule.hpp"
#include "app/config/bind_webhooks.hpp"
#include "core/runtime/usable_cpus.hpp"
#include "feeds/transport/url.hpp"
#include "sinks/dashboard/http_server.hpp"
#include "sinks/postgres/connection_string.hpp"
#include "sinks/redis/address.hpp"

namespace tapeline::app {
namespace {

constexpr int hour_ms = 3'600'000;
constexpr std::int64_t day_s = 86'400;

template <class Bind>
void bind_table(Section& parent, const char* name, Reading& reading, const Bind& bind_keys) {
  Section section(parent.path_of(name), parent.sub_table(name), reading);
  bind_keys(section);
  section.reject_unknown({});
}

void bind_journal(Section& section, JournalConfig& journal) {
  section.text("directory", journal.directory);
  section.power_of_two("segment_bytes", journal.segment_bytes, 65'536, std::int64_t{1} << 30);
  section.word("fsync", journal.fsync,
               {{"none", JournalFsync::none}, {"interval", JournalFsync::interval}, {"batch", JournalFsync::batch}});
  section.integer("fsync_interval_ms", journal.fsync_interval_ms, 10, hour_ms);
  section.word("compression", journal.compression,
               {{"none", JournalCompression::none}, {"zstd", JournalCompression::zstd}});
  section.integer("compression_level", journal.compression_level, 1, 19);
  section.integer("retain_hours", journal.retain_hours, 0, 100 * 366 * 24);
  section.integer("retain_bytes", journal.retain_bytes, 0, std::int64_t{1} << 60);
  section.integer("failover_s", journal.failover_s, 0, 366 * day_s);
  section.integer("budget_bytes", journal.budget_bytes, 0, std::int64_t{1} << 60);
  section.integer("budget_warn_percent", journal.budget_warn_percent, 1, 100);
  section.word("over_budget", journal.over_budget,
               {{"stop", OverBudget::stop}, {"drop_oldest", OverBudget::drop_oldest}});
  const std::uint64_t budget_min = 4 * std::uint64_t{journal.segment_bytes};
  if (journal.budget_bytes > 0 && journal.budget_bytes < budget_min) {
    section.complain("budget_bytes",
                     fmt::format("{} is less than four segments, {}; write 0 or more than that, or lower segment_bytes",
                                 journal.budget_bytes, budget_min));
  }
  if (journal.budget_bytes > 0 && journal.retain_bytes > journal.budget_bytes) {
    section.complain("retain_bytes", fmt::format("{} is more than budget_bytes {}; write less, or raise the budget",
                                                 journal.retain_bytes, journal.budget_bytes));
  }
}

void bind_snapshots(Section& section, SnapshotConfig& snapshots) {
  section.boolean("enabled", snapshots.enabled);
  section.integer("interval_s", snapshots.interval_s, 1, day_s);
  section.integer("interval_bytes", snapshots.interval_bytes, 65'536, std::int64_t{1} << 40);
  section.integer("keep", snapshots.keep, 1, 100);
}

void bind_bars(Section& section, BarsConfig& bars) {
  section.integers("intervals_s", bars.intervals_s, 1, day_s);
  if (bars.intervals_s.empty()) {
    section.complain("intervals_s", "is empty; write at least one interval, such as [60]");
  }
  for (const std::uint32_t interval_s : bars.intervals_s) {
    if (day_s % interval_s == 0) continue;
    section.complain("intervals_s", fmt::format("holds {}, which does not divide a day of {} s; write one that does",
                                                interval_s, day_s));
  }
  section.word("empty", bars.empty, {{"skip", EmptyBars::skip}, {"fill", EmptyBars::fill}});
  section.integer("quiet_grace_ms", bars.quiet_grace_ms, 0, hour_ms);
}

void bind_indicators(Section& section, IndicatorsConfig& indicators) {
  section.integer("sma_length", indicators.sma_length, 1, 100'000);
  section.integer("rsi_length", indicators.rsi_length, 1, 100'000);
  section.integer("bollinger_length", indicators.bollinger_length, 2, 100'000);
  section.number("bollinger_width", indicators.bollinger_width, 0.01, 100);
  section.integer("volatility_length", indicators.volatility_length, 2, 100'000);
}

void bind_signals(Section& section, SignalsConfig& signals) {
  section.number("rsi_buy_below", signals.rsi_buy_below, 0, 100);
  section.number("rsi_sell_above", signals.rsi_sell_above, 0, 100);
  if (signals.rsi_buy_below >= signals.rsi_sell_above) {
    section.complain(
        section.has("rsi_buy_below") ? "rsi_buy_below" : "rsi_sell_above",
        fmt::format("rsi_buy_below {} is not below rsi_sell_above {}; write numbers with HOLD between them",
                    signals.rsi_buy_below, signals.rsi_sell_above));
  }
}

void bind_alerts(Section& section, AlertsConfig& alerts) {
  section.integer("max_age_s", alerts.max_age_s, 0, 366 * day_s);
}

void bind_quality(Section& section, QualityConfig& quality) {
  const std::vector<std::pair<std::string, Action>> actions{
      {"off", Action::off}, {"flag", Action::flag}, {"reject", Action::reject}};
  section.word("outlier", quality.outlier, actions);
  section.number("outlier_z", quality.outlier_z, 1, 1e6);
  section.integer("outlier_window", quality.outlier_window, outlier_window_min, outlier_window_max);
  section.number("outlier_pct_min", quality.outlier_pct_min, 0, 1'000);
  section.integer("outlier_shift", quality.outlier_shift, 2, 1'000'000);
  section.word("out_of_order", quality.out_of_order, actions);
  section.integer("stale_event_ms", quality.stale_event_ms, 0, std::int64_t{4'000'000'000});
  section.integer("ahead_ms", quality.ahead_ms, 0, std::int64_t{4'000'000'000});
  section.number("silence_factor", quality.silence_factor, 0, 1e6);
  if (quality.silence_factor > 0 && quality.silence_factor < 1) {
    section.complain("silence_factor",
                     fmt::format("is {}; write 1 or more, or 0 to look for no silence", quality.silence_factor));
  }
  section.integer("silence_ms_min", quality.silence_ms_min, 0, std::int64_t{4'000'000'000});
  section.number("divergence_pct", quality.divergence_pct, 0, 1'000);
  section.integer("divergence_max_age_ms", quality.divergence_max_age_ms, 0, std::int64_t{4'000'000'000});
}

void bind_runtime(Section& section, RuntimeConfig& runtime) {
  section.word("idle", runtime.idle,
               {{"automatic", Idle::automatic},
                {"spin", Idle::spin},
                {"yield", Idle::yield},
                {"backoff", Idle::backoff},
                {"park", Idle::park},
                {"power_save", Idle::power_save}});
  section.word("threads", runtime.threads,
               {{"automatic", Threads::automatic}, {"fused", Threads::fused}, {"split", Threads::split}});
  section.integers("cpus", runtime.cpus, 0, 4'095);
  const UsableCpus usable = usable_cpus();
  for (const int cpu : runtime.cpus) {
    if (usable.may_pin_to(cpu)) continue;
    section.complain("cpus", fmt::format("holds {}, which this process may not use; write some of: {}", cpu,
                                         fmt::join(usable.affinity, ", ")));
  }
  section.integer("realtime_priority", runtime.realtime_priority, 0, 99);
  section.boolean("lock_memory", runtime.lock_memory);
  section.boolean("awake_cpus", runtime.awake_cpus);
  section.integer("drain_timeout_s", runtime.drain_timeout_s, 0, 3'600);
  section.integer("clock_interval_ms", runtime.clock_interval_ms, 10, hour_ms);
  section.power_of_two("ring_marks", runtime.ring_marks, 2, 1 << 20);
  section.power_of_two("ring_events", runtime.ring_events, 2, 1 << 24);
  section.power_of_two("ring_rows", runtime.ring_rows, 2, 1 << 24);
  section.power_of_two("ring_updates", runtime.ring_updates, 2, 1 << 24);
}

void bind_log(Section& section, LogConfig& log) {
  section.word("level", log.level,
               {{"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}});
  section.word("format", log.format, {{"text", LogFormat::text}, {"json", LogFormat::json}});
}

void bind_transport(Section& section, feeds::TransportConfig& transport) {
  section.text("ca_file", transport.ca_file);
  std::error_code not_there;
  if (!transport.ca_file.empty() && !std::filesystem::is_regular_file(transport.ca_file, not_there)) {
    section.complain("ca_file", fmt::format("{} is no file; name a PEM bundle of certificates", transport.ca_file));
  }
  section.text("proxy", transport.proxy);
  if (const auto proxy = feeds::parse_url(transport.proxy);
      !transport.proxy.empty() && (!proxy || !transport.proxy.starts_with("http://") || proxy->path != "/")) {
    section.complain("proxy", "is no address of an HTTP proxy; write one such as \"http://proxy.example:3128\"");
  }
  section.integer("connect_timeout_ms", transport.connect_timeout_ms, 1, hour_ms);
  section.integer("first_byte_timeout_ms", transport.first_byte_timeout_ms, 1, hour_ms);
  section.integer("request_timeout_ms", transport.request_timeout_ms, 1, hour_ms);
  section.integer("body_bytes_max", transport.body_bytes_max, 1'024, 1 << 28);
  section.integer("reconnect_delay_ms_max", transport.reconnect_delay_ms_max, 1, hour_ms);
  section.text("user_agent", transport.user_agent);
  const bool is_header = std::all_of(transport.user_agent.begin(), transport.user_agent.end(),
                                     [](char c) { return c >= ' ' && c <= '~'; });
  if (transport.user_agent.empty() || !is_header) {
    section.complain("user_agent",
                     "is empty or holds what no header may; write printable ASCII, such as \"tapeline/0.1\"");
  }
}

/// What all sources have. Bars wait `lateness_ms` for stragglers.
template <class SourceConfig>
void bind_source(Section& section, SourceConfig& source) {
  section.boolean("enabled", source.enabled);
  section.symbols("symbols", source.symbols);
  if (source.enabled && source.symbols.empty() && !section.is_wrong("symbols")) {
    section.complain("symbols", "is empty; write at least one, or enabled = false");
  }
  section.integer("lateness_ms", source.lateness_ms, 0, hour_ms);
}

/// A key travels in a URL or a header, where a line end would do harm.
void bind_api_key(Section& section, Secret& key) {
  section.secret("api_key", key);
  const std::string& revealed = key.reveal();
  if (std::any_of(revealed.begin(), revealed.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    section.complain("api_key", "holds white space or what is not ASCII; write the bare key where it comes from");
  }
}

void bind_alpha_vantage(Section& section, feeds::alpha_vantage::Config& alpha_vantage) {
  using feeds::alpha_vantage::Format;
  using feeds::alpha_vantage::Function;
  bind_source(section, alpha_vantage);
  section.address("base_url", alpha_vantage.base_url, Protocol::http);
  bind_api_key(section, alpha_vantage.api_key);
  if (alpha_vantage.enabled && !section.has("api_key")) {
    section.complain("api_key", "is missing; write { env = \"ALPHAVANTAGE_KEY\" } and export it, or enabled = false");
  }
  section.word(
      "function", alpha_vantage.function,
      {{"global_quote", Function::global_quote}, {"intraday", Function::intraday}, {"daily", Function::daily}});
  section.word("format", alpha_vantage.format, {{"json", Format::json}, {"csv", Format::csv}});
  section.integer("interval_minutes", alpha_vantage.interval_minutes, 1, 60);
  const std::vector<int> offered{1, 5, 15, 30, 60};
  if (std::find(offered.begin(), offered.end(), alpha_vantage.interval_minutes) == offered.end()) {
    section.complain("interval_minutes",
                     fmt::format("is {}; write one of: {}", alpha_vantage.interval_minutes, fmt::join(offered, ", ")));
  }
  section.integer("poll_seconds", alpha_vantage.poll_seconds, 1, day_s);
  section.integer("requests_per_day", alpha_vantage.requests_per_day, 0, 10'000);
  section.integer("request_spacing_ms", alpha_vantage.request_spacing_ms, 0, hour_ms);
}

/// "bitcoin/usd": one slash with something on both sides, in lower case as CoinGecko writes its ids.
bool is_coin_and_currency(std::string_view name) {
  const std::size_t slash = name.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < name.size() && slash == name.rfind('/') &&
         std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void bind_coingecko(Section& section, feeds::coingecko::Config& coingecko) {
  using feeds::coingecko::Endpoint;
  bind_source(section, coingecko);
  for (const feeds::Subscription& symbol : coingecko.symbols) {
    if (is_coin_and_currency(symbol.native_symbol)) continue;
    section.complain("symbols",
                     fmt::format("\"{}\" is no coin and currency; write them in lower case, such as \"bitcoin/usd\"",
                                 symbol.native_symbol));
  }
  section.address("base_url", coingecko.base_url, Protocol::http);
  bind_api_key(section, coingecko.api_key);
  section.word("endpoint", coingecko.endpoint,
               {{"simple_price", Endpoint::simple_price},
                {"coins_markets", Endpoint::coins_markets},
                {"market_chart", Endpoint::market_chart},
                {"ohlc", Endpoint::ohlc}});
  section.integer("days", coingecko.days, 1, 365);
  const std::vector<int> offered{1, 7, 14, 30, 90, 180, 365};
  if (std::find(offered.begin(), offered.end(), coingecko.days) == offered.end()) {
    section.complain("days", fmt::format("is {}; write one of: {}", coingecko.days, fmt::join(offered, ", ")));
  }
  section.integer("poll_seconds", coingecko.poll_seconds, 1, day_s);
  section.integer("requests_per_minute", coingecko.requests_per_minute, 0, 10'000);
  section.integer("requests_per_day", coingecko.requests_per_day, 0, 10'000);
}

/// Words that the source takes as they are.
std::vector<std::pair<std::string, std::string>> words(std::initializer_list<const char*> list) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const char* word : list) pairs.emplace_back(word, word);
  return pairs;
}

void bind_yahoo(Section& section, feeds::yahoo::Config& yahoo) {
  bind_source(section, yahoo);
  using feeds::yahoo::Mode;
  section.word("mode", yahoo.mode, {{"chart", Mode::chart}, {"streamer", Mode::streamer}});
  section.address("base_url", yahoo.base_url, Protocol::http);
  section.address("streamer_url", yahoo.streamer_url, Protocol::websocket);
  section.integer("silence_timeout_ms", yahoo.silence_timeout_ms, 100, hour_ms);
  section.word("interval", yahoo.interval, words({"1m", "2m", "5m", "15m", "30m", "60m", "1h", "1d"}));
  std::vector<std::pair<std::string, std::string>> ranges =
      words({"1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"});
  section.word("range", yahoo.range, ranges);
  ranges.emplace_back("none", "");
  section.word("catch_up_range", yahoo.catch_up_range, ranges);
  section.integer("poll_seconds", yahoo.poll_seconds, 1, day_s);
  section.integer("request_spacing_ms", yahoo.request_spacing_ms, 0, hour_ms);
}

/// What all sources that stream have.
template <class StreamConfig>
void bind_stream(Section& section, StreamConfig& source) {
  section.address("websocket_url", source.websocket_url, Protocol::websocket);
  section.optional_address("rest_url", source.rest_url, Protocol::http);
  section.integer("silence_timeout_ms", source.silence_timeout_ms, 100, hour_ms);
  section.integer("connection_lifetime_s", source.connection_lifetime_s, 0, 366 * day_s);
  section.integer("backfill_trades_max", source.backfill_trades_max, 0, 10'000'000);
}

void bind_binance(Section& section, feeds::binance::Config& binance) {
  bind_source(section, binance);
  for (const feeds::Subscription& symbol : binance.symbols) {
    std::string upper = symbol.native_symbol;
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const bool is_plain = std::all_of(upper.begin(), upper.end(),
                                      [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
    if (is_plain && upper == symbol.native_symbol) continue;
    section.complain("symbols",
                     fmt::format("\"{}\" is not Binance's name of a symbol; write {}", symbol.native_symbol,
                                 is_plain ? "\"" + upper + "\"" : "one such as { \"BTC-USD\" = \"BTCUSDT\" }"));
  }
  bind_stream(section, binance);
  section.texts("streams", binance.streams);
  for (const std::string& stream : binance.streams) {
    if (feeds::binance::is_stream(stream)) continue;
    section.complain("streams",
                     fmt::format("\"{}\" is none that we read; write trade, aggTrade, bookTicker or kline_1m", stream));
  }
  const auto has = [&](const char* stream) {
    return std::find(binance.streams.begin(), binance.streams.end(), stream) != binance.streams.end();
  };
  if (binance.streams.empty()) section.complain("streams", "is empty; write at least one, such as [\"trade\"]");
  if (has("trade") && has("aggTrade")) {
    section.complain("streams", "has trade and aggTrade, which tell the same trades twice; write one of them");
  }
  if (binance.symbols.size() * binance.streams.size() > feeds::binance::streams_max) {
    section.complain("symbols",
                     fmt::format("times streams is {}, and a connection may have {}; write fewer",
                                 binance.symbols.size() * binance.streams.size(), feeds::binance::streams_max));
  }
}

/// "BTC-USD", "BTC/USD": two names in upper case around a separator.
bool is_pair(std::string_view name, char separator) {
  const std::size_t at = name.find(separator);
  return at != std::string_view::npos && at > 0 && at + 1 < name.size() && at == name.rfind(separator) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return c == separator || c == '.' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

template <class StreamConfig>
void bind_pairs(Section& section, StreamConfig& source, char separator, const char* who, const char* trades) {
  bind_source(section, source);
  for (const feeds::Subscription& symbol : source.symbols) {
    if (is_pair(symbol.native_symbol, separator)) continue;
    section.complain("symbols", fmt::format("\"{}\" is not {}'s name of a pair; write one such as \"BTC{}USD\"",
                                            symbol.native_symbol, who, separator));
  }
  bind_stream(section, source);
  section.texts("channels", source.channels);
  const auto has = [&](const char* channel) {
    return std::find(source.channels.begin(), source.channels.end(), channel) != source.channels.end();
  };
  const auto known = static_cast<std::size_t>(has(trades)) + static_cast<std::size_t>(has("ticker"));
  if (!has(trades) || known != source.channels.size()) {
    section.complain("channels", fmt::format("must be [\"{0}\"], or [\"{0}\", \"ticker\"] for quotes too", trades));
  }
}

void bind_coinbase(Section& section, feeds::coinbase::Config& coinbase) {
  bind_pairs(section, coinbase, '-', "Coinbase", "matches");
}

void bind_kraken(Section& section, feeds::kraken::Config& kraken) {
  bind_pairs(section, kraken, '/', "Kraken", "trade");
}

void bind_postgres(Section& section, sinks::postgres::Config& postgres) {
  section.boolean("enabled", postgres.enabled);
  section.connection_string("dsn", postgres.dsn);
  if (!postgres.dsn.empty()) {
    const auto problem = sinks::postgres::connection_string_problem(postgres.dsn.reveal());
    if (problem) section.complain("dsn", *problem);
  }
  section.integer("batch_rows_max", postgres.batch_rows_max, 1, 1'000'000);
  section.integer("batch_delay_ms_max", postgres.batch_delay_ms_max, 0, 60'000);
  section.integer("batch_delay_quiet_ms_max", postgres.batch_delay_quiet_ms_max, 0, 60'000);
  section.integer("call_timeout_ms", postgres.call_timeout_ms, 100, hour_ms);
  section.integer("reconnect_delay_ms_max", postgres.reconnect_delay_ms_max, 1, hour_ms);
  section.boolean("synchronous_commit", postgres.synchronous_commit);
}

void bind_redis(Section& section, sinks::redis::Config& redis) {
  section.boolean("enabled", redis.enabled);
  section.text("address", redis.address);
  if (!redis.address.empty()) {
    const auto address = sinks::redis::parse_address(redis.address);
    if (!address) section.complain("address", address.error());
  }
  section.text("user", redis.user);
  section.secret("password", redis.password);
  section.integer("database", redis.database, 0, 15);
  section.integer("key_expiry_s", redis.key_expiry_s, 1, day_s);
  section.integer("alert_stream_length_max", redis.alert_stream_length_max, 1, 100'000'000);
  section.integer("alerts_waiting_max", redis.alerts_waiting_max, 1, 10'000'000);
  section.integer("flush_interval_ms", redis.flush_interval_ms, 1, 60'000);
  section.integer("call_timeout_ms", redis.call_timeout_ms, 10, hour_ms);
  section.integer("reconnect_delay_ms_max", redis.reconnect_delay_ms_max, 1, hour_ms);
}

void bind_dashboard(Section& section, sinks::dashboard::Config& dashboard) {
  section.boolean("enabled", dashboard.enabled);
  section.text("listen", dashboard.listen);
  section.secret("token", dashboard.token);
  section.texts("hosts", dashboard.hosts);
  try {
    if (!sinks::dashboard::is_loopback(dashboard.listen) && !section.has("token")) {
      section.complain("token", fmt::format("is missing, and {} can be reached from elsewhere; write token = {{ env = "
                                            "\"TAPELINE_TOKEN\" }}, or listen on 127.0.0.1",
                                            dashboard.listen));
    }
  } catch (const std::invalid_argument& error) {
    section.complain("listen", error.what());
  }
}

}  // namespace

void bind(const toml::table& root, Config& config, Reading& reading) {
  Section top("", &root, reading);
  std::vector<std::string> tables;
  const auto table = [&](const char* name, const auto& bind_keys, auto& values) {
    tables.emplace_back(name);
    bind_table(top, name, reading, [&](Section& section) { bind_keys(section, values); });
  };
  top.text("lane", config.lane);
  if (!is_lane_name(config.lane)) top.complain("lane", "names a folder; write 1 to 63 letters, digits, _ or -");
  table("journal", bind_journal, config.journal);
  table("snapshots", bind_snapshots, config.snapshots);
  table("bars", bind_bars, config.bars);
  tables.emplace_back("indicators");
  Section indicators("indicators", top.sub_table("indicators"), reading);
  bind_indicators(indicators, config.indicators);
  Section custom("indicators.custom", indicators.sub_table("custom"), reading);
  bind_custom_indicators(custom, config.bars, config.indicators, reading);
  indicators.reject_unknown({"custom"});
  table("signals", bind_signals, config.signals);
  table("alerts", bind_alerts, config.alerts);
  tables.emplace_back("rules");
  Section rules("rules", top.sub_table("rules"), reading);
  bind_rules(rules, config.bars, config.indicators, config.rules, reading);
  table(
      "backtest", [&](Section& section, backtest::Config& values) { bind_backtest(section, config.rules, values); },
      config.backtest);
  table("quality", bind_quality, config.quality);
  table("runtime", bind_runtime, config.runtime);
  table("log", bind_log, config.log);
  table("transport", bind_transport, config.transport);
  table("postgres", bind_postgres, config.postgres);
  table("redis", bind_redis, config.redis);
  table("dashboard", bind_dashboard, config.dashboard);

  tables.emplace_back("schedule");
  Section schedule("schedule", top.sub_table("schedule"), reading);
  bind_schedule(schedule, config.schedule, reading);

  tables.emplace_back("webhooks");
  Section webhooks("webhooks", top.sub_table("webhooks"), reading);
  bind_webhooks(webhooks, config.webhooks, reading);

  tables.emplace_back("sources");
  Section sources("sources", top.sub_table("sources"), reading);
  std::vector<std::string> names;
  std::vector<std::string> symbols;
  const auto source = [&](const char* name, const auto& bind_keys, auto& values, CalendarConfig& calendar) {
    names.emplace_back(name);
    bind_table(sources, name, reading, [&](Section& section) {
      bind_keys(section, values);
      bind_calendar(section, calendar);
    });
    for (const feeds::Subscription& subscription : values.symbols) symbols.push_back(subscription.symbol);
  };
  source("alpha_vantage", bind_alpha_vantage, config.sources.alpha_vantage, config.calendars.alpha_vantage);
  source("coingecko", bind_coingecko, config.sources.coingecko, config.calendars.coingecko);
  source("yahoo", bind_yahoo, config.sources.yahoo, config.calendars.yahoo);
  source("binance", bind_binance, config.sources.binance, config.calendars.binance);
  source("coinbase", bind_coinbase, config.sources.coinbase, config.calendars.coinbase);
  source("kraken", bind_kraken, config.sources.kraken, config.calendars.kraken);
  sources.reject_unknown(names);

  tables.emplace_back("instruments");
  Section instruments("instruments", top.sub_table("instruments"), reading);
  bind_instruments(instruments, symbols, config.calendars.instruments, reading);
  top.reject_unknown(tables);
}

}  // namespace tapeline::app
