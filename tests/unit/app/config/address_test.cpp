#include "app/config/address.hpp"

#include <gmock/gmock.h>

#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string resolved(std::string_view text, Protocol protocol = Protocol::http) {
  const auto address = resolve_address(text, protocol);
  return address ? *address : "refused: " + address.error();
}

TEST(Address, IsUsedAsItIsWrittenWhenItIsSecure) {
  EXPECT_EQ(resolved("https://api.coingecko.com"), "https://api.coingecko.com");
  EXPECT_EQ(resolved("https://proxy.example:8443/coins/"), "https://proxy.example:8443/coins/");
  EXPECT_EQ(resolved("wss://stream.binance.com:9443", Protocol::websocket), "wss://stream.binance.com:9443");
}

TEST(Address, MayBePlainOnThisMachineOnly) {
  for (const std::string host : {"localhost", "localhost:80", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"}) {
    EXPECT_EQ(resolved("http://" + host), "http://" + host);
    EXPECT_EQ(resolved("ws://" + host, Protocol::websocket), "ws://" + host);
  }
  for (const std::string host : {"example.com", "127.0.0.1.example.com", "127.evil.com", "localhost.example.com",
                                 "10.0.0.1", "0.0.0.0", "[2001:db8::1]"}) {
    EXPECT_EQ(resolved("http://" + host), "refused: http:// would send everything in the clear; write https://" + host);
  }
}

TEST(Address, OfTheSimulatorComesFromTheEnvironment) {
  const Variable simulator("TAPELINE_SIM", "127.0.0.1:4711");
  EXPECT_EQ(resolved("http://tapeline-sim"), "http://127.0.0.1:4711");
  EXPECT_EQ(resolved("http://tapeline-sim/a/b"), "http://127.0.0.1:4711/a/b");
  EXPECT_EQ(resolved("http://tapeline-sim:80"), "http://127.0.0.1:4711");
  EXPECT_EQ(resolved("https://tapeline-sim"), "https://127.0.0.1:4711");
  EXPECT_EQ(resolved("ws://tapeline-sim", Protocol::websocket), "ws://127.0.0.1:4711");
  EXPECT_THAT(resolved("http://tapeline-sim.example"), HasSubstr("in the clear"))
      << "the host is meant, not how it begins";
}

TEST(Address, OfTheSimulatorIsOnThisMachine) {
  for (const char* elsewhere :
       {"example.com:80", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1/path", "a b", "user@127.0.0.1:1"}) {
    const Variable simulator("TAPELINE_SIM", elsewhere);
    EXPECT_THAT(resolved("http://tapeline-sim"), HasSubstr("TAPELINE_SIM is no host:port of this machine"))
        << elsewhere;
  }
  for (const char* nothing : {static_cast<const char*>(nullptr), ""}) {
    const Variable simulator("TAPELINE_SIM", nothing);
    EXPECT_THAT(resolved("http://tapeline-sim"), HasSubstr("TAPELINE_SIM is not set"));
  }
}

TEST(Address, IsRefusedWhenItIsNone) {
  for (const std::string_view text :
       {"", "example.com", "https://", "https:///path", "ftp://example.com", "https://example.com:0",
        "https://example.com:65536", "https://example.com:x", "https://exa mple.com", "wss://example.com",
        "https//example.com", "https://[::1"}) {
    EXPECT_THAT(resolved(text), HasSubstr("is no address; write https://host or https://host:port")) << text;
  }
  EXPECT_THAT(resolved("https://example.com", Protocol::websocket), HasSubstr("is no address; write wss://host"));
}

TEST(Address, HoldsNeitherSecretsNorAQuery) {
  for (const std::string_view text : {"https://user:hush@example.com", "https://hush@example.com", "nonsense:hush@x"}) {
    EXPECT_THAT(resolved(text), HasSubstr("holds a user name or an '@'")) << text;
    EXPECT_THAT(resolved(text), Not(HasSubstr("hush"))) << text;
  }
  EXPECT_THAT(resolved("https://example.com/?apikey=hush"), HasSubstr("holds a query"));
  EXPECT_THAT(resolved("https://example.com/?apikey=hush"), Not(HasSubstr("hush")));
}

}  // namespace
}  // namespace tapeline::app
