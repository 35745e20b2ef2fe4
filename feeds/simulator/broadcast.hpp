// Plays recordings once, at their pace, to whoever is connected: who is away misses what was sent meanwhile.
//
// Ordering  Begins with the first client. The moments of the cuts are numbers of messages, by the seed alone.
#pragma once

#include <memory>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "feeds/simulator/connection.hpp"
#include "feeds/simulator/exchange.hpp"
#include "feeds/simulator/recording.hpp"

namespace tapeline::feeds::simulator {

class Broadcast {
 public:
  Broadcast(Exchange& exchange, const TapeClock& clock, boost::asio::io_context& io)
      : exchange_(exchange), clock_(clock), timer_(io) {}

  void start();
  void stop() noexcept { timer_.cancel(); }

 private:
  void play();
  void wait(Nanos wait_ns);
  void choose_cuts();

  Exchange& exchange_;
  const TapeClock& clock_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<RecordingReader> recording_;
  RecordedMessage message_;
  bool is_loaded_ = false;
  bool has_begun_ = false;
  Nanos first_receive_ns_ = 0;
  Nanos began_ns_ = 0;
  std::uint64_t sent_ = 0;
  std::set<std::uint64_t> cuts_;
  int cuts_due_ = 0;
};

}  // namespace tapeline::feeds::simulator
