// Two threads pass numbered messages through rings of many sizes, one by one and in batches. The argument names a
// memory order to weaken: with the thread sanitizer such a ring must be caught, which shows that the unweakened one is
// tested.
#include <array>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
#include <thread>

#include "core/ring/spsc_ring.hpp"

namespace {

using tapeline::RingOrder;
using tapeline::SpscRing;

struct WeakPublish : RingOrder {
  static constexpr std::memory_order publish = std::memory_order_relaxed;
};
struct WeakSeePublished : RingOrder {
  static constexpr std::memory_order see_published = std::memory_order_relaxed;
};
struct WeakRelease : RingOrder {
  static constexpr std::memory_order release = std::memory_order_relaxed;
};
struct WeakSeeReleased : RingOrder {
  static constexpr std::memory_order see_released = std::memory_order_relaxed;
};

struct Message {
  std::uint64_t number;
  std::array<std::uint64_t, 7> copies;
};

constexpr std::uint64_t message_count = 200'000;

/// Until `is_ready`. A while on the CPU first: where other processes want it too, each yield is a time slice of theirs.
template <class Condition>
void wait_until(Condition is_ready) {
  constexpr int looks_max = 2'000;
  for (int looks = 0; !is_ready(); ++looks) {
    if (looks >= looks_max) std::this_thread::yield();
  }
}

template <class Order>
void produce(SpscRing<Message, Order>& ring, std::size_t batch) {
  for (std::uint64_t next = 0; next < message_count;) {
    std::span<Message> slots;
    wait_until([&] { return !(slots = ring.try_claim(std::min<std::size_t>(batch, message_count - next))).empty(); });
    for (Message& slot : slots) {
      slot.number = next;
      slot.copies.fill(next);
      ++next;
    }
    ring.publish(slots.size());
  }
}

/// Messages that are not what was sent.
template <class Order>
std::uint64_t consume(SpscRing<Message, Order>& ring) {
  std::uint64_t wrong = 0;
  for (std::uint64_t next = 0; next < message_count;) {
    std::span<const Message> ready;
    wait_until([&] { return !(ready = ring.peek()).empty(); });
    for (const Message& message : ready) {
      bool is_right = message.number == next;
      for (const std::uint64_t copy : message.copies) is_right = is_right && copy == next;
      wrong += is_right ? 0 : 1;
      ++next;
    }
    ring.release(ready.size());
  }
  return wrong;
}

template <class Order>
std::uint64_t stress() {
  std::uint64_t wrong = 0;
  // Positions wrap around 2^64 in the middle of every run.
  constexpr std::uint64_t start = 0 - message_count / 2;
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{2}, std::size_t{16}, std::size_t{1'024}}) {
    for (const std::size_t batch : {std::size_t{1}, std::size_t{7}}) {
      SpscRing<Message, Order> ring(capacity, start);
      std::thread producer([&] { produce(ring, batch); });
      wrong += consume(ring);
      producer.join();
    }
  }
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mutant = argc > 1 ? argv[1] : "none";
  std::uint64_t wrong = 0;
  if (mutant == "none") {
    wrong = stress<RingOrder>();
  } else if (mutant == "publish") {
    wrong = stress<WeakPublish>();
  } else if (mutant == "see_published") {
    wrong = stress<WeakSeePublished>();
  } else if (mutant == "release") {
    wrong = stress<WeakRelease>();
  } else if (mutant == "see_released") {
    wrong = stress<WeakSeeReleased>();
  } else {
    std::fprintf(stderr, "ring_stress: no such order: %s\n", argv[1]);
    return 2;
  }
  std::printf("%llu messages wrong\n", static_cast<unsigned long long>(wrong));
  return wrong == 0 ? 0 : 1;
}
