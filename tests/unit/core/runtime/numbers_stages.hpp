// A source, a relay and a sink of numbers: the smallest pipeline there is.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "core/ring/spsc_ring.hpp"
#include "core/runtime/stage.hpp"

namespace tapeline::test {

class NumberSource final : public Stage {
 public:
  NumberSource(SpscRing<std::uint64_t>& out, std::uint64_t count) : out_(out), count_(count) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "source"; }
  std::size_t poll() noexcept override {
    if (next_ == count_) return 0;
    std::uint64_t* slot = out_.try_claim();
    if (slot == nullptr) return 0;
    *slot = next_++;
    out_.publish();
    return 1;
  }
  bool drained() noexcept override { return next_ == count_; }

 private:
  SpscRing<std::uint64_t>& out_;
  std::uint64_t count_;
  std::uint64_t next_ = 0;
};

class NumberRelay final : public Stage {
 public:
  NumberRelay(SpscRing<std::uint64_t>& in, SpscRing<std::uint64_t>& out) : in_(in), out_(out) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "relay"; }
  std::size_t poll() noexcept override {
    std::size_t done = 0;
    for (const std::uint64_t number : in_.peek()) {
      std::uint64_t* slot = out_.try_claim();
      if (slot == nullptr) break;
      *slot = number;
      out_.publish();
      ++done;
    }
    in_.release(done);
    return done;
  }
  bool drained() noexcept override { return in_.peek().empty(); }

 private:
  SpscRing<std::uint64_t>& in_;
  SpscRing<std::uint64_t>& out_;
};

class NumberSink final : public Stage {
 public:
  explicit NumberSink(SpscRing<std::uint64_t>& in, std::uint64_t stuck_at = std::numeric_limits<std::uint64_t>::max())
      : in_(in), stuck_at_(stuck_at) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "sink"; }
  std::size_t poll() noexcept override {
    std::size_t done = 0;
    for (const std::uint64_t number : in_.peek()) {
      if (number == stuck_at_) break;
      in_order = in_order && number == received;
      ++received;
      ++done;
    }
    in_.release(done);
    return done;
  }
  bool drained() noexcept override { return in_.peek().empty(); }

  std::uint64_t received = 0;
  bool in_order = true;

 private:
  SpscRing<std::uint64_t>& in_;
  std::uint64_t stuck_at_;
};

}  // namespace tapeline::test
