#include "app/config/bind_custom.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include <fmt/format.h>

#include "app/config/bind_intervals.hpp"
#include "core/bars/custom_indicators.hpp"
#include "core/indicators/kernel.hpp"
#include "core/signals/rules/fields.hpp"

namespace tapeline::app {
namespace {

/// Letters, digits and _, so that a rule can read it.
bool is_field_name(const std::string& name) {
  return !name.empty() && name.size() <= 48 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

IndicatorSpec bind_one(Section& section, const std::string& name, const BarsConfig& bars) {
  IndicatorSpec spec;
  spec.name = name;
  if (!section.has("kind")) section.complain("kind", "is missing; write one such as kind = \"ema\"");
  section.word("kind", spec.kind,
               {{"sma", IndicatorKind::sma},
                {"ema", IndicatorKind::ema},
                {"rsi", IndicatorKind::rsi},
                {"bollinger", IndicatorKind::bollinger},
                {"macd", IndicatorKind::macd},
                {"atr", IndicatorKind::atr},
                {"vwap", IndicatorKind::vwap},
                {"volatility", IndicatorKind::volatility},
                {"change_24h", IndicatorKind::change_24h},
                {"change_session", IndicatorKind::change_session},
                {"volume_zscore", IndicatorKind::volume_zscore}});
  section.integer("length", spec.length, 1, indicator_length_max);
  section.integer("fast", spec.fast, 1, indicator_length_max);
  section.integer("slow", spec.slow, 1, indicator_length_max);
  section.integer("signal", spec.signal, 1, indicator_length_max);
  section.number("width", spec.width, 0.01, 100);
  section.word("flat_rsi", spec.flat_rsi,
               {{"null", FlatRsi::undefined}, {"0", FlatRsi::zero}, {"50", FlatRsi::fifty}, {"100", FlatRsi::hundred}});
  section.word("sigma", spec.sigma, {{"population", Sigma::population}, {"sample", Sigma::sample}});
  section.integer("stale_after_s", spec.stale_after_s, 0, 86'400);
  bind_intervals_of(section, bars, spec.intervals_s);
  return spec;
}

/// What the kernels say of the options; empty when they take them.
std::string problem_of(const IndicatorSpec& spec) {
  try {
    IndicatorSpec everywhere = spec;
    everywhere.intervals_s.clear();
    const CustomIndicators made(std::span(&everywhere, 1), 60, 1.0);
    return {};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

}  // namespace

void bind_custom_indicators(Section& section, const BarsConfig& bars, IndicatorsConfig& indicators, Reading& reading) {
  std::map<std::string, std::string> owners;  // of each output
  const FieldTable standard = bar_fields({});
  for (std::size_t i = 0; i < standard.size(); ++i) owners.emplace(standard[i].name, "a column of every bar");
  for (const std::string& name : section.named_tables()) {
    Section one(section.path_of(name), section.sub_table(name.c_str()), reading);
    IndicatorSpec spec = bind_one(one, name, bars);
    one.reject_unknown({});
    if (!is_field_name(name)) {
      section.complain(name, "is no name for an indicator; write a-z, 0-9 and _, the first a letter");
      continue;
    }
    if (const std::string problem = problem_of(spec); !problem.empty()) one.complain("kind", problem);
    for (const std::string& output : output_names(spec)) {
      const auto [at, is_new] = owners.emplace(output, "indicators.custom." + name);
      if (!is_new)
        section.complain(name, fmt::format("gives {}, which is {} already; name it otherwise", output, at->second));
    }
    indicators.custom.push_back(std::move(spec));
  }
  if (const std::size_t count = output_names(indicators.custom).size(); count > custom_outputs_max) {
    section.complain("", fmt::format("give {} values a bar, and {} fit; leave some out", count, custom_outputs_max));
  }
}

}  // namespace tapeline::app
