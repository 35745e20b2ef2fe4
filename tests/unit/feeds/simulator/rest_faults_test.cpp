#include "feeds/simulator/rest_faults.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace tapeline::feeds::simulator {
namespace {

TEST(RestFaults, AreWrittenAsAKindHowOftenAndAPause) {
  const RestFault plain = parse_rest_fault("html");
  EXPECT_EQ(plain.kind, RestFaultKind::html);
  EXPECT_EQ(plain.every, 1U);
  EXPECT_FALSE(plain.retry_after_s.has_value());
  const RestFault full = parse_rest_fault("429@3;retry-after=7");
  EXPECT_EQ(full.kind, RestFaultKind::rate_limit);
  EXPECT_EQ(full.every, 3U);
  EXPECT_EQ(full.retry_after_s, 7);
  for (const char* wrong :
       {"", "418", "429@", "429@0", "429@x", "429;retry-after=", "429;retry-after=soon", "429@3@4"}) {
    EXPECT_THROW((void)parse_rest_fault(wrong), std::invalid_argument) << wrong;
  }
}

TEST(RestFaults, MeetEverySoManyRequestsInTheWordsOfTheirSource) {
  RestFaults faults({parse_rest_fault("quota@2;retry-after=5")});
  const Target quote = parse_target("/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=SECRETKEY");
  HttpReply first{.body = "good"};
  faults.spoil(quote, first);
  EXPECT_EQ(first.body, "good");
  HttpReply second{.body = "good"};
  faults.spoil(quote, second);
  EXPECT_EQ(second.status, 200U);
  EXPECT_NE(second.body.find("25 requests per day"), std::string::npos);
  EXPECT_NE(second.body.find("SECRETKEY"), std::string::npos) << "the real one echoes it too";
  EXPECT_EQ(second.retry_after_s, 5);
  HttpReply third;
  HttpReply fourth;
  faults.spoil(quote, third);
  faults.spoil(parse_target("/v8/finance/chart/AAPL?range=1d"), fourth);
  EXPECT_EQ(fourth.status, 429U);
}

}  // namespace
}  // namespace tapeline::feeds::simulator
