// All options of tapeline: the owners' option structs side by side. Knows no TOML.
#pragma once

#include <string>
#include <string_view>

#include "app/calendar/config.hpp"
#include "app/schedule/config.hpp"
#include "app/webhooks/config.hpp"
#include "core/backtest/config.hpp"
#include "core/bars/config.hpp"
#include "core/journal/config.hpp"
#include "core/quality/config.hpp"
#include "core/runtime/config.hpp"
#include "core/signals/rules/rule_config.hpp"
#include "core/snapshot/config.hpp"
#include "feeds/alpha_vantage/config.hpp"
#include "feeds/binance/config.hpp"
#include "feeds/coinbase/config.hpp"
#include "feeds/coingecko/config.hpp"
#include "feeds/kraken/config.hpp"
#include "feeds/transport/config.hpp"
#include "feeds/yahoo/config.hpp"
#include "sinks/dashboard/config.hpp"
#include "sinks/postgres/config.hpp"
#include "sinks/redis/config.hpp"

namespace tapeline::app {

enum class LogLevel { info, warning, error };
enum class LogFormat { text, json };

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
};

struct SourcesConfig {
  feeds::alpha_vantage::Config alpha_vantage;
  feeds::coingecko::Config coingecko;
  feeds::yahoo::Config yahoo;
  feeds::binance::Config binance;
  feeds::coinbase::Config coinbase;
  feeds::kraken::Config kraken;
};

struct Config {
  std::string lane = "main";
  JournalConfig journal;
  SnapshotConfig snapshots;
  RuntimeConfig runtime;
  BarsConfig bars;
  IndicatorsConfig indicators;
  SignalsConfig signals;
  AlertsConfig alerts;
  std::vector<RuleConfig> rules = default_rules();
  QualityConfig quality;
  feeds::TransportConfig transport;
  SourcesConfig sources;
  CalendarsConfig calendars;
  sinks::postgres::Config postgres;
  sinks::redis::Config redis;
  sinks::dashboard::Config dashboard;
  ScheduleConfig schedule;
  std::vector<WebhookConfig> webhooks;
  backtest::Config backtest;
  LogConfig log;
};

/// 1 to 63 letters, digits, _ or -: it names a folder.
[[nodiscard]] bool is_lane_name(std::string_view name);

/// Hash of everything that decides what the numbers are: equal hashes, equal rows for one journal. Secrets, addresses
/// and threads are not part of it. 16 hexadecimal digits.
[[nodiscard]] std::string configuration_hash(const Config& config);

}  // namespace tapeline::app
