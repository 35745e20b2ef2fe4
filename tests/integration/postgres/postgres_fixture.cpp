#include "tests/integration/postgres/postgres_fixture.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "core/runtime/idle.hpp"
#include "sinks/postgres/migrate.hpp"
#include "tests/support/row_catalog.hpp"

namespace tapeline::sinks::postgres {
namespace {

std::unique_ptr<test::PrivatePostgres> shared_server;

/// Stopped after the last test, not in a static destructor: a failure there would go unseen.
class ServerEnvironment final : public testing::Environment {
 public:
  void TearDown() override { shared_server.reset(); }
};
const auto* const environment = testing::AddGlobalTestEnvironment(new ServerEnvironment);

template <std::size_t Size>
void copy_text(char (&to)[Size], std::string_view text) {
  if (text.size() >= Size) throw std::logic_error("the test's text is too long");
  std::memcpy(to, text.data(), text.size());
  to[text.size()] = '\0';
}

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace

bool wait_until(const std::function<bool()>& holds) {
  for (const Nanos deadline_ns = steady_now_ns() + patience_ns; steady_now_ns() < deadline_ns;
       sleep_for(nanos_per_millisecond)) {
    if (holds()) return true;
  }
  return false;
}

test::PrivatePostgres& PostgresTest::server() {
  if (!shared_server) shared_server = std::make_unique<test::PrivatePostgres>();
  return *shared_server;
}

void PostgresTest::SetUp() {
  if (!test::PrivatePostgres::is_installed()) GTEST_SKIP() << "no PostgreSQL server: apt-get install postgresql";
  dsn_ = server().create_database();
}

void PostgresTest::migrate_database() const { static_cast<void>(migrate(dsn(), 10'000)); }

Connection::Rows PostgresTest::query(const std::string& sql, const std::vector<std::string>& parameters) {
  for (int attempt = 1;; ++attempt) {
    if (!observer_) {
      observer_ = std::make_unique<Connection>(dsn(), 30'000);
      if (!observer_->open()) throw std::runtime_error(observer_->error());
    }
    if (auto rows = observer_->query(sql, parameters)) return *rows;
    const std::string error = observer_->error();
    const bool was_away = observer_->sql_state().empty() || observer_->sql_state().starts_with("57P");
    observer_.reset();
    if (!was_away || attempt > 1) throw std::runtime_error(sql + ": " + error);
  }
}

std::string PostgresTest::value(const std::string& sql) {
  const auto rows = query(sql);
  if (rows.size() != 1 || rows[0].size() != 1) throw std::runtime_error(sql + ": not one value");
  return rows[0][0];
}

Row RowFeed::row(RowKind kind, InstrumentIndex instrument, JournalPosition position) {
  Row row{};
  row.kind = kind;
  row.source = SourceCode{4};
  row.instrument = instrument;
  row.position = position;
  row.end_position = position + frame_bytes;
  row.receive_ns = first_event_ns + static_cast<Nanos>(position) * nanos_per_millisecond;
  return row;
}

Row RowFeed::instrument_row(InstrumentIndex instrument, std::string_view symbol, std::string_view native_symbol) {
  Row made = row(RowKind::instrument, instrument, 0);
  copy_text(made.as_instrument.symbol, symbol);
  copy_text(made.as_instrument.native_symbol, native_symbol);
  return made;
}

Row RowFeed::tick_row(JournalPosition position, std::uint64_t trade_id, Nanos event_ns) {
  Row made = row(RowKind::tick, static_cast<InstrumentIndex>(trade_id % 2), position);
  made.as_tick = {.event_ns = event_ns,
                  .price_mantissa = static_cast<std::int64_t>(trade_id),
                  .size_mantissa = 125,
                  .trade_id = trade_id,
                  .price_exponent = -2,
                  .size_exponent = -3,
                  .side = trade_id % 2 == 0 ? Side::buy : Side::sell,
                  .flags = 0};
  return made;
}

Row RowFeed::bar_row(JournalPosition position, Nanos start_ns) {
  Row made = row(RowKind::bar, 0, position);
  BarRow& bar = made.as_bar;
  bar = {};
  bar.start_ns = start_ns;
  bar.open_mantissa = 6'183'763;
  bar.high_mantissa = 6'184'000;
  bar.low_mantissa = 6'180'000;
  bar.close_mantissa = 6'181'200;
  bar.price_exponent = -2;
  bar.volume_mantissa = 123'456'789;
  bar.volume_exponent = -8;
  bar.interval_s = 60;
  bar.trades = 42;
  for (double* value : {&bar.sma, &bar.rsi, &bar.bb_mid, &bar.bb_sigma, &bar.bb_upper, &bar.bb_lower, &bar.percent_b,
                        &bar.bandwidth, &bar.volatility, &bar.volatility_annual, &bar.change, &bar.change_pct}) {
    *value = undefined;
  }
  bar.periods_per_year = 525'600;
  bar.bars_seen = 1;
  bar.signal = Signal::hold;
  bar.signal_reason = SignalReason::warming_up;
  return made;
}

Row RowFeed::alert_row(JournalPosition position) {
  Row made = row(RowKind::alert, 0, position);
  AlertRow& alert = made.as_alert;
  alert = {};
  alert.bar_start_ns = first_event_ns;
  alert.bar_end_ns = first_event_ns + 60 * nanos_per_second;
  alert.id_millis = 1'723'161'300'000;
  alert.id_sequence = position;
  alert.interval_s = 60;
  alert.rule_version = 1;
  alert.severity = Severity::warning;
  alert.signal = Signal::sell;
  alert.trend = Trend::bullish;
  alert.price_exponent = -2;
  copy_text(alert.rule, "rsi_overbought");
  alert.rule_index = 1;
  alert.evidence_count = 1;
  alert.evidence[0] = 71.5;
  alert.close_mantissa = 6'181'200;
  alert.close = 61'812;
  alert.rsi = 71.5;
  alert.sma = alert.bb_upper = alert.bb_lower = alert.change_pct = alert.volatility = undefined;
  return made;
}

Row RowFeed::quality_row(JournalPosition position, std::string_view detail) {
  Row made = row(RowKind::quality, no_instrument, position);
  made.as_quality = {};
  made.as_quality.reason = Reason::unparsable;
  made.as_quality.kind = QualityKind::reject;
  copy_text(made.as_quality.detail, detail);
  return made;
}

std::vector<Row> RowFeed::frame(std::uint64_t i) {
  std::vector<Row> rows;
  const JournalPosition position = i * frame_bytes;
  const Nanos event_ns = first_event_ns + static_cast<Nanos>(i) * nanos_per_second;
  if (i == 0) {
    rows.push_back(instrument_row(0, "BTC-USD", "BTCUSDT"));
    rows.push_back(instrument_row(1, "ETH-USD", "ETHUSDT"));
  } else if (i % 10 == 7) {
    rows.push_back(row(RowKind::progress, no_instrument, position));
  } else {
    for (std::uint64_t k = 0; k <= i % 3; ++k) rows.push_back(tick_row(position, i * 10 + k, event_ns));
    if (i % 20 == 5) rows.push_back(bar_row(position, first_event_ns + static_cast<Nanos>(i) * 60 * nanos_per_second));
    if (i % 40 == 5) {
      Row signal = row(RowKind::signal, 0, position);
      signal.as_signal = {.bar_start_ns = event_ns,
                          .interval_s = 60,
                          .signal = Signal::buy,
                          .previous = Signal::hold,
                          .reason = SignalReason::rule,
                          .trend = Trend::bearish,
                          .close = 61'812,
                          .rsi = 28.5,
                          .sma = undefined,
                          .bb_upper = undefined,
                          .bb_lower = undefined};
      rows.push_back(signal);
      rows.push_back(alert_row(position));
    }
    if (i % 25 == 3) rows.push_back(quality_row(position, "no JSON"));
  }
  rows.back().ends_frame = true;
  return rows;
}

std::map<RowKind, std::uint64_t> RowFeed::count(std::uint64_t end) {
  std::map<RowKind, std::uint64_t> counts;
  for (std::uint64_t i = 0; i < end; ++i) {
    for (const Row& row : frame(i)) ++counts[row.kind];
  }
  return counts;
}

std::uint64_t RowFeed::sum(std::uint64_t end) {
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < end; ++i) {
    for (const Row& row : frame(i))
      total += row.kind == RowKind::tick ? static_cast<std::uint64_t>(row.as_tick.price_mantissa) : 0;
  }
  return total;
}

Config WriterRun::quick() {
  Config config;
  config.batch_rows_max = 200;
  config.batch_delay_ms_max = 1;
  config.reconnect_delay_ms_max = 50;
  return config;
}

WriterRun::WriterRun(const Secret& dsn, Config config, std::string lane, std::function<Nanos()> wall_clock)
    : writer({.config = config,
              .dsn = dsn,
              .lane = std::move(lane),
              .catalog = test::default_catalog(),
              .program_version = "test",
              .source_name = [](SourceCode) { return std::string("binance"); },
              .wall_clock = std::move(wall_clock)},
             ring, operations) {}

void WriterRun::put(std::vector<Row> rows) {
  rows.back().ends_frame = true;
  for (const Row& row : rows) {
    Row* slot = nullptr;
    if (!poll_until([&] { return (slot = ring.try_claim()) != nullptr; }))
      throw std::runtime_error("the writer takes no rows");
    *slot = row;
    ring.publish();
  }
}

void WriterRun::feed(std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t i = begin; i < end; ++i) put(RowFeed::frame(i));
}

bool WriterRun::poll_until(const std::function<bool()>& holds) {
  if (holds()) return true;
  for (const Nanos deadline_ns = steady_now_ns() + patience_ns; steady_now_ns() < deadline_ns;) {
    const bool was_idle = writer.poll() == 0;
    if (holds()) return true;
    if (was_idle) sleep_for(nanos_per_millisecond / 4);
  }
  return false;
}

const std::vector<std::string>& WriterRun::told() {
  for (OperationsEvent event; operations.take(event);) told_.push_back(event.text);
  return told_;
}

}  // namespace tapeline::sinks::postgres
