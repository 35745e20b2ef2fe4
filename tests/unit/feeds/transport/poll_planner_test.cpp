// Plans by a virtual clock: nothing here waits.
#include "feeds/transport/poll_planner.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace tapeline::feeds {
namespace {

constexpr Nanos second = nanos_per_second;
constexpr Nanos minute = 60 * second;
constexpr Nanos hour = 60 * minute;
constexpr Nanos day = 24 * hour;

/// US shares in New York's winter.
std::shared_ptr<const TradingCalendar> us_market() {
  return std::make_shared<const TradingCalendar>(Calendar::us_equity, -5 * 3'600, std::vector<OffsetChange>{});
}

struct Sent {
  std::size_t request;
  Nanos wall_ns;
};

/// A planner, and a source that answers as a test says.
class Virtual {
 public:
  explicit Virtual(PollPlan plan, Nanos wall_ns = *parse_utc("2026-01-13T05:00:00Z"))
      : plan_(std::move(plan)), wall_ns_(wall_ns), planner_(plan_, 1) {}

  /// As many steps as fit in `duration_ns`.
  void run(Nanos duration_ns) {
    const Nanos end_ns = wall_ns_ + duration_ns;
    while (wall_ns_ < end_ns && !planner_.is_over()) {
      const auto step = planner_.next(now());
      if (!step.request) {
        ASSERT_GT(step.wait_ns, 0) << "a plan that waits for nothing would spin";
        pass(std::min(step.wait_ns, end_ns - wall_ns_));
        continue;
      }
      sent.push_back({*step.request, wall_ns_});
      pass(latency_ns);
      planner_.answered(*step.request, outcome(*step.request), retry_after_ns, now());
    }
  }
  /// The process ends and another begins: only files are left.
  void restart(Nanos pause_ns) {
    pass(pause_ns);
    steady_ns_ = 0;
    planner_ = PollPlanner(plan_, 2);
  }
  void pass(Nanos duration_ns) {
    wall_ns_ += duration_ns;
    steady_ns_ += duration_ns;
  }
  [[nodiscard]] PollTime now() const { return {steady_ns_, wall_ns_}; }
  PollPlanner& planner() { return planner_; }

  [[nodiscard]] Nanos shortest_pause_ns() const {
    Nanos shortest = day;
    for (std::size_t i = 1; i < sent.size(); ++i) shortest = std::min(shortest, sent[i].wall_ns - sent[i - 1].wall_ns);
    return shortest;
  }
  [[nodiscard]] int most_in_a_day() const {
    std::ptrdiff_t most = 0;
    for (const Sent& first : sent) {
      most = std::max(most, std::count_if(sent.begin(), sent.end(), [&](const Sent& other) {
                        return other.wall_ns >= first.wall_ns && other.wall_ns < first.wall_ns + day;
                      }));
    }
    return static_cast<int>(most);
  }

  std::vector<Sent> sent;
  std::function<PollOutcome(std::size_t)> outcome = [](std::size_t) { return PollOutcome::answered; };
  Nanos retry_after_ns = 0;
  Nanos latency_ns = 120 * nanos_per_millisecond;

 private:
  PollPlan plan_;
  Nanos steady_ns_ = 0;
  Nanos wall_ns_;
  PollPlanner planner_;
};

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tapeline-plan-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder for the test");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

PollPlan ten_shares(const std::string& quota_file) {
  PollPlan plan;
  for (int i = 0; i < 10; ++i) plan.requests.push_back({"SHARE" + std::to_string(i), us_market()});
  plan.poll_ns = 300 * second;
  plan.spacing_ns = 1'500 * nanos_per_millisecond;
  plan.requests_per_day = 25;
  plan.quota_file = quota_file;
  return plan;
}

PollPlan rounds(std::size_t requests, Nanos poll_ns, Nanos spacing_ns) {
  PollPlan plan;
  for (std::size_t i = 0; i < requests; ++i) plan.requests.push_back({std::to_string(i)});
  plan.poll_ns = poll_ns;
  plan.spacing_ns = spacing_ns;
  return plan;
}

// From midnight to midnight of a Tuesday in New York, with the program restarted in mid-session and right after a request.
TEST(PollPlanner, TwentyFiveRequestsLastADayOfTenSharesOverTwoRestarts) {
  const Folder folder;
  Virtual world(ten_shares(folder.file("quota")));
  world.run(11 * hour + 17 * minute);
  world.restart(10 * minute);
  while (world.sent.size() < 18) world.run(minute);
  world.restart(1);
  world.run(day - (world.now().wall_ns - *parse_utc("2026-01-13T05:00:00Z")));

  EXPECT_LE(world.most_in_a_day(), 25);
  EXPECT_GE(world.sent.size(), 23U) << "the quota is there to be used";
  EXPECT_GE(world.shortest_pause_ns(), second);
  std::map<std::size_t, int> after_close;
  const Nanos close = *parse_utc("2026-01-13T21:00:00Z");
  std::set<std::size_t> asked;
  for (const Sent& one : world.sent) {
    asked.insert(one.request);
    if (one.wall_ns >= close) ++after_close[one.request];
  }
  EXPECT_EQ(asked.size(), 10U);
  EXPECT_GE(after_close.size(), 5U) << "closing prices have their share";
  for (const auto& [request, times] : after_close) EXPECT_EQ(times, 1) << request;
}

TEST(PollPlanner, AWeekStaysWithinTheQuotaAndLeavesTheWeekendAlone) {
  const Folder folder;
  Virtual world(ten_shares(folder.file("quota")));
  world.run(7 * day);
  EXPECT_LE(world.most_in_a_day(), 25);
  EXPECT_GE(world.shortest_pause_ns(), second);
  const Nanos saturday = *parse_utc("2026-01-17T14:00:00Z");
  const Nanos monday = *parse_utc("2026-01-19T14:30:00Z");
  EXPECT_TRUE(std::none_of(world.sent.begin(), world.sent.end(),
                           [&](const Sent& one) { return one.wall_ns > saturday && one.wall_ns < monday; }));
  std::map<std::int64_t, std::set<std::size_t>> by_day;
  for (const Sent& one : world.sent) by_day[(one.wall_ns - 5 * hour) / day].insert(one.request);
  for (const auto& [number, requests] : by_day) EXPECT_EQ(requests.size(), 10U) << number;
}

TEST(PollPlanner, MostOfTheQuotaGoesToTheOpenMarket) {
  Virtual world(ten_shares(""));
  world.run(2 * day);
  std::ptrdiff_t second_day = 0;
  std::ptrdiff_t open = 0;
  const auto market = us_market();
  for (const Sent& one : world.sent) {
    if (one.wall_ns < *parse_utc("2026-01-14T05:00:00Z")) continue;
    ++second_day;
    open += market->in_session(one.wall_ns) ? 1 : 0;
  }
  EXPECT_GE(second_day, 20);
  EXPECT_GE(open, 10);
}

TEST(PollPlanner, WhatMovesIsAskedForMoreOften) {
  PollPlan plan = ten_shares("");
  plan.requests_per_day = 200;
  for (PlannedRequest& request : plan.requests) request.market = nullptr;
  Virtual world(plan);
  double price = 100;
  world.outcome = [&](std::size_t request) {
    price *= 1.02;
    world.planner().note_price(request, request == 3 ? price : 50);
    return PollOutcome::answered;
  };
  world.run(day);
  std::map<std::size_t, int> times;
  for (const Sent& one : world.sent) ++times[one.request];
  EXPECT_LE(world.most_in_a_day(), 200);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_GT(times[i], 5) << "nothing is forgotten";
    if (i != 3) {
      EXPECT_GT(times[3], times[i] * 3 / 2);
    }
  }
}

TEST(PollPlanner, RoundsGoOverAllRequestsWithTheirSpacing) {
  Virtual world(rounds(3, minute, 2 * second));
  world.run(5 * minute);
  ASSERT_GE(world.sent.size(), 15U);
  for (std::size_t i = 0; i < world.sent.size(); ++i) EXPECT_EQ(world.sent[i].request, i % 3);
  EXPECT_GE(world.shortest_pause_ns(), 2 * second);
  EXPECT_GE(world.sent[3].wall_ns - world.sent[0].wall_ns, minute);
  EXPECT_GE(world.planner().rounds(), 4U);
}

TEST(PollPlanner, KeepsTheRateOfAMinute) {
  PollPlan plan = rounds(100, second, 0);
  plan.requests_per_minute = 30;
  Virtual world(plan);
  world.run(10 * minute);
  for (const Sent& first : world.sent) {
    EXPECT_LE(std::count_if(world.sent.begin(), world.sent.end(),
                            [&](const Sent& other) {
                              return other.wall_ns >= first.wall_ns && other.wall_ns < first.wall_ns + minute;
                            }),
              30);
  }
  EXPECT_GE(world.sent.size(), 260U);
}

TEST(PollPlanner, HonoursRetryAfterAndPausesWithoutIt) {
  for (const Nanos told : {Nanos{0}, 7 * second}) {
    Virtual world(rounds(1, 0, 0));
    world.retry_after_ns = told;
    world.outcome = [](std::size_t) { return PollOutcome::rate_limited; };
    world.run(10 * minute);
    ASSERT_GE(world.sent.size(), 2U);
    EXPECT_GE(world.shortest_pause_ns(), told > 0 ? told : minute);
    EXPECT_LE(world.shortest_pause_ns(), (told > 0 ? told : minute) + 2 * second);
  }
}

TEST(PollPlanner, AsksNothingMoreOfASourceThatRefusesForGood) {
  Virtual world(rounds(3, second, 0));
  world.outcome = [](std::size_t request) { return request == 1 ? PollOutcome::refused : PollOutcome::answered; };
  world.run(minute);
  EXPECT_EQ(std::count_if(world.sent.begin(), world.sent.end(), [](const Sent& one) { return one.request == 1; }), 1);
  world.outcome = [](std::size_t) { return PollOutcome::refused; };
  world.run(minute);
  EXPECT_TRUE(world.planner().is_over());
  EXPECT_GE(world.planner().rounds(), 1U);
}

TEST(PollPlanner, LeavesASourceInPeaceThatFailsAndComesBack) {
  Virtual world(rounds(1, second, 0));
  bool is_down = true;
  world.outcome = [&](std::size_t) { return is_down ? PollOutcome::unreachable : PollOutcome::answered; };
  world.run(2 * hour);
  EXPECT_EQ(world.sent.at(1).wall_ns - world.sent.at(0).wall_ns, world.latency_ns) << "the first retry is at once";
  EXPECT_LT(world.sent.size(), 25U) << "then it rests for up to ten minutes";
  EXPECT_GE(world.sent.size(), 12U);
  is_down = false;
  const std::size_t before = world.sent.size();
  world.run(12 * minute);
  EXPECT_GT(world.sent.size(), before + 60) << "all is as before";
  EXPECT_EQ(world.planner().breaker(world.now().steady_ns), CircuitBreaker::State::closed);
}

TEST(PollPlanner, WhatWasNotSentCostsNothing) {
  const Folder folder;
  Virtual world(ten_shares(folder.file("quota")), *parse_utc("2026-01-13T15:00:00Z"));
  world.outcome = [](std::size_t) { return PollOutcome::not_sent; };
  world.run(6 * hour);
  EXPECT_EQ(world.planner().quota_left(world.now().wall_ns), 25);
  world.outcome = [](std::size_t) { return PollOutcome::answered; };
  world.run(20 * minute);
  EXPECT_LT(*world.planner().quota_left(world.now().wall_ns), 25);
}

TEST(PollPlanner, TroubleWithOneRequestDoesNotHoldUpTheOthers) {
  Virtual world(rounds(2, second, 0));
  world.outcome = [](std::size_t request) { return request == 0 ? PollOutcome::troubled : PollOutcome::answered; };
  world.run(10 * minute);
  EXPECT_GE(std::count_if(world.sent.begin(), world.sent.end(), [](const Sent& one) { return one.request == 1; }), 3);
}

TEST(PollPlanner, ADemandIsMetAtOnceButNeverBeyondTheQuota) {
  const Folder folder;
  Virtual world(ten_shares(folder.file("quota")), *parse_utc("2026-01-17T15:00:00Z"));  // a Saturday
  world.run(minute);
  EXPECT_EQ(world.sent.size(), 10U);
  for (int i = 0; i < 3; ++i) {
    world.planner().demand_all(world.now());
    world.run(2 * minute);
  }
  EXPECT_EQ(world.sent.size(), 25U);
  EXPECT_EQ(world.planner().quota_left(world.now().wall_ns), 0);
  EXPECT_GE(world.planner().rounds(), 3U) << "a demand that cannot be met ends too";
}

TEST(PollPlanner, TwoProcessesShareOneQuota) {
  const Folder folder;
  Virtual one(ten_shares(folder.file("quota")));
  Virtual other(ten_shares(folder.file("quota")));
  for (int i = 0; i < 24 * 60; ++i) {
    one.run(minute);
    other.run(minute);
  }
  EXPECT_LE(one.sent.size() + other.sent.size(), 25U);
}

TEST(QuotaLedger, SurvivesDamageOnTheSafeSide) {
  const Folder folder;
  const std::string file = folder.file("quota");
  {
    std::FILE* out = std::fopen(file.c_str(), "w");
    std::fputs("garbage\n\n99999999999999999999999 IBM\n1000000000 OLD\n9000000000000000000 FUTURE\n", out);
    std::fclose(out);
  }
  QuotaLedger ledger(file, 10);
  const Nanos now = 5'000 * day;
  ledger.refresh(now);
  EXPECT_EQ(ledger.left(now), 6);  // three damaged lines and one of the future count as of now, the old one does not
  EXPECT_TRUE(ledger.try_spend("IBM", now));
  EXPECT_EQ(QuotaLedger(file, 10).left(now), 10) << "nothing is read before refresh()";
  QuotaLedger again(file, 10);
  again.refresh(now);
  EXPECT_EQ(again.left(now), 5);
  EXPECT_EQ(again.last_spent_ns("IBM"), now);
}

TEST(QuotaLedger, AllowsNothingThatItCannotWriteDown) {
  QuotaLedger ledger("/proc/no/such/place/quota", 10);
  EXPECT_FALSE(ledger.try_spend("IBM", day));
  EXPECT_FALSE(ledger.last_error().empty());
}

TEST(QuotaLedger, TheNameOfItsFileHidesTheKey) {
  const std::string file = quota_file("/var/x", "alpha_vantage", "CANARYKEY0123456");
  EXPECT_EQ(file.find("CANARY"), std::string::npos);
  EXPECT_NE(file, quota_file("/var/x", "alpha_vantage", "CANARYKEY0123457"));
  EXPECT_EQ(quota_file("", "alpha_vantage", "k"), "");
}

}  // namespace
}  // namespace tapeline::feeds
