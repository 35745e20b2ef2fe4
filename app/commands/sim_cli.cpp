#include <CLI/CLI.hpp>

#include "app/commands/sim.hpp"
#include "feeds/simulator/rest_faults.hpp"

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
  command.add_option(
      "--rest-fault", options.rest_faults,
      "KIND[@EVERY][;retry-after=SECONDS], repeatable: every so many replies to what is polled is bad, as the "
      "sources do it. KIND: " +
          feeds::simulator::rest_fault_kinds());
  command.add_flag("--gzip", options.packs_replies, "pack replies for clients that take gzip");
  command
      .add_flag("--cut-tls", options.cuts_tls,
                "end every connection in its handshake; for a wrong certificate give --tls-cert one that is expired, "
                "self-signed or of another host")
      ->needs(certificate);
  auto* recording =
      command.add_option("--recording", options.recordings,
                         "play recordings (lines '<receive ns> <payload>', plain or gzip) over every WebSocket");
  command.add_option("--source", options.recording_source, "whose recordings they are")
      ->check(CLI::IsMember({"binance", "coinbase", "kraken"}))
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
  command.add_option("--duplicate-every", options.duplicate_every, "send every so manyth message twice");
  command.add_option("--swap-every", options.swap_every, "send every so manyth message behind its successor");
  command.add_option("--lose-every", options.lose_every,
                     "do not send every so manyth message: only REST has its trade");
  command.add_option("--fragment", options.fragment_bytes, "send messages in fragments of so many bytes");
  command.add_flag("--deflate", options.deflates_messages,
                   "compress messages for clients that offer permessage-deflate, each by itself");
  command.add_option("--lifetime", options.lifetime_s,
                     "announce the end of each WebSocket after so many seconds, and close it");
  command.add_option("--clock-ahead", options.clock_ahead_ms, "milliseconds that the exchange's clock is ahead");
  auto* broadcast = command
                        .add_flag("--broadcast", options.broadcasts_recording,
                                  "play the recording once, from the first client on: who is away misses what is sent, "
                                  "and REST has its trades")
                        ->needs(recording);
  command.add_option("--cuts", options.cuts, "cut all connections so many times, at random messages")->needs(broadcast);
  command.add_option("--outage", options.outage_ms, "milliseconds that nobody is let in after a cut")->needs(broadcast);
}

}  // namespace tapeline::app
