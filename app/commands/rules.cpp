#include "app/commands/rules.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>
#include <stdlib.h>

#include "app/commands/control.hpp"
#include "app/config/loader.hpp"
#include "app/lane.hpp"
#include "core/base/json_text.hpp"
#include "feeds/registry.hpp"
#include "feeds/replay/source.hpp"

namespace tapeline::app {
namespace {

/// A journal that is gone with its owner.
class TemporaryVar {
 public:
  TemporaryVar() {
    std::string name = (std::filesystem::temp_directory_path() / "tapeline-rules-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder in the temporary directory");
    path_ = name;
  }
  ~TemporaryVar() {
    std::error_code not_gone;
    std::filesystem::remove_all(path_, not_gone);
  }
  TemporaryVar(const TemporaryVar&) = delete;
  TemporaryVar& operator=(const TemporaryVar&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

class AlertCollector final : public CacheSink {
 public:
  struct Entry {
    std::string symbol;
    AlertRow alert;
  };

  [[nodiscard]] SinkReadiness readiness() noexcept override { return SinkReadiness::ready; }
  void on_instrument(InstrumentIndex instrument, SourceCode, const InstrumentRow& names) noexcept override {
    if (symbols_.size() <= instrument) symbols_.resize(instrument + 1);
    symbols_[instrument] = names.symbol;
  }
  [[nodiscard]] std::size_t latest(std::span<const CachedLatest> changed) noexcept override { return changed.size(); }
  [[nodiscard]] std::size_t alerts(std::span<const CachedAlert> fired) noexcept override {
    for (const CachedAlert& entry : fired) entries_.push_back({symbols_.at(entry.instrument), entry.alert});
    return fired.size();
  }

  /// After the lane has ended.
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  std::vector<std::string> symbols_;
  std::vector<Entry> entries_;
};

std::string text_of(const RowCatalog& catalog, const AlertCollector::Entry& entry) {
  const AlertRow& alert = entry.alert;
  return fmt::format("{}  {:<12} {:>5} s  {:<8} {:<20} {}", format_utc(alert.bar_end_ns), entry.symbol,
                     alert.interval_s, to_string(alert.severity), alert.rule,
                     alert_message(catalog, alert, entry.symbol));
}

std::string json_of(const RowCatalog& catalog, const AlertCollector::Entry& entry) {
  const AlertRow& alert = entry.alert;
  return fmt::format(
      R"({{"rule":{},"rule_version":{},"severity":"{}","symbol":{},"interval_s":{},"bar_start":"{}","bar_end":"{}",)"
      R"("message":{},"evidence":{}}})",
      json_string(alert.rule), alert.rule_version, to_string(alert.severity), json_string(entry.symbol),
      alert.interval_s, format_utc(alert.bar_start_ns), format_utc(alert.bar_end_ns),
      json_string(alert_message(catalog, alert, entry.symbol)), alert_evidence(catalog, alert));
}

}  // namespace

int run_rules_test(const RulesTestOptions& options) {
  LoadedConfig loaded = load_config(options.config_file, Purpose::look_back);
  const feeds::Entry& entry = feeds::named_source(options.source);
  loaded.config.journal.directory.clear();
  const TemporaryVar var;
  AlertCollector collector;
  const LaneOptions lane_options{.name = "rules-test",
                                 .configuration_hash = loaded.hash,
                                 .var_directory = var.path(),
                                 .sinks = SinkChoice::none,
                                 .observer = &collector,
                                 .is_recording = true};
  Lane lane(loaded.config, lane_options, [&](feeds::Poller& poller) {
    poller.add(feeds::replay::make_source(poller.context(), options.recordings, entry.code, Channel{1}));
  });
  const int status = control(lane, {.for_seconds = std::nullopt,
                                    .display = Display::none,
                                    .summary = Summary::none,
                                    .until_exhausted = true,
                                    .log = loaded.config.log});
  const RowCatalog& catalog = lane.catalog();
  std::vector<std::size_t> fired(catalog.rules.size());
  for (const AlertCollector::Entry& alert : collector.entries()) {
    ++fired[alert.alert.rule_index];
    std::puts((options.json ? json_of(catalog, alert) : text_of(catalog, alert)).c_str());
  }
  if (options.json) return status;
  const LaneStats stats = lane.stats();
  std::fputs(fmt::format("{} ticks, {} bars, {} alerts\n", stats.ticks, stats.bars, collector.entries().size()).c_str(),
             stdout);
  for (std::size_t i = 0; i < fired.size(); ++i) {
    std::fputs(fmt::format("{:>8}  {:<20} {}\n", fired[i], catalog.rules[i].name(), catalog.rules[i].when()).c_str(),
               stdout);
  }
  return status;
}

int run_rules_list(const std::string& config_file) {
  const LoadedConfig loaded = load_config(config_file, Purpose::look_back);
  const auto catalog = make_row_catalog(loaded.config.indicators, loaded.config.rules, loaded.hash);
  for (std::size_t i = 0; i < catalog->rules.size(); ++i) {
    const Rule& rule = catalog->rules[i];
    std::fputs(
        fmt::format("{:<20} {:<8} {:08x}  {}\n", rule.name(), to_string(rule.severity()), rule.version(), rule.when())
            .c_str(),
        stdout);
  }
  std::string fields;
  for (std::size_t i = 0; i < catalog->fields.size(); ++i) {
    fields += (i == 0 ? "" : ", ") + catalog->fields[i].name;
  }
  std::fputs(fmt::format("a condition may read: {}\n", fields).c_str(), stdout);
  return 0;
}

}  // namespace tapeline::app
