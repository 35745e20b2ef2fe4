// Ours: filled in place, published a batch at a time, read in place.
#include "bench/core/ring/scenario.hpp"
#include "core/ring/spsc_ring.hpp"

namespace tapeline::bench::ring {
namespace {

template <class Message>
class Tapeline {
 public:
  explicit Tapeline(std::size_t capacity) : ring_(capacity) {}

  template <class Fill>
  void send(std::uint64_t count, Fill fill) {
    for (std::uint64_t sent = 0; sent < count;) {
      const auto slots = ring_.try_claim(std::min<std::uint64_t>(batch, count - sent));
      if (slots.empty()) {
        relax();
        continue;
      }
      for (Message& slot : slots) fill(slot, sent++);
      ring_.publish(slots.size());
    }
  }
  template <class Read>
  void receive(std::uint64_t count, Read read) {
    for (std::uint64_t received = 0; received < count;) {
      const auto ready = ring_.peek();
      if (ready.empty()) {
        relax();
        continue;
      }
      for (const Message& message : ready) read(message);
      ring_.release(ready.size());
      received += ready.size();
    }
  }

 private:
  SpscRing<Message> ring_;
};

const int registered = contend<Tapeline>("tapeline");

}  // namespace
}  // namespace tapeline::bench::ring
