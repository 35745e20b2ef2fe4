#include "tests/simulation/process.hpp"

#include <utility>

#include "app/stage_options.hpp"
#include "feeds/binance/wire.hpp"

namespace tapeline::simulation {
namespace {

using sinks::postgres::Reply;
using sinks::postgres::Request;
using sinks::postgres::Session;
using Kind = Request::Kind;

constexpr Nanos call_timeout_ns = 10 * nanos_per_second;

JournalConfig journal_of(std::string folder) {
  JournalConfig journal;
  journal.directory = std::move(folder);
  journal.segment_bytes = segment_bytes_min;
  return journal;
}

}  // namespace

SinkReadiness Alerts::readiness() noexcept {
  if (is_away) {
    was_away_ = true;
    return SinkReadiness::away;
  }
  return std::exchange(was_away_, false) ? SinkReadiness::returned : SinkReadiness::ready;
}

std::size_t Alerts::latest(std::span<const CachedLatest> changed) noexcept { return is_away ? 0 : changed.size(); }

std::size_t Alerts::alerts(std::span<const CachedAlert> fired) noexcept {
  const std::size_t taken = is_away ? 0 : std::min(taken_at_most, fired.size());
  for (const CachedAlert& alert : fired.first(taken))
    ids.insert(std::to_string(alert.alert.id_millis) + "-" + std::to_string(alert.alert.id_sequence));
  return taken;
}

Process::Process(const app::Config& config, std::string journal_folder, Alerts& alerts, Random& random)
    : folder_(std::move(journal_folder)),
      journal_(journal_of(folder_)),
      recovered_(journal_.end_position()),
      config_(config),
      catalog_(make_row_catalog(config.indicators, config.rules, "simulation")),
      marks_(2),
      events_(std::size_t{8} << below(random, 4)),
      rows_(std::size_t{16} << below(random, 5)),
      updates_(8),
      poller_({.clock_interval_ns = nanos_per_second}, journal_, marks_, operations_),
      collector_(rows_, catalog_,
                 sinks::postgres::BatchPolicy{.rows_max = static_cast<std::size_t>(1 + below(random, 60))}),
      session_(config.postgres.reconnect_delay_ms_max, static_cast<std::uint32_t>(random())) {
  cache_ = std::make_unique<Cache>(updates_, std::vector<CacheSink*>{&alerts}, Cache::Options{});
}

bool Process::open(Database& database, Random& random) {
  connection_ = database.connect();
  session_.adopt();
  while (!session_.is_ready()) {
    const Request request = session_.next({}, steady_now_ns());
    const Reply reply = database.execute(connection_, request, collector_, steady_now_ns());
    if (reply.sql_state == "55P03") waited_ns_ += 2 * nanos_per_second;
    if (session_.on(request, reply, {}, steady_now_ns()) != Session::Event::trouble) continue;
    database.abandon(connection_, steady_now_ns(), random);
    return false;
  }
  collector_.begin(session_.checkpoint(), 1);
  parser_ = std::make_unique<Parser>(app::parser_options(config_, journal_of(folder_)), marks_, events_, operations_);
  Kernels::Options options = app::kernels_options(config_, catalog_);
  options.output.stored_position = session_.checkpoint();
  options.output.live_position = recovered_;
  options.output.recover_alerts_ns = 0;
  kernels_ = std::make_unique<Kernels>(std::move(options), events_, rows_, updates_);
  return true;
}

void Process::receive(std::string_view payload) {
  poller_.append(feeds::binance::code, feeds::binance::combined, 0, {}, payload, 0);
}

void Process::poll_stage(std::size_t number) {
  switch (number) {
    case 0: poller_.poll(); break;
    case 1: parser_->poll(); break;
    case 2: kernels_->poll(); break;
    case 3: cache_->poll(); break;
    default:
      // The real writer takes no rows while it waits for an answer.
      if (!request_ && end_ == End::none) collector_.take(steady_now_ns());
  }
}

sinks::postgres::Work Process::work() noexcept {
  return {.instrument_waits = collector_.instrument_that_waits() != nullptr,
          .batch_waits = collector_.is_cut(),
          .batch_end = collector_.batch().end_position()};
}

bool Process::step_session(Database& database, const Network& network, Random& random) {
  if (end_ != End::none) return false;
  if (request_) {
    hear(database, random);
    return true;
  }
  const Request request = session_.next(work(), steady_now_ns());
  if (request.kind == Kind::none) return false;
  reply_ = ask(database, request, network, random);
  request_ = request;
  return true;
}

Reply Process::ask(Database& database, const Request& request, const Network& network, Random& random) {
  const Nanos now_ns = steady_now_ns();
  const Reply broken{.error = "the connection broke", .sql_state = ""};
  const Reply silent{.error = "no answer within 10000 ms", .sql_state = ""};
  if (request.kind == Kind::connect) {
    if (chance(random, network.percent_lost)) return broken;
    connection_ = database.connect();
  }
  if (!database.is_alive(connection_)) return broken;
  const bool is_lost = chance(random, network.percent_lost);
  const bool is_hung = chance(random, network.percent_hung);
  if (is_lost && chance(random, 50)) return broken;  // it never came to the server
  // A number that was given and whose answer is lost is given again: the model need not show it.
  if (request.kind == Kind::register_instrument && (is_lost || is_hung)) return broken;
  Reply reply = database.execute(connection_, request, collector_, now_ns);
  if (reply.sql_state == "55P03") waited_ns_ += 2 * nanos_per_second;
  if (request.kind == Kind::commit && reply.is_ok) {
    // Long enough for its client to give it up, now and then.
    const Nanos takes_ns = is_hung || is_lost ? static_cast<Nanos>(below(random, 30)) * nanos_per_second : 0;
    database.begin_commit(connection_, now_ns + takes_ns);
    database.advance(now_ns);
  }
  if (is_hung) waited_ns_ += call_timeout_ns;
  if (is_hung) return silent;
  return is_lost ? broken : reply;
}

void Process::hear(Database& database, Random& random) {
  const Request request = *std::exchange(request_, std::nullopt);
  switch (session_.on(request, reply_, work(), steady_now_ns())) {
    case Session::Event::none:
    case Session::Event::is_back: break;
    case Session::Event::committed:
    case Session::Event::was_committed: collector_.stored(); break;
    case Session::Event::trouble: database.abandon(connection_, steady_now_ns(), random); break;
    case Session::Event::fenced: end_ = End::fenced; break;
    case Session::Event::rolled_back: end_ = End::rolled_back; break;
  }
}

void Process::leave(Database& database, Random& random) {
  if (connection_ != 0) database.abandon(connection_, steady_now_ns(), random);
}

void Process::play() {
  marks_.try_claim()->end_position = recovered_;
  marks_.publish();
}

bool Process::is_drained(JournalPosition end) {
  if (parser_->counts().position.value() < end || !parser_->drained() || !kernels_->drained()) return false;
  collector_.cut_rest();
  return !request_ && collector_.empty() && cache_->drained();
}

}  // namespace tapeline::simulation
