// A state that went to bytes and came back, for the law that nothing is lost on the way.
#pragma once

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/state_archive.hpp"

namespace tapeline::conformance {

template <class State>
std::vector<std::byte> saved(State& state) {
  std::vector<std::byte> bytes;
  StateWriter writer([&](std::span<const std::byte> piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  writer(state);
  writer.flush();
  return bytes;
}

/// `state` in the place of `other`, which has been made with the same options, whatever it has seen.
template <class State>
State restored(State& state, State other) {
  const std::vector<std::byte> bytes = saved(state);
  StateReader reader(bytes);
  reader(other);
  EXPECT_TRUE(reader.finished());
  return other;
}

/// Whatever is cut off is missed.
template <class State>
void expect_cuts_are_found(State& state, const State& fresh) {
  const std::vector<std::byte> bytes = saved(state);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    State other = fresh;
    StateReader reader(std::span<const std::byte>(bytes).first(size));
    reader(other);
    ASSERT_FALSE(reader.finished()) << size << " of " << bytes.size() << " bytes";
  }
}

}  // namespace tapeline::conformance
