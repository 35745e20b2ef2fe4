#include "feeds/transport/stream_backfill.hpp"

#include <algorithm>
#include <utility>

namespace tapeline::feeds {
namespace {

constexpr int asks_max = 6;
constexpr Nanos pause_ns_max = 60 * nanos_per_second;
/// A trade may be in the stream a moment before REST has it.
constexpr Nanos empty_pause_ns = nanos_per_second;

std::string range_text(const WantedTrades& wanted) {
  return "trade ids " + std::to_string(wanted.first) + " to " + std::to_string(wanted.last);
}

}  // namespace

StreamBackfill::StreamBackfill(const BackfillPlan& plan) : plan_(plan), backoff_(nanos_per_second, pause_ns_max) {}

void StreamBackfill::want(const WantedTrades& wanted) {
  const bool is_huge = !wanted.is_open_ended() && wanted.last - wanted.first >= plan_.trades_max;
  if (plan_.trades_max == 0 || is_huge) {
    const std::string why =
        plan_.trades_max == 0 ? "gaps of this source are not filled" : "the gap is longer than backfill_trades_max";
    if (!wanted.is_open_ended()) failures_.push_back({wanted, range_text(wanted) + ": " + why});
    return;
  }
  const auto same = [&](const WantedTrades& held) {
    return held.symbol == wanted.symbol && held.first <= wanted.first && held.last >= wanted.last;
  };
  if ((under_way_ && same(*under_way_)) || std::any_of(wanted_.begin(), wanted_.end(), same)) return;
  // What reaches further takes the place of what it covers.
  std::erase_if(wanted_, [&](const WantedTrades& held) {
    return held.symbol == wanted.symbol && wanted.first != 0 && wanted.first <= held.first && wanted.last >= held.last;
  });
  wanted_.push_back(wanted);
}

std::optional<WantedTrades> StreamBackfill::next(Nanos now_ns) {
  if (under_way_ || now_ns < not_before_ns_) return std::nullopt;
  const auto due =
      std::find_if(wanted_.begin(), wanted_.end(), [&](const WantedTrades& wanted) { return wanted.due_ns <= now_ns; });
  if (due == wanted_.end()) return std::nullopt;
  under_way_ = *due;
  wanted_.erase(due);
  not_before_ns_ = now_ns + plan_.spacing_ns;
  return under_way_;
}

void StreamBackfill::go_on(WantedTrades rest, Nanos now_ns) {
  rest.tries = 0;
  rest.due_ns = now_ns;
  wanted_.push_front(rest);
}

void StreamBackfill::answered(const AnsweredTrades& answer, Nanos now_ns) {
  if (!under_way_) return;
  WantedTrades wanted = *std::exchange(under_way_, std::nullopt);
  backoff_.reset();
  if (answer.count == 0) {
    if (wanted.is_open_ended()) return;  // there is nothing newer
    if (++wanted.tries == asks_max) {
      failures_.push_back({wanted, range_text(wanted) + ": the source does not have them"});
      return;
    }
    wanted.due_ns = now_ns + wanted.tries * empty_pause_ns;
    wanted_.push_back(wanted);
    return;
  }
  if (wanted.first == 0) return;
  if (plan_.order == AnswerOrder::oldest_first) {
    const bool is_full_page = answer.count >= plan_.page_max;
    wanted.first = answer.highest + 1;
    wanted.since_ns = answer.newest_event_ns;
    if (wanted.is_open_ended() ? is_full_page : wanted.first <= wanted.last) go_on(wanted, now_ns);
  } else if (answer.lowest > wanted.first) {
    wanted.last = answer.lowest - 1;
    go_on(wanted, now_ns);
  }
}

void StreamBackfill::refused(std::string why) {
  if (under_way_) failures_.push_back({*std::exchange(under_way_, std::nullopt), std::move(why)});
}

void StreamBackfill::troubled(std::string why, Nanos pause_ns, std::uint64_t random, Nanos now_ns) {
  if (!under_way_) return;
  WantedTrades wanted = *std::exchange(under_way_, std::nullopt);
  not_before_ns_ = now_ns + std::max(pause_ns, backoff_.next(random));
  // A pause that the source asks for is no failure of the request.
  if (pause_ns == 0 && ++wanted.tries == asks_max) {
    failures_.push_back({wanted, std::move(why)});
    return;
  }
  wanted_.push_front(wanted);
}

}  // namespace tapeline::feeds
