#include "core/quality/trade_sequence.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

using Seen = TradeSequence::Seen;

TEST(TradeSequence, TellsWhatEachIdIs) {
  TradeSequence sequence;
  EXPECT_EQ(sequence.add(100, 1), (Seen{TradeOrder::in_order, 0}));
  EXPECT_EQ(sequence.add(101, 1), (Seen{TradeOrder::in_order, 0}));
  EXPECT_EQ(sequence.add(105, 2), (Seen{TradeOrder::gap, 3}));
  EXPECT_EQ(sequence.missing(), 3U);
  EXPECT_EQ(sequence.add(105, 2), (Seen{TradeOrder::duplicate, 0}));
  EXPECT_EQ(sequence.add(103, 1), (Seen{TradeOrder::filled, 2}));
  EXPECT_EQ(sequence.add(103, 1), (Seen{TradeOrder::duplicate, 2}));
  EXPECT_EQ(sequence.missing(), 2U);
  EXPECT_EQ(sequence.add(99, 1), (Seen{TradeOrder::out_of_order, 6}));
  EXPECT_EQ(sequence.add(99, 1), (Seen{TradeOrder::duplicate, 6}));
  EXPECT_EQ(sequence.missing(), 2U);
  EXPECT_EQ(sequence.newest(), 105U);
}

TEST(TradeSequence, RemembersExactlyTheLastIds) {
  TradeSequence sequence;
  sequence.add(1, 1);
  const std::uint64_t newest = 1 + trade_ids_remembered;
  EXPECT_EQ(sequence.add(newest, 5), (Seen{TradeOrder::gap, trade_ids_remembered - 1}));
  EXPECT_EQ(sequence.add(2, 2).order, TradeOrder::filled);
  EXPECT_EQ(sequence.add(1, 1), (Seen{TradeOrder::old, trade_ids_remembered}));
  EXPECT_EQ(sequence.add(newest + 1, 5).order, TradeOrder::in_order);
  EXPECT_EQ(sequence.add(2, 2).order, TradeOrder::old);
}

TEST(TradeSequence, ForgetsAllBehindAJumpThatIsLongerThanItsMemory) {
  TradeSequence sequence;
  for (std::uint64_t id = 1; id <= 5'000; ++id) sequence.add(id, 1);
  const std::uint64_t far = 5'000 + 10 * trade_ids_remembered;
  EXPECT_EQ(sequence.add(far, 2), (Seen{TradeOrder::gap, 10 * trade_ids_remembered - 1}));
  for (std::uint64_t id = far - trade_ids_remembered + 1; id < far; ++id) {
    ASSERT_EQ(sequence.add(id, 2).order, TradeOrder::filled) << id;
  }
  EXPECT_EQ(sequence.missing(), 9 * trade_ids_remembered);
}

TEST(TradeSequence, BeginsAnewWhereASourceDoes) {
  TradeSequence sequence;
  sequence.add(1'000'000, 50);
  EXPECT_EQ(sequence.add(1, 50).order, TradeOrder::old);
  EXPECT_EQ(sequence.add(1, 51).order, TradeOrder::restarted);
  EXPECT_EQ(sequence.add(2, 51), (Seen{TradeOrder::in_order, 0}));
  EXPECT_EQ(sequence.add(1, 52), (Seen{TradeOrder::duplicate, 1}));
}

TEST(TradeSequence, OneAbsurdIdDoesNotStopTheOnesAfterIt) {
  TradeSequence sequence;
  sequence.add(7, 1);
  sequence.add(1'000'000'000'000, 2);
  EXPECT_EQ(sequence.add(8, 3).order, TradeOrder::restarted);
  EXPECT_EQ(sequence.add(9, 3).order, TradeOrder::in_order);
}

/// Shuffled within `reach` places, with holes and redeliveries.
std::vector<std::uint64_t> disorder(std::mt19937_64& random, std::uint64_t count, std::uint64_t reach) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> keyed;
  for (std::uint64_t id = 1'000; id < 1'000 + count; ++id) {
    if (random() % 10 == 0) continue;
    keyed.emplace_back(id + random() % reach, id);
    if (random() % 10 == 0) keyed.emplace_back(id + random() % reach, id);
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::uint64_t> ids;
  ids.reserve(keyed.size());
  for (const auto& [key, id] : keyed) ids.push_back(id);
  return ids;
}

TEST(TradeSequence, AgreesWithASetOfAllIdsThatCame) {
  std::mt19937_64 random(20'240'801);
  for (const std::uint64_t reach : {1U, 5U, 300U, 4'000U}) {
    TradeSequence sequence;
    std::set<std::uint64_t> came;
    std::uint64_t first = 0;
    for (const std::uint64_t id : disorder(random, 20'000, reach)) {
      const Seen seen = sequence.add(id, static_cast<Nanos>(id));
      if (came.empty()) {
        first = id;
        ASSERT_EQ(seen.order, TradeOrder::in_order);
      } else if (came.count(id) != 0) {
        ASSERT_EQ(seen.order, TradeOrder::duplicate) << id;
      } else if (id < first) {
        ASSERT_EQ(seen.order, TradeOrder::out_of_order) << id;
      } else if (id < *came.rbegin()) {
        ASSERT_EQ(seen.order, TradeOrder::filled) << id;
      } else {
        const std::uint64_t skipped = id - *came.rbegin() - 1;
        ASSERT_EQ(seen, (Seen{skipped == 0 ? TradeOrder::in_order : TradeOrder::gap, skipped})) << id;
      }
      came.insert(id);
      if (id % 2'048 != 0) continue;
      const auto from_first = static_cast<std::uint64_t>(std::distance(came.find(first), came.end()));
      ASSERT_EQ(sequence.missing(), *came.rbegin() - first + 1 - from_first);
    }
  }
}

TEST(TradeSequence, CopiesThatSeeTheSameAreEqual) {
  TradeSequence sequence;
  for (std::uint64_t id = 1; id < 9'000; id += 1 + id % 3) sequence.add(id, 1);
  TradeSequence copy = sequence;
  EXPECT_EQ(copy, sequence);
  copy.add(8'000, 1);
  copy.add(20'000, 1);
  EXPECT_NE(copy, sequence);
  sequence.add(8'000, 1);
  sequence.add(20'000, 1);
  EXPECT_EQ(copy, sequence);
}

}  // namespace
}  // namespace tapeline
