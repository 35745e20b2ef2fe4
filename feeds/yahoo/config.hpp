// Options of the Yahoo Finance feed (v8 chart, or the streamer; unofficial, keep it optional).
#pragma once

#include <string>
#include <vector>

#include "feeds/source.hpp"

namespace tapeline::feeds::yahoo {

enum class Mode {
  chart,    // bars, asked for
  streamer  // snapshots of prices, listened to
};

struct Config {
  bool enabled = false;
  Mode mode = Mode::chart;
  std::string base_url = "https://query1.finance.yahoo.com";
  std::string streamer_url = "wss://streamer.finance.yahoo.com";
  std::vector<Subscription> symbols;
  std::string interval = "1m";  // of the bars: 1m, 2m, 5m, 15m, 30m, 60m, 1h, 1d
  std::string range = "1d";
  std::string catch_up_range = "5d";  // asked for at first, and after an hour without an answer; empty: as ever
  int poll_seconds = 60;
  int request_spacing_ms = 1'000;
  int silence_timeout_ms = 300'000;  // of the streamer: at night nothing comes
  int lateness_ms = 0;
};

}  // namespace tapeline::feeds::yahoo
