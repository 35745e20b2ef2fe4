#include "bench/core/indicators/trio/scenario.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace tapeline::bench::trio {
namespace {

bool near(double actual, long double expected, double tolerance) {
  return std::abs(static_cast<long double>(actual) - expected) <= tolerance;  // false for not-a-number
}

}  // namespace

const std::vector<std::int64_t>& closes() {
  static const std::vector<std::int64_t> made = [] {
    std::mt19937_64 random(7);
    std::vector<std::int64_t> walk;
    std::int64_t price = 9'700'000;
    for (std::size_t i = 0; i < closes_count; ++i) {
      price = std::clamp<std::int64_t>(price + static_cast<std::int64_t>(random() % 40'001) - 20'000, 5'000'000,
                                       20'000'000);
      walk.push_back(price);
    }
    return walk;
  }();
  return made;
}

const std::vector<double>& prices() {
  static const std::vector<double> made = [] {
    std::vector<double> in_prices;
    for (const std::int64_t close : closes()) in_prices.push_back(static_cast<double>(close) / cents);
    return in_prices;
  }();
  return made;
}

const std::vector<std::uint32_t>& choices() {
  static const std::vector<std::uint32_t> made = [] {
    std::mt19937_64 random(11);
    std::vector<std::uint32_t> numbers(choices_count);
    for (std::uint32_t& number : numbers) number = static_cast<std::uint32_t>(random() % many_series);
    return numbers;
  }();
  return made;
}

bool are_right(const std::vector<Values>& values, const Definition& definition) {
  const std::span<const double> series = definition.prices;
  const std::size_t length = definition.sma_closes;
  long double gain = 0, loss = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const long double change = static_cast<long double>(series[i]) - series[i - 1];
    const long double new_gain = std::max(change, 0.0L), new_loss = std::max(-change, 0.0L);
    const long double share = static_cast<long double>(std::min(i, definition.rsi_closes));
    gain += (new_gain - gain) / share;  // the mean of the first N, then Wilder's
    loss += (new_loss - loss) / share;
    if (i < definition.first) continue;
    long double sum = 0, squares = 0;
    for (std::size_t k = i + 1 - length; k <= i; ++k) sum += series[k];
    const long double mean = sum / static_cast<long double>(length);
    for (std::size_t k = i + 1 - length; k <= i; ++k) squares += (series[k] - mean) * (series[k] - mean);
    const long double reach = width * std::sqrt(squares / static_cast<long double>(length));
    const Values& value = values[i];
    if (!near(value.rsi, 100 * gain / (gain + loss), definition.rsi_tolerance) || !near(value.sma, mean, 1e-6) ||
        !near(value.upper, mean + reach, 1e-3) || !near(value.lower, mean - reach, 1e-3)) {
      return false;
    }
  }
  return true;
}

}  // namespace tapeline::bench::trio
