// Options of the Alpha Vantage feed.
#pragma once

#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "feeds/source.hpp"

namespace tapeline::feeds::alpha_vantage {

enum class Function { global_quote, intraday, daily };
enum class Format { json, csv };

struct Config {
  bool enabled = false;
  std::string base_url = "https://www.alphavantage.co";
  Secret api_key;  // required when enabled
  std::vector<Subscription> symbols;
  Function function = Function::global_quote;
  Format format = Format::json;
  int interval_minutes = 5;        // of intraday bars: 1, 5, 15, 30 or 60
  int poll_seconds = 300;          // least time between two requests for a symbol
  int requests_per_day = 25;       // in any 24 hours; 0: no limit
  int request_spacing_ms = 1'500;  // the source refuses more than one request a second
  int lateness_ms = 0;             // for polled prices: event times of one source never step back
};

}  // namespace tapeline::feeds::alpha_vantage
