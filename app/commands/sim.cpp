#include "app/commands/sim.hpp"

#include <exception>
#include <ostream>
#include <thread>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "feeds/simulator/server.hpp"

namespace tapeline::app {
namespace {

namespace simulator = feeds::simulator;

simulator::SimulatorOptions to_simulator(const SimOptions& options) {
  simulator::SimulatorOptions out;
  out.listen = options.listen;
  out.tls_certificate_file = options.tls_certificate_file;
  out.tls_key_file = options.tls_key_file;
  out.seed = options.seed;
  out.rate = options.rate;
  out.volatility = options.volatility;
  out.equity_session = options.sessions == "new-york" ? simulator::Session::new_york : simulator::Session::always;
  if (!options.symbols.empty()) {
    out.symbols.clear();
    for (const std::string& text : options.symbols) out.symbols.push_back(simulator::parse_symbol(text));
  }
  for (const std::string& text : options.responses) out.canned.push_back(simulator::parse_canned_response(text));
  for (const std::string& text : options.rest_faults) out.rest_faults.push_back(simulator::parse_rest_fault(text));
  out.packs_replies = options.packs_replies;
  out.cuts_tls = options.cuts_tls;
  out.recordings = options.recordings;
  out.recording_pacing = options.as_fast_as_read ? simulator::Pacing::fastest : simulator::Pacing::original;
  out.recording_speed = options.speed;
  out.messages_max = options.messages;
  out.drop_connection_every = options.drop_connection_every;
  out.silent_after = options.silent_after;
  out.duplicate_every = options.duplicate_every;
  out.swap_every = options.swap_every;
  out.lose_every = options.lose_every;
  out.fragment_bytes = options.fragment_bytes;
  out.deflates_messages = options.deflates_messages;
  out.lifetime_s = options.lifetime_s;
  out.clock_ahead_ms = options.clock_ahead_ms;
  out.broadcasts_recording = options.broadcasts_recording;
  out.cuts = options.cuts;
  out.outage_ms = options.outage_ms;
  return out;
}

/// SIGINT and SIGTERM wait to be fetched, as long as this lives.
class FetchedSignals {
 public:
  FetchedSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  /// A second Ctrl-C, or the TERM that a script sends after it, must not turn a clean end into a kill.
  ~FetchedSignals() {
    const timespec at_once{};
    while (sigtimedwait(&signals_, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  FetchedSignals(const FetchedSignals&) = delete;
  FetchedSignals& operator=(const FetchedSignals&) = delete;

  void wait() const {
    int number = 0;
    sigwait(&signals_, &number);
  }

 private:
  sigset_t signals_{};
  sigset_t before_{};
};

void print_counters(std::ostream& out, const simulator::SimulatorCounters& counters) {
  out << "tapeline sim: " << counters.connections << " connections, " << counters.http_requests << " requests ("
      << counters.canned_responses << " canned), " << counters.websockets << " WebSockets, " << counters.market_messages
      << " messages, " << counters.deflated_messages << " deflated, " << counters.control_requests
      << " control requests, " << counters.bytes_sent << " bytes sent, " << counters.slow_clients_dropped
      << " slow clients and " << counters.connections_dropped << " connections dropped\n"
      << std::flush;
}

}  // namespace

int run_sim(const SimOptions& options, std::ostream& out, std::ostream& err) {
  try {
    const FetchedSignals signals;
    simulator::Simulator server(to_simulator(options));
    const char* secure = options.tls_certificate_file.empty() ? "" : "s";
    out << "tapeline sim: listening on http" << secure << "://" << server.address() << " and ws" << secure << "://"
        << server.address() << '\n'
        << std::flush;
    std::thread serving([&] { server.run(); });
    signals.wait();
    server.stop();
    serving.join();
    print_counters(out, server.counters());
    return 0;
  } catch (const std::exception& problem) {
    err << "tapeline sim: " << problem.what() << '\n';
    return 2;
  }
}

}  // namespace tapeline::app
