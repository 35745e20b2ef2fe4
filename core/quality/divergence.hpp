// Whether two sources of a lane disagree about the price of one symbol.
//
//   difference = |a - b| / min(a, b), in percent
// Input     instruments with the configured name of what they are: equal names are one asset. Prices with their stamps.
// Output    A pair is reported once when its difference exceeds the limit, and again only after it has been below half of
//           it. Prices whose stamps are too old are not compared: a delayed quote does not disagree, it is late.
// Failure   At most 64 sources of one symbol are compared; more are left out.
// Cost      O(sources of the symbol). Allocates only in add_instrument().
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.hpp"
#include "core/base/time.hpp"
#include "core/model/event.hpp"
#include "core/quality/config.hpp"

namespace tapeline {

class Divergence {
 public:
  struct Pair {
    InstrumentIndex other;
    SourceCode other_source;
    double other_price;
    double difference_pct;

    friend bool operator==(const Pair&, const Pair&) = default;
  };

  /// Precondition: instruments are added in the order of their index, from 0.
  void add_instrument(SourceCode source, std::string_view symbol) {
    const auto [found, is_new] = group_of_.try_emplace(std::string(symbol), groups_.size());
    if (is_new) groups_.emplace_back();
    std::vector<Member>& group = groups_[found->second];
    const auto instrument = static_cast<InstrumentIndex>(places_.size());
    if (group.size() == members_max) {
      places_.push_back({no_group, 0});
      return;
    }
    places_.push_back({static_cast<std::uint32_t>(found->second), static_cast<std::uint32_t>(group.size())});
    group.push_back({.instrument = instrument, .source = source});
  }

  /// Takes a price that was received at `now_ns`; the worst pair that has begun to diverge with it.
  std::optional<Pair> update(InstrumentIndex instrument, double price, Nanos event_ns, Nanos now_ns,
                             const QualityConfig& config) noexcept {
    const Place place = places_[instrument];
    if (place.group == no_group || config.divergence_pct <= 0) return std::nullopt;
    std::vector<Member>& group = groups_[place.group];
    Member& member = group[place.member];
    member.price = price;
    member.event_ns = event_ns;
    if (group.size() == 1) return std::nullopt;  // another may come: it is compared with this price
    return compare(group, place.member, now_ns, config);
  }

  /// Who belongs together follows from the instruments, which have been added before.
  void archive(auto& archive) {
    for (std::vector<Member>& group : groups_) {
      for (Member& member : group) archive(member.price, member.event_ns, member.diverged);
    }
  }

  friend bool operator==(const Divergence&, const Divergence&) = default;

 private:
  static constexpr std::uint32_t no_group = 0xffff'ffff;
  static constexpr std::size_t members_max = 64;

  struct Place {
    std::uint32_t group;
    std::uint32_t member;

    friend bool operator==(const Place&, const Place&) = default;
  };
  struct Member {
    InstrumentIndex instrument;
    SourceCode source;
    double price = 0;  // 0: none yet
    Nanos event_ns = 0;
    std::uint64_t diverged = 0;  // bit i: from member i; both of a pair say the same

    friend bool operator==(const Member&, const Member&) = default;
  };

  static std::optional<Pair> compare(std::vector<Member>& group, std::uint32_t index, Nanos now_ns,
                                     const QualityConfig& config) noexcept {
    const Nanos age_ns_max = Nanos{config.divergence_max_age_ms} * nanos_per_millisecond;
    Member& member = group[index];
    if (now_ns - member.event_ns > age_ns_max) return std::nullopt;
    std::optional<Pair> worst;
    std::uint32_t worst_index = 0;
    for (std::uint32_t i = 0; i < group.size(); ++i) {
      Member& other = group[i];
      if (i == index || other.price <= 0 || now_ns - other.event_ns > age_ns_max) continue;
      const double low = std::min(member.price, other.price);
      const double difference_pct = (std::max(member.price, other.price) - low) / low * 100;
      const bool has_diverged = (member.diverged >> i & 1U) != 0;
      if (has_diverged && difference_pct < config.divergence_pct / 2) {
        mark(member, index, other, i, Relation::agreed);
      } else if (!has_diverged && difference_pct > config.divergence_pct &&
                 (!worst || difference_pct > worst->difference_pct)) {
        worst = Pair{other.instrument, other.source, other.price, difference_pct};
        worst_index = i;
      }
    }
    // Another pair that diverges at the same moment has its turn with the next price.
    if (worst) mark(member, index, group[worst_index], worst_index, Relation::diverged);
    return worst;
  }

  enum class Relation : std::uint8_t { agreed, diverged };

  static void mark(Member& a, std::uint32_t a_index, Member& b, std::uint32_t b_index, Relation relation) noexcept {
    const std::uint64_t a_bit = std::uint64_t{1} << a_index;
    const std::uint64_t b_bit = std::uint64_t{1} << b_index;
    a.diverged = relation == Relation::diverged ? a.diverged | b_bit : a.diverged & ~b_bit;
    b.diverged = relation == Relation::diverged ? b.diverged | a_bit : b.diverged & ~a_bit;
  }

  std::vector<Place> places_;  // by instrument
  std::vector<std::vector<Member>> groups_;
  std::map<std::string, std::size_t, std::less<>> group_of_;
};

}  // namespace tapeline
