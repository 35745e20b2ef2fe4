#include <CLI/CLI.hpp>

#include "app/commands/sim.hpp"

namespace tapeline::app {

void add_sim_options(CLI::App& command, SimOptions& options) {
  command.add_option("--listen", options.listen, "HOST:PORT to serve on; port 0 lets the system choose")
      ->capture_default_str();
  auto* certificate =
      command.add_option("--tls-cert", options.tls_certificate_file, "PEM certificate: serve https and wss");
  auto* key = command.add_option("--tls-key", options.tls_key_file, "PEM key of the certificate");
  certificate->needs(key);
  key->needs(certificate);
  command.add_option("--seed", options.seed, "the same seed gives the same market")->capture_default_str();
  command.add_option("--rate", options.rate, "trades per second over all symbols")->capture_default_str();
  command.add_option("--volatility", options.volatility, "multiple of the demo's lively market")->capture_default_str();
  command.add_option("--sessions", options.sessions, "when equities trade")
      ->check(CLI::IsMember({"always", "new-york"}))
      ->capture_default_str();
  command.add_option(
      "--symbol", options.symbols,
      "NAME:crypto|equity:PRICE:DECIMALS[:WEIGHT], repeatable; default: BTC, ETH, SOL, DOGE, AAPL, GOOGL, "
      "IBM, MSFT");
  command.add_option("--respond", options.responses,
                     "PATH?QUERY=FILE[@STATUS[;retry-after=SECONDS]]: answer with the bytes of a file, repeatable");
  auto* recording =
      command.add_option("--recording", options.recordings,
                         "play recordings (lines '<receive ns> <payload>', plain or gzip) over every WebSocket");
  command.add_option("--source", options.recording_source, "whose recordings they are")
      ->check(CLI::IsMember({"binance"}))
      ->needs(recording)
      ->capture_default_str();
  auto* speed = command.add_option("--speed", options.speed, "multiple of the recorded pace")
                    ->needs(recording)
                    ->capture_default_str();
  command.add_flag("--max", options.as_fast_as_read, "play as fast as the client reads")
      ->needs(recording)
      ->excludes(speed);
  command.add_option("--messages", options.messages, "close each WebSocket politely after so many messages");
  command.add_option("--drop-connection-every", options.drop_connection_every,
                     "cut each WebSocket after so many messages");
  command.add_option("--silent-after", options.silent_after, "say nothing more on a WebSocket after so many messages");
}

}  // namespace tapeline::app
