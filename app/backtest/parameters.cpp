#include "app/backtest/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "app/config/nearest.hpp"

namespace tapeline::app {
namespace {

constexpr std::size_t values_max = 100'000;

/// Where a number stands in a configuration.
struct Place {
  std::string name;
  double min;
  double max;
  std::uint32_t* integer = nullptr;
  double* number = nullptr;
};

std::vector<Place> places_of(Config& config) {
  IndicatorsConfig& indicators = config.indicators;
  backtest::Config& backtest = config.backtest;
  constexpr double length_max = 100'000;
  std::vector<Place> places{
      {"rsi_length", 1, length_max, &indicators.rsi_length},
      {"sma_length", 1, length_max, &indicators.sma_length},
      {"bollinger_length", 2, length_max, &indicators.bollinger_length},
      {"volatility_length", 2, length_max, &indicators.volatility_length},
      {"bollinger_width", 0.01, 100, nullptr, &indicators.bollinger_width},
      {"rsi_buy_below", 0, 100, nullptr, &config.signals.rsi_buy_below},
      {"rsi_sell_above", 0, 100, nullptr, &config.signals.rsi_sell_above},
      {"fraction", 0.0001, 100, nullptr, &backtest.fraction},
      {"quantity", 0, 1e12, nullptr, &backtest.quantity},
      {"notional", 0, 1e15, nullptr, &backtest.notional},
      {"fee_bps", 0, 5'000, nullptr, &backtest.fee_bps},
      {"slippage_bps", 0, 5'000, nullptr, &backtest.slippage_bps},
      {"leverage_max", 0.01, 100, nullptr, &backtest.leverage_max},
  };
  for (IndicatorSpec& spec : indicators.custom) places.push_back({spec.name + ".length", 2, length_max, &spec.length});
  return places;
}

Place place_named(Config& config, std::string_view name) {
  std::vector<std::string> names;
  for (const Place& place : places_of(config)) {
    if (place.name == name) return place;
    names.push_back(place.name);
  }
  const std::string meant = nearest(std::string(name), names);
  throw std::invalid_argument(fmt::format("--sweep: there is no parameter {}{}; there are: {}", name,
                                          meant.empty() ? "" : ", did you mean " + meant + "?",
                                          fmt::join(names, ", ")));
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || next != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::vector<double> numbers_of(std::string_view text, char separator, std::string_view whole) {
  std::vector<double> numbers;
  for (std::size_t end = 0; end != std::string_view::npos;
       text.remove_prefix(end == std::string_view::npos ? 0 : end + 1)) {
    end = text.find(separator);
    const auto number = number_of(text.substr(0, end));
    if (!number) {
      throw std::invalid_argument(
          fmt::format("--sweep {}: write NAME=FIRST:LAST:STEP or NAME=A,B,C with numbers", whole));
    }
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

backtest::Parameter parse_parameter(std::string_view text, const Config& config) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    throw std::invalid_argument(fmt::format("--sweep {}: write NAME=FIRST:LAST:STEP or NAME=A,B,C", text));
  }
  Config copy = config;
  const Place place = place_named(copy, text.substr(0, equals));
  backtest::Parameter parameter{place.name, {}};
  const std::string_view range = text.substr(equals + 1);
  if (range.find(':') != std::string_view::npos) {
    const std::vector<double> bounds = numbers_of(range, ':', text);
    if (bounds.size() != 3 || !(bounds[2] > 0) || bounds[0] > bounds[1]) {
      throw std::invalid_argument(fmt::format("--sweep {}: write FIRST:LAST:STEP, upwards, with a step above 0", text));
    }
    const double steps = std::floor((bounds[1] - bounds[0]) / bounds[2] + 1e-9);
    if (!(steps < static_cast<double>(values_max))) {
      throw std::invalid_argument(fmt::format("--sweep {}: more than {} values; take a larger step", text, values_max));
    }
    // Rounded, so that 0.1 added ten times is 1.
    for (double i = 0; i <= steps; ++i) parameter.values.push_back(std::round((bounds[0] + i * bounds[2]) * 1e9) / 1e9);
  } else {
    parameter.values = numbers_of(range, ',', text);
  }
  for (const double value : parameter.values) {
    if (!(value >= place.min && value <= place.max)) {
      throw std::invalid_argument(
          fmt::format("--sweep {}: {} is not between {} and {}", text, value, place.min, place.max));
    }
    if (place.integer != nullptr && value != std::floor(value)) {
      throw std::invalid_argument(fmt::format("--sweep {}: {} is no whole number", text, value));
    }
  }
  return parameter;
}

Config with_parameters(Config config, const std::vector<backtest::Parameter>& parameters,
                       const std::vector<double>& values) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Place place = place_named(config, parameters[i].name);
    if (place.integer != nullptr) *place.integer = static_cast<std::uint32_t>(values[i]);
    if (place.number != nullptr) *place.number = values[i];
  }
  const SignalsConfig& signals = config.signals;
  if (signals.rsi_buy_below >= signals.rsi_sell_above) {
    throw std::invalid_argument(
        fmt::format("--sweep: rsi_buy_below {} is not below rsi_sell_above {}; choose values with "
                    "HOLD between them",
                    signals.rsi_buy_below, signals.rsi_sell_above));
  }
  return config;
}

}  // namespace tapeline::app
