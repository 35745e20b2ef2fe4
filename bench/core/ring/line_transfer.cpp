// The limit: the machine moves cache lines from one core to the other, with next to nothing around it.
//
// A buffer of as many lines as the rings have, in blocks; each block has a flag on a line of its own, which says whose
// turn it is. Nobody asks for a position, a wrap or a count: what is left is the transfer itself.
//
// Written in place, as the ring is, or copied there a block at a time. Where the two cores share a cache that is much the
// same. Where they do not, a store first fetches the line from the other core, to write over it; memcpy of some KiB is
// `rep movsb`, which takes a line over without its contents: docs/measurements.md.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

#include "bench/core/ring/scenario.hpp"

namespace tapeline::bench::ring {
namespace {

enum class Written { in_place, as_a_copy };

template <class Message, Written written>
class Transfer {
 public:
  explicit Transfer(std::size_t capacity)
      : lines_(std::make_unique<Message[]>(capacity)), blocks_(capacity / block), turns_(blocks_) {}

  template <class Fill>
  void send(std::uint64_t count, Fill fill) {
    for (std::uint64_t sent = 0; sent < count;) {
      Turn& turn = turns_[sending_];
      Message* const lines = &lines_[sending_ * block];
      const std::uint64_t here = std::min<std::uint64_t>(block, count - sent);
      while (turn.filled.load(std::memory_order_acquire) != 0) relax();
      if constexpr (written == Written::in_place) {
        for (std::uint64_t i = 0; i < here; ++i) fill(lines[i], sent + i);
      } else {
        for (std::uint64_t i = 0; i < here; ++i) fill(held_[i], sent + i);
        std::memcpy(lines, held_.data(), here * sizeof(Message));
      }
      turn.filled.store(here, std::memory_order_release);
      sent += here;
      sending_ = sending_ + 1 == blocks_ ? 0 : sending_ + 1;
    }
  }
  template <class Read>
  void receive(std::uint64_t count, Read read) {
    for (std::uint64_t received = 0; received < count;) {
      Turn& turn = turns_[receiving_];
      const Message* const lines = &lines_[receiving_ * block];
      std::uint64_t here = turn.filled.load(std::memory_order_acquire);
      for (; here == 0; here = turn.filled.load(std::memory_order_acquire)) relax();
      for (std::uint64_t i = 0; i < here; ++i) read(lines[i]);
      turn.filled.store(0, std::memory_order_release);
      received += here;
      receiving_ = receiving_ + 1 == blocks_ ? 0 : receiving_ + 1;
    }
  }

 private:
  static constexpr std::size_t block = 256;
  struct alignas(128) Turn {
    std::atomic<std::uint64_t> filled{0};
  };
  std::unique_ptr<Message[]> lines_;
  std::size_t blocks_;
  std::vector<Turn> turns_;
  alignas(128) std::array<Message, block> held_;
  std::size_t sending_ = 0;
  alignas(128) std::size_t receiving_ = 0;
};

template <class Message>
using InPlace = Transfer<Message, Written::in_place>;
template <class Message>
using AsACopy = Transfer<Message, Written::as_a_copy>;

const int registered = contend<InPlace>("limit_line_transfer") + contend<AsACopy>("limit_line_copy");

}  // namespace
}  // namespace tapeline::bench::ring
