// Many runs: every combination of parameters, over cores; and the windows of a walk-forward.
//
// Threads   for_each_index() starts some and joins them; what it calls must be safe to be called by several at once.
// Failure   The first exception of any call is thrown again, once all threads have ended.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/backtest/engine.hpp"

namespace tapeline::backtest {

struct Parameter {
  std::string name;
  std::vector<double> values;
};

/// One value of each parameter; the last parameter varies fastest. Without parameters: one empty combination.
[[nodiscard]] std::vector<std::vector<double>> combinations(const std::vector<Parameter>& parameters);

/// Calls act(0) .. act(count - 1), each once.
void for_each_index(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& act);

struct Fold {
  Window train;
  Window test;
};

/// Windows that follow each other; each test window begins where its training window and the test window before end.
/// The last one may be cut short by the end of the bars. Empty where the bars do not fill one training window.
[[nodiscard]] std::vector<Fold> folds_of(const Market& market, const Window& within, Nanos train_ns, Nanos test_ns);

}  // namespace tapeline::backtest
