// moodycamel::ReaderWriterQueue: one by one, read in place by peek() and pop().
#include <readerwriterqueue/readerwriterqueue.h>

#include "bench/core/ring/scenario.hpp"

namespace tapeline::bench::ring {
namespace {

template <class Message>
class Moodycamel {
 public:
  explicit Moodycamel(std::size_t capacity) : queue_(capacity) {}

  template <class Fill>
  void send(std::uint64_t count, Fill fill) {
    for (std::uint64_t i = 0; i < count; ++i) {
      Message message;
      fill(message, i);
      while (!queue_.try_enqueue(message)) relax();
    }
  }
  template <class Read>
  void receive(std::uint64_t count, Read read) {
    for (std::uint64_t received = 0; received < count;) {
      if (const Message* message = queue_.peek()) {
        read(*message);
        queue_.pop();
        ++received;
      } else {
        relax();
      }
    }
  }

 private:
  moodycamel::ReaderWriterQueue<Message> queue_;
};

const int registered = contend<Moodycamel>("readerwriterqueue");

}  // namespace
}  // namespace tapeline::bench::ring
