// One process of the pipeline: the real journal, poller, parser, kernels, cache, row collector and session, polled one at
// a time. What the writer would do over libpq is done in the modelled database, in two steps: the server works, and then,
// perhaps, the answer arrives.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/config/config.hpp"
#include "core/journal/journal_writer.hpp"
#include "core/stages/cache.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/parser.hpp"
#include "feeds/poller.hpp"
#include "tests/simulation/database.hpp"

namespace tapeline::simulation {

/// A model of Redis: a stream of alerts that takes each id once.
class Alerts final : public CacheSink {
 public:
  [[nodiscard]] SinkReadiness readiness() noexcept override;
  void on_instrument(InstrumentIndex, SourceCode, const InstrumentRow&) noexcept override {}
  [[nodiscard]] std::size_t latest(std::span<const CachedLatest> changed) noexcept override;
  [[nodiscard]] std::size_t alerts(std::span<const CachedAlert> fired) noexcept override;

  bool is_away = false;
  std::size_t taken_at_most = 1'000;  // of a call: the connection breaks behind them
  std::set<std::string> ids;

 private:
  bool was_away_ = false;
};

class Process {
 public:
  enum class End { none, fenced, rolled_back };

  /// `alerts` outlives it.
  Process(const app::Config& config, std::string journal_folder, Alerts& alerts, Random& random);

  [[nodiscard]] JournalWriter& journal() noexcept { return journal_; }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

  /// Reads the checkpoint. False: the database could not be asked; the process ends, and is started again.
  [[nodiscard]] bool open(Database& database, Random& random);
  /// The database has rows of frames that the journal lacks: it ends, and says so.
  [[nodiscard]] bool is_behind_database() const noexcept { return session_.checkpoint() > recovered_; }

  void receive(std::string_view payload);
  void poll_stage(std::size_t number);
  static constexpr std::size_t stages = 5;

  struct Network {
    unsigned percent_lost = 0;  // of requests or their answers
    unsigned percent_hung = 0;  // of requests that are answered after their client has given up
  };
  /// One step of the session: asks, or hears the answer. True: something happened.
  bool step_session(Database& database, const Network& network, Random& random);
  /// The process dies: what it had asked for goes on without it.
  void leave(Database& database, Random& random);

  [[nodiscard]] End end() const noexcept { return end_; }
  /// In place of its poller: says that the journal may be read as far as it was found, as a replay does.
  void play();
  [[nodiscard]] JournalPosition recovered() const noexcept { return recovered_; }
  /// Nothing is left to do for the frames that end there or before.
  [[nodiscard]] bool is_drained(JournalPosition end);
  /// Time that the last step has waited for an answer.
  [[nodiscard]] Nanos take_waited() noexcept { return std::exchange(waited_ns_, 0); }
  [[nodiscard]] JournalPosition stored() const noexcept { return session_.checkpoint(); }

 private:
  [[nodiscard]] sinks::postgres::Work work() noexcept;
  [[nodiscard]] sinks::postgres::Reply ask(Database& database, const sinks::postgres::Request& request,
                                           const Network& network, Random& random);
  void hear(Database& database, Random& random);

  std::string folder_;
  Operations operations_;
  JournalWriter journal_;
  JournalPosition recovered_;
  app::Config config_;
  std::shared_ptr<const RowCatalog> catalog_;
  SpscRing<JournalMark> marks_;
  SpscRing<MarketEvent> events_;
  SpscRing<Row> rows_;
  SpscRing<Update> updates_;
  feeds::Poller poller_;
  std::unique_ptr<Parser> parser_;
  std::unique_ptr<Kernels> kernels_;
  std::unique_ptr<Cache> cache_;
  sinks::postgres::RowCollector collector_;
  sinks::postgres::Session session_;
  int connection_ = 0;
  std::optional<sinks::postgres::Request> request_;  // whose answer has not been heard yet
  sinks::postgres::Reply reply_;
  Nanos waited_ns_ = 0;
  End end_ = End::none;
};

}  // namespace tapeline::simulation
