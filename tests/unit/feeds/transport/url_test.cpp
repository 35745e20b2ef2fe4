#include "feeds/transport/url.hpp"

#include <gtest/gtest.h>

namespace tapeline::feeds {
namespace {

void expect_url(const char* text, Security security, const char* host, const char* port, const char* path) {
  const auto url = parse_url(text);
  ASSERT_TRUE(url) << text;
  EXPECT_EQ(url->security, security) << text;
  EXPECT_EQ(url->host, host) << text;
  EXPECT_EQ(url->port, port) << text;
  EXPECT_EQ(url->path, path) << text;
}

TEST(Url, KnowsTheFourSchemesAndTheirPorts) {
  expect_url("http://a.example", Security::plain, "a.example", "80", "/");
  expect_url("https://a.example", Security::tls, "a.example", "443", "/");
  expect_url("ws://a.example/", Security::plain, "a.example", "80", "/");
  expect_url("wss://stream.binance.com:9443", Security::tls, "stream.binance.com", "9443", "/");
}

TEST(Url, KeepsPathAndQuery) {
  expect_url("https://a.example/v3/x?y=1&z=a/b", Security::tls, "a.example", "443", "/v3/x?y=1&z=a/b");
  expect_url("http://a.example:8080?y=1", Security::plain, "a.example", "8080", "/?y=1");
}

TEST(Url, TakesAddresses) {
  expect_url("http://127.0.0.1:8080/a", Security::plain, "127.0.0.1", "8080", "/a");
  expect_url("https://[::1]:8443/a", Security::tls, "::1", "8443", "/a");
  expect_url("https://[::1]/a", Security::tls, "::1", "443", "/a");
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text : {"",
                           "a.example",
                           "://a.example",
                           "ftp://a.example",
                           "HTTP//a",
                           "http://",
                           "http:///path",
                           "http://:80",
                           "http://a.example:",
                           "http://a.example:http",
                           "http://a.example:-1",
                           "http://a.example:65536",
                           "http://a.example:0",
                           "http://a.example:123456789012345678901",
                           "http://user:word@a.example",
                           "http://a b.example",
                           "http://a.example/a b",
                           "http://a.example/\r\nX: y",
                           "http://[::1",
                           "http://::1"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Url, EncodesWhatMayNotStandInAQuery) {
  EXPECT_EQ(url_encoded("BRK.B-usd_1~"), "BRK.B-usd_1~");
  EXPECT_EQ(url_encoded("^GSPC EURUSD=X&a/b?c#d%"), "%5EGSPC%20EURUSD%3DX%26a%2Fb%3Fc%23d%25");
  EXPECT_EQ(url_encoded("\r\n\xc3\xa9"), "%0D%0A%C3%A9");
}

}  // namespace
}  // namespace tapeline::feeds
