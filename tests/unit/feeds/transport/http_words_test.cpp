// Small texts of HTTP: Retry-After, and what is said to a proxy.
#include <gtest/gtest.h>

#include "feeds/transport/proxy.hpp"
#include "feeds/transport/retry_after.hpp"

namespace tapeline::feeds {
namespace {

TEST(RetryAfter, IsSecondsOrADate) {
  const Nanos now = *parse_utc("2026-10-21T07:26:01Z");
  EXPECT_EQ(retry_after_seconds("119", now), 119);
  EXPECT_EQ(retry_after_seconds("0", now), 0);
  EXPECT_EQ(retry_after_seconds("Wed, 21 Oct 2026 07:28:00 GMT", now), 119);
  EXPECT_EQ(retry_after_seconds("Wed, 21 Oct 2026 07:28:00 GMT", now - 1), 120);  // never sooner
  EXPECT_EQ(retry_after_seconds("Wed, 21 Oct 2026 07:28:00 GMT", now + 3'600 * nanos_per_second), 0);
}

TEST(RetryAfter, TakesNothingElse) {
  for (const char* text :
       {"", "soon", "-5", "1.5", "99999999999999999999", "99999999", "Wed, 21 Oct 2026 07:28:00 CET",
        "Wed, 99 Oct 2026 07:28:00 GMT", "Wed, 21 Okt 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00",
        "Wednesday, 21-Oct-26 07:28:00 GMT", "Wed, 21 Oct 2026 7a:28:00 GMT"}) {
    EXPECT_EQ(retry_after_seconds(text, 0), 0) << text;
  }
}

TEST(Proxy, IsAskedForATunnelToHostAndPort) {
  EXPECT_EQ(connect_request({Security::tls, "api.example", "443", "/q?apikey=k"}, "agent"),
            "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\nUser-Agent: agent\r\n\r\n");
  EXPECT_EQ(connect_request({Security::tls, "::1", "8443", "/"}, "a").substr(0, 18), "CONNECT [::1]:8443");
}

TEST(Proxy, OpensATunnelOrSaysWhyNot) {
  EXPECT_EQ(tunnel_refusal("HTTP/1.1 200 Connection established\r\n\r\n"), "");
  EXPECT_EQ(tunnel_refusal("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n"), "");
  EXPECT_EQ(tunnel_refusal("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
            "HTTP 407 Proxy Authentication Required");
  EXPECT_EQ(tunnel_refusal("HTTP/1.1 403 \x1b[31m\r\n\r\n"), "HTTP 403 ?[31m");
  EXPECT_NE(tunnel_refusal("SSH-2.0-OpenSSH\r\n\r\n").find("no HTTP"), std::string::npos);
  EXPECT_NE(tunnel_refusal("HTTP/1.1 200 OK\r\n\r\nmore"), "");
  EXPECT_NE(tunnel_refusal("HTTP/1.1 200 OK\r\n"), "");
  EXPECT_NE(tunnel_refusal(""), "");
}

}  // namespace
}  // namespace tapeline::feeds
