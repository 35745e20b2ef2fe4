#include "core/backtest/sweep.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace tapeline::backtest {

std::vector<std::vector<double>> combinations(const std::vector<Parameter>& parameters) {
  std::vector<std::vector<double>> all(1);
  for (const Parameter& parameter : parameters) {
    std::vector<std::vector<double>> longer;
    for (const std::vector<double>& begun : all) {
      for (const double value : parameter.values) {
        longer.push_back(begun);
        longer.back().push_back(value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

void for_each_index(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& act) {
  std::atomic<std::size_t> next{0};
  std::mutex guard;
  std::exception_ptr failure;
  const auto work = [&] {
    // relaxed: the calls share nothing but their numbers; joining orders the rest.
    for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
         i = next.fetch_add(1, std::memory_order_relaxed)) {
      try {
        act(i);
      } catch (...) {
        const std::lock_guard lock(guard);
        if (!failure) failure = std::current_exception();
        next.store(count, std::memory_order_relaxed);
      }
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads && i < count; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

std::vector<Fold> folds_of(const Market& market, const Window& within, Nanos train_ns, Nanos test_ns) {
  Nanos first_ns = std::numeric_limits<Nanos>::max();
  Nanos last_ns = std::numeric_limits<Nanos>::min();
  for (const Bar& bar : market.bars) {
    if (!within.holds(bar)) continue;
    first_ns = std::min(first_ns, bar.start_ns);
    last_ns = std::max(last_ns, bar.end_ns);
  }
  std::vector<Fold> folds;
  if (first_ns > last_ns) return folds;
  for (Nanos test_from_ns = first_ns + train_ns; test_from_ns < last_ns; test_from_ns += test_ns) {
    folds.push_back(
        {{test_from_ns - train_ns, test_from_ns}, {test_from_ns, std::min(test_from_ns + test_ns, last_ns)}});
  }
  return folds;
}

}  // namespace tapeline::backtest
