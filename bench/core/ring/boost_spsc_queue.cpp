// boost::lockfree::spsc_queue with its bulk calls: push of an array, consume_all.
#include <algorithm>
#include <array>

#include <boost/lockfree/spsc_queue.hpp>

#include "bench/core/ring/scenario.hpp"

namespace tapeline::bench::ring {
namespace {

template <class Message>
class BoostBulk {
 public:
  explicit BoostBulk(std::size_t capacity) : queue_(capacity) {}

  template <class Fill>
  void send(std::uint64_t count, Fill fill) {
    std::array<Message, batch> held;
    for (std::uint64_t sent = 0; sent < count;) {
      const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(batch, count - sent));
      for (std::size_t i = 0; i < wanted; ++i) fill(held[i], sent + i);
      for (std::size_t pushed = 0; pushed < wanted;) {
        const std::size_t now = queue_.push(held.data() + pushed, wanted - pushed);
        if (now == 0) relax();
        pushed += now;
      }
      sent += wanted;
    }
  }
  template <class Read>
  void receive(std::uint64_t count, Read read) {
    for (std::uint64_t received = 0; received < count;) {
      const std::size_t now = queue_.consume_all([&read](const Message& message) { read(message); });
      if (now == 0) relax();
      received += now;
    }
  }

 private:
  boost::lockfree::spsc_queue<Message> queue_;
};

const int registered = contend<BoostBulk>("boost_spsc_queue_bulk");

}  // namespace
}  // namespace tapeline::bench::ring
