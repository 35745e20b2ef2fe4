// The kernels of whole bars that must keep the laws, made and read in one way.
#pragma once

#include "core/indicators/atr.hpp"
#include "core/indicators/change_session.hpp"
#include "core/indicators/change_since.hpp"
#include "core/indicators/volume_zscore.hpp"
#include "core/indicators/vwap.hpp"
#include "tests/conformance/kernels/members.hpp"

namespace tapeline::conformance {

template <>
struct Member<Atr> {
  static constexpr std::uint32_t length_min = Atr::length_min;
  static Atr make(std::uint32_t length) { return Atr(length); }
  static std::vector<Number> read(double value) { return {{value, true}}; }
};
template <>
struct Member<Vwap> {
  static constexpr std::uint32_t length_min = 1;  // it has no length
  static Vwap make(std::uint32_t) { return {}; }
  static std::vector<Number> read(double value) { return {{value, true}}; }
};
template <>
struct Member<ChangeSince> {
  static constexpr std::uint32_t length_min = 1;
  /// Since `length` hours ago.
  static ChangeSince make(std::uint32_t length) {
    return ChangeSince({.horizon_ns = Nanos{length} * 3'600 * nanos_per_second,
                        .stale_ns = 0,
                        .interval_ns = 3'600 * nanos_per_second});
  }
  static std::vector<Number> read(const PriceChange& change) { return numbers(change); }
};
template <>
struct Member<ChangeSession> {
  static constexpr std::uint32_t length_min = 1;  // it has no length
  static ChangeSession make(std::uint32_t) { return {}; }
  static std::vector<Number> read(const PriceChange& change) { return numbers(change); }
};
template <>
struct Member<VolumeZScore> {
  static constexpr std::uint32_t length_min = VolumeZScore::length_min;
  static VolumeZScore make(std::uint32_t length) { return VolumeZScore(length); }
  static std::vector<Number> read(double value) { return {{value, false}}; }
};

}  // namespace tapeline::conformance
