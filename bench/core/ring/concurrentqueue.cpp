// moodycamel::ConcurrentQueue with tokens and bulk calls: what many producers would take.
#include <algorithm>
#include <array>

#include <concurrentqueue.h>

#include "bench/core/ring/scenario.hpp"

namespace tapeline::bench::ring {
namespace {

template <class Message>
class ManyProducers {
 public:
  explicit ManyProducers(std::size_t capacity) : queue_(capacity), producer_(queue_), consumer_(queue_) {}

  template <class Fill>
  void send(std::uint64_t count, Fill fill) {
    std::array<Message, batch> held;
    for (std::uint64_t sent = 0; sent < count;) {
      const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(batch, count - sent));
      for (std::size_t i = 0; i < wanted; ++i) fill(held[i], sent + i);
      while (!queue_.try_enqueue_bulk(producer_, held.data(), wanted)) relax();
      sent += wanted;
    }
  }
  template <class Read>
  void receive(std::uint64_t count, Read read) {
    std::array<Message, batch> held;
    for (std::uint64_t received = 0; received < count;) {
      const std::size_t now = queue_.try_dequeue_bulk(consumer_, held.data(), batch);
      if (now == 0) relax();
      for (std::size_t i = 0; i < now; ++i) read(held[i]);
      received += now;
    }
  }

 private:
  moodycamel::ConcurrentQueue<Message> queue_;
  moodycamel::ProducerToken producer_;
  moodycamel::ConsumerToken consumer_;
};

const int registered = contend<ManyProducers>("concurrentqueue_bulk");

}  // namespace
}  // namespace tapeline::bench::ring
