// `tapeline sim`: the exchange simulator as a command.
//
// Output    One line when it listens, nothing more until SIGINT or SIGTERM, then one line of counters.
// Failure   Returns 2 with a line on `err` that says what to mend; 0 after a signal.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tapeline::app {

/// As the command line gives them; a field that stays empty keeps the simulator's default.
struct SimOptions {
  std::string listen = "127.0.0.1:0";
  std::string tls_certificate_file;
  std::string tls_key_file;
  std::uint64_t seed = 1;
  double rate = 200;
  double volatility = 1;
  std::string sessions = "always";       // of equities: always, new-york
  std::vector<std::string> symbols;      // NAME:crypto|equity:PRICE:DECIMALS[:WEIGHT]
  std::vector<std::string> responses;    // PATH?QUERY=FILE[@STATUS[;retry-after=SECONDS]]
  std::vector<std::string> rest_faults;  // KIND[@EVERY][;retry-after=SECONDS]
  bool packs_replies = false;
  bool cuts_tls = false;
  std::vector<std::string> recordings;
  std::string recording_source = "binance";
  double speed = 1;
  bool as_fast_as_read = false;
  std::optional<std::uint64_t> messages;
  std::optional<std::uint64_t> drop_connection_every;
  std::optional<std::uint64_t> silent_after;
  std::optional<std::uint64_t> duplicate_every;
  std::optional<std::uint64_t> swap_every;
  std::optional<std::uint64_t> lose_every;
  std::size_t fragment_bytes = 0;
  bool deflates_messages = false;
  int lifetime_s = 0;
  int clock_ahead_ms = 0;
  bool broadcasts_recording = false;
  std::uint64_t cuts = 0;
  int outage_ms = 0;
};

void add_sim_options(CLI::App& command, SimOptions& options);

/// Serves until SIGINT or SIGTERM. Precondition: no other thread of the process runs yet, so that the signals come
/// here.
int run_sim(const SimOptions& options, std::ostream& out, std::ostream& err);

}  // namespace tapeline::app
