// `tapeline symbols search TEXT`: what each source calls what somebody looks for.
//
// Output    A line for each symbol, or for what a source says instead; 0 when any source has found one, else 1.
#pragma once

#include <string>

namespace tapeline::app {

struct SymbolsOptions {
  std::string config_file;
  std::string text;
  std::string source;      // empty: all that need no key, and those that have one
  std::size_t limit = 10;  // for each source
};

int run_symbols_search(const SymbolsOptions& options);

}  // namespace tapeline::app
