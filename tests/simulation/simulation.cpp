#include "tests/simulation/simulation.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>

#include "app/config/config.hpp"
#include "core/journal/journal_survey.hpp"
#include "tests/simulation/process.hpp"

namespace tapeline::simulation {
namespace {

constexpr std::uint64_t trades = 400;
constexpr std::array<const char*, 2> symbols{"SIMAUSDT", "SIMBUSDT"};
constexpr int steps_to_drain = 200'000;

app::Config make_config() {
  app::Config config;
  config.bars.intervals_s = {1, 2};
  config.bars.quiet_grace_ms = 3'600'000;
  config.quality.silence_factor = 0;
  config.quality.stale_event_ms = 0;
  config.quality.ahead_ms = 0;
  config.rules = {{.name = "move", .when = "abs(change_pct) >= 0.02", .cooldown_s = 0}};
  return config;
}

/// Trade `sequence` of the tape: a function of it alone, so that a source can be asked again.
std::string payload(std::uint64_t sequence) {
  std::array<char, 256> text{};
  const std::uint64_t mixed = sequence * 2'654'435'761U % 9'973;
  const auto event_ms = static_cast<unsigned long long>(1'800'000'000'000 + sequence * 80);
  const int written = std::snprintf(
      text.data(), text.size(),
      "{\"stream\":\"x@trade\",\"data\":{\"e\":\"trade\",\"E\":%llu,\"s\":\"%s\",\"t\":%llu,\"p\":\"%llu.%02llu\","
      "\"q\":"
      "\"0.%05llu\",\"T\":%llu,\"m\":%s,\"M\":true}}",
      event_ms, symbols[sequence % symbols.size()], static_cast<unsigned long long>(sequence / symbols.size() + 1),
      static_cast<unsigned long long>(5'000 + mixed % 37), static_cast<unsigned long long>(mixed % 100),
      static_cast<unsigned long long>(mixed + 1), event_ms, mixed % 2 == 0 ? "true" : "false");
  return {text.data(), static_cast<std::size_t>(written)};
}

class Run {
 public:
  explicit Run(std::uint64_t seed)
      : random_(seed * 0x9e3779b97f4a7c15ULL + 1), database_(chance(random_, 25)), config_(make_config()) {
    is_noisy_ = chance(random_, 60);
    network_ =
        is_noisy_ ? Process::Network{static_cast<unsigned>(below(random_, 6)), static_cast<unsigned>(below(random_, 4))}
                  : Process::Network{};
  }

  Verdict go() {
    try {
      start(host_.folder() + "/a");
      std::uint64_t faults_left = below(random_, 9);
      while (!verdict_.is_refused && next_ < trades) {
        step();
        if (faults_left > 0 && chance(random_, 1)) {
          --faults_left;
          ++verdict_.faults;
          harm();
        }
      }
      heal();
      if (!verdict_.is_refused) finish();
      if (!verdict_.is_refused) compare();
    } catch (const std::exception& problem) {
      differ(std::string("thrown: ") + problem.what());
    }
    return verdict_;
  }

 private:
  void note(const std::string& what) { verdict_.events.push_back("at trade " + std::to_string(next_) + ": " + what); }
  void differ(std::string what) { verdict_.differences.push_back(std::move(what)); }
  void pass(Nanos duration_ns) {
    host_.pass(duration_ns);
    database_.advance(steady_now_ns());
  }

  // -- the process

  void start(const std::string& folder) {
    for (int tries = 0; tries < 100; ++tries) {
      process_ = std::make_unique<Process>(config_, folder, alerts_, random_);
      ++starts_;
      if (process_->journal().end_position() < synced_) differ("the journal has lost what it had synced");
      const bool is_open = process_->open(database_, random_);
      pass(process_->take_waited());
      if (is_open) {
        verdict_.is_refused = process_->is_behind_database();
        if (verdict_.is_refused && !power_was_cut_) differ("the database is ahead of the journal");
        next_ = journaled(folder);
        note("started: journal up to " + std::to_string(process_->journal().end_position()) + ", stored up to " +
             std::to_string(process_->stored()));
        return;
      }
      process_.reset();
      pass(nanos_per_second);
      if (chance(random_, 30)) heal();
    }
    throw std::runtime_error("the process does not start");
  }

  /// The source goes on behind the last trade in the journal.
  std::uint64_t journaled(const std::string& folder) const {
    const JournalExtent extent = survey_journal(folder);
    JournalReader reader(extent.config);
    reader.seek(extent.first_position);
    std::uint64_t count = 0;
    for (Frame frame; reader.next(extent.end_position, frame);) count += frame.kind == FrameKind::data ? 1 : 0;
    return count;
  }

  void kill() {
    process_->leave(database_, random_);
    process_.reset();
  }

  void step() {
    switch (below(random_, 12)) {
      case 0:
      case 1: receive(*process_); break;
      case 2: pass(static_cast<Nanos>(below(random_, 40)) * nanos_per_millisecond); break;
      case 3:
      case 4:
      case 5:
        process_->step_session(database_, network_, random_);
        pass(process_->take_waited());
        break;
      case 6:
        if (chance(random_, 10) && process_->journal().sync() && starts_ == 1)
          synced_ = process_->journal().end_position();
        break;
      default: process_->poll_stage(below(random_, Process::stages));
    }
    if (zombie_) step_zombie();
    if (process_->end() != Process::End::none) replace_ended();
  }

  void receive(Process& process) {
    for (std::uint64_t burst = 1 + below(random_, 3); burst > 0 && next_ < trades; --burst)
      process.receive(payload(next_++));
  }

  void replace_ended() {
    const bool is_fenced = process_->end() == Process::End::fenced;
    const std::string folder = process_->folder();
    kill();
    if (!is_fenced) {
      note("made anew after a rollback");
      return start(folder);
    }
    if (other_folder_.empty()) throw std::runtime_error("fenced, and there is no other process");
    // The other one has moved the checkpoint: its journal is the one that counts.
    note("fenced; stored " + std::to_string(database_.position()));
    synced_ = 0;
    if (zombie_) {
      process_ = std::move(zombie_);
      next_ = journaled(process_->folder());
      other_folder_ = folder;
      return;
    }
    start(std::exchange(other_folder_, folder));
  }

  void step_zombie() {
    zombie_->poll_stage(below(random_, Process::stages));
    zombie_->step_session(database_, network_, random_);
    pass(zombie_->take_waited());
    if (zombie_->end() == Process::End::none && (zombie_left_ == 0 || --zombie_left_ > 0)) return;
    zombie_->leave(database_, random_);
    zombie_.reset();
  }

  // -- faults

  void harm() {
    switch (below(random_, 10)) {
      case 0:
      case 1: {
        note("kill -9");
        const std::string folder = process_->folder();
        kill();
        if (chance(random_, 50)) pass(static_cast<Nanos>(below(random_, 3'000)) * nanos_per_millisecond);
        return start(folder);
      }
      case 2: {
        if (!other_folder_.empty()) return;  // see replace_living()
        note("power cut");
        power_was_cut_ = told_too_early_ = true;
        const std::string folder = process_->folder();
        kill();
        host_.cut_power(folder, random_);
        return start(folder);
      }
      case 3: note("database crash"); return database_.crash(random_);
      case 4:
        note("failover");
        told_too_early_ = true;
        return database_.fail_over(below(random_, 6));
      case 5: note("database refuses"); return database_.refuse(chance(random_, 50) ? "25006" : "53100");
      case 6: note("database accepts"); return database_.refuse({});
      case 7:
        note("redis");
        alerts_.is_away = !alerts_.is_away;
        alerts_.taken_at_most = chance(random_, 50) ? 1 : 1'000;
        return;
      case 8:
        note("wall clock steps");
        return host_.step_wall_clock((chance(random_, 50) ? 1 : -1) * 1'800 * nanos_per_second);
      default: return replace_living();
    }
  }

  /// It stands still and is taken for dead; another process goes on with a copy of its journal, and then it wakes up.
  void replace_living() {
    // The checkpoint tells journals apart by how far they are. Where two differ and are equally far, it cannot: so the one
    // that is replaced receives nothing more, and neither loses its end in a power cut.
    if (power_was_cut_ || !other_folder_.empty()) return;
    note("stopped, replaced, and woken up");
    told_too_early_ = true;  // it may tell of what it had received, before it learns that it was replaced
    synced_ = 0;
    zombie_ = std::move(process_);
    zombie_left_ = 20 + static_cast<int>(below(random_, 200));
    other_folder_ = zombie_->folder();
    host_.copy(zombie_->folder(), host_.folder() + "/b");
    start(host_.folder() + "/b");
  }

  void heal() {
    network_ = {};
    database_.refuse({});
    alerts_.is_away = false;
    alerts_.taken_at_most = 1'000;
  }

  // -- the end

  void finish() {
    for (int i = 0; i < steps_to_drain; ++i) {
      for (std::size_t stage = 0; stage < Process::stages; ++stage) process_->poll_stage(stage);
      process_->step_session(database_, network_, random_);
      pass(process_->take_waited() + 5 * nanos_per_millisecond);
      if (zombie_) step_zombie();
      if (process_->end() != Process::End::none) replace_ended();
      if (verdict_.is_refused) return;
      while (next_ < trades) process_->receive(payload(next_++));
      if (!zombie_ && process_->is_drained(process_->journal().end_position()) &&
          process_->stored() == database_.position())
        return;
    }
    differ("it does not come to its end: stored up to " + std::to_string(process_->stored()) + " of " +
           std::to_string(process_->journal().end_position()));
  }

  void compare() {
    const std::string folder = process_->folder();
    const std::vector<Database::StoredRow> stored = database_.rows();
    kill();
    const std::set<std::string> told = alerts_.ids;
    // The truth: the same journal, and nothing happens to it.
    Database fresh(database_.refuses_some_trades());
    Alerts fresh_alerts;
    Process truth(config_, folder, fresh_alerts, random_);
    if (!truth.open(fresh, random_)) throw std::runtime_error("the truth cannot be had");
    truth.play();
    for (int i = 0; i < steps_to_drain && !truth.is_drained(truth.recovered()); ++i) {
      for (std::size_t stage = 1; stage < Process::stages; ++stage) truth.poll_stage(stage);
      truth.step_session(fresh, {}, random_);
      host_.pass(5 * nanos_per_millisecond);
    }
    const std::vector<Database::StoredRow> expected = fresh.rows();
    verdict_.rows = stored.size();
    report("are missing", expected, stored);
    report("are too many", stored, expected);
    compare_trades(stored);
    compare_alerts(stored, told);
  }

  void report(const char* what, const std::vector<Database::StoredRow>& these,
              const std::vector<Database::StoredRow>& others) {
    std::vector<Database::StoredRow> only;
    std::set_difference(these.begin(), these.end(), others.begin(), others.end(), std::back_inserter(only));
    if (only.empty()) return;
    differ(std::to_string(only.size()) + " rows " + what + ", of " + only.front().table);
  }

  void compare_trades(const std::vector<Database::StoredRow>& stored) {
    const auto count = std::count_if(stored.begin(), stored.end(), [](const Database::StoredRow& row) {
      return row.table == "tick" || (row.table == "quarantined_row" && row.fields.starts_with("tick "));
    });
    if (static_cast<std::uint64_t>(count) != trades)
      differ(std::to_string(count) + " of " + std::to_string(trades) + " trades are there");
  }

  void compare_alerts(const std::vector<Database::StoredRow>& stored, const std::set<std::string>& told) {
    std::set<std::string> fired;
    for (const Database::StoredRow& row : stored) {
      if (row.table == "fact_alert") fired.insert(field(row.fields, 0));
    }
    const bool is_right =
        told_too_early_ ? std::includes(told.begin(), told.end(), fired.begin(), fired.end()) : told == fired;
    if (!is_right)
      differ(std::to_string(fired.size()) + " alerts are stored, " + std::to_string(told.size()) + " were told");
  }

  Random random_;
  Host host_;
  Database database_;
  Alerts alerts_;
  app::Config config_;
  Process::Network network_;
  bool is_noisy_ = false;
  std::unique_ptr<Process> process_;
  std::unique_ptr<Process> zombie_;
  int zombie_left_ = 0;
  std::string other_folder_;  // of the process that was replaced, or has replaced
  std::uint64_t next_ = 0;    // trade of the tape that comes next
  JournalPosition synced_ = 0;
  int starts_ = 0;
  bool power_was_cut_ = false;
  bool told_too_early_ = false;  // Redis may have alerts of frames that are in no journal any more
  Verdict verdict_;
};

}  // namespace

Verdict simulate(std::uint64_t seed) { return Run(seed).go(); }

}  // namespace tapeline::simulation
