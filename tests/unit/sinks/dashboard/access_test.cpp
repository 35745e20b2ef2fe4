#include "sinks/dashboard/access.hpp"

#include <gtest/gtest.h>

#include "sinks/dashboard/http_server.hpp"

namespace tapeline::sinks::dashboard {
namespace {

const AccessPolicy open_policy({}, Secret());
const AccessPolicy guarded_policy({"market.example.org"}, Secret("s3cret-token"));

TEST(AccessPolicy, GrantsLocalNamesWithAnyPort) {
  for (const char* host : {"localhost", "localhost:8087", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8087", "[::1]:8087"}) {
    EXPECT_EQ(open_policy.check({.host = host}), Access::granted) << host;
  }
}

TEST(AccessPolicy, RefusesNamesThatAnybodyCanPointAtUs) {
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8087", "[::1", "0.0.0.0"}) {
    EXPECT_EQ(open_policy.check({.host = host}), Access::wrong_host) << host;
  }
  EXPECT_EQ(guarded_policy.check_place({.host = "market.example.org:443"}), Access::granted);
}

TEST(AccessPolicy, RefusesOtherSitesAlsoOnTheSameHost) {
  for (const char* origin : {"http://evil.example", "null", "http://localhost:9999", "localhost:8087", "http://"}) {
    EXPECT_EQ(open_policy.check({.host = "localhost:8087", .origin = origin}), Access::wrong_origin) << origin;
  }
  EXPECT_EQ(open_policy.check({.host = "localhost:8087", .origin = "http://localhost:8087"}), Access::granted);
  EXPECT_EQ(open_policy.check({.host = "localhost:8087", .origin = "https://localhost:8087"}), Access::granted);
}

TEST(AccessPolicy, TakesTheTokenAsBearerOrCookie) {
  const auto check = [](std::string_view authorization, std::string_view cookie) {
    return guarded_policy.check({.host = "localhost", .authorization = authorization, .cookie = cookie});
  };
  EXPECT_EQ(check("Bearer s3cret-token", ""), Access::granted);
  EXPECT_EQ(check("", "a=b; tapeline_token=s3cret-token; c=d"), Access::granted);
  EXPECT_EQ(check("", ""), Access::no_token);
  EXPECT_EQ(check("Bearer ", ""), Access::no_token);
  EXPECT_EQ(check("Bearer s3cret-toke", ""), Access::no_token);
  EXPECT_EQ(check("Bearer s3cret-token2", ""), Access::no_token);
  EXPECT_EQ(check("Bearer s3cret-tokens3cret-token", ""), Access::no_token);
  EXPECT_EQ(check("", "xtapeline_token=s3cret-token"), Access::no_token);
  EXPECT_EQ(check("", "tapeline_token=wrong"), Access::no_token);
  EXPECT_EQ(check("", ";;;="), Access::no_token);
}

TEST(AccessPolicy, TakesATokenOfAnyBytes) {
  const std::string token = "a b;c=%41\xc3\xa9\"";
  const AccessPolicy policy({}, Secret(token));
  const std::string cookie = "tapeline_token=" + percent_encoded(token);
  EXPECT_EQ(cookie.find(';'), std::string::npos);
  EXPECT_EQ(policy.check({.host = "localhost", .cookie = cookie}), Access::granted);
  EXPECT_EQ(percent_decoded(percent_encoded(token)), token);
}

TEST(AccessPolicy, HasNoTokenThatAnEmptyTextWouldMatch) { EXPECT_FALSE(open_policy.is_token("")); }

TEST(Listen, KnowsLoopback) {
  EXPECT_TRUE(is_loopback("127.0.0.1:8087"));
  EXPECT_TRUE(is_loopback("localhost:0"));
  EXPECT_TRUE(is_loopback("[::1]:8087"));
  EXPECT_FALSE(is_loopback("0.0.0.0:8087"));
  EXPECT_FALSE(is_loopback("[::]:8087"));
  for (const char* wrong : {"", "8087", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "here:80", "127.0.0.1:80x"}) {
    EXPECT_THROW(static_cast<void>(is_loopback(wrong)), std::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace tapeline::sinks::dashboard
