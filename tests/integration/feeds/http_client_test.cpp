#include "feeds/transport/http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "feeds/transport/connector.hpp"
#include "fixture.hpp"
#include "proxy.hpp"
#include "server.hpp"

namespace tapeline::feeds {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace tapeline::feeds::testing;

/// One client, asked one thing after the other.
class Asking {
 public:
  Asking(const std::string& url, const TransportConfig& config) : client_(context_, *parse_url(url), config) {}

  Result<HttpResponse, HttpError> operator()(const std::string& target, HttpClient::Headers headers = {}) {
    std::optional<Result<HttpResponse, HttpError>> outcome;
    client_.get(target, std::move(headers),
                [&](Result<HttpResponse, HttpError> result) { outcome.emplace(std::move(result)); });
    EXPECT_FALSE(outcome.has_value()) << "called back from within get()";
    if (!run_until(context_, [&] { return outcome.has_value(); }))
      return Unexpected{HttpError{"the test lost its patience"}};
    return std::move(*outcome);
  }

  boost::asio::io_context& context() { return context_; }
  HttpClient& client() { return client_; }

 private:
  boost::asio::io_context context_;
  HttpClient client_;
};

std::string error_of(const Result<HttpResponse, HttpError>& result) {
  return result ? "no error" : result.error().text;
}
std::string body_of(const Result<HttpResponse, HttpError>& result) {
  return result ? result->body : "error: " + result.error().text;
}

Server answering(std::function<Answer(const SeenRequest&)> respond) {
  return Server(Server::Respond(std::move(respond)));
}

TEST(HttpClient, SendsTargetHostAndHeaders) {
  Server server = answering([](const SeenRequest&) { return answer(200, "hello"); });
  TransportConfig config = transport();
  config.user_agent = "agent of the test";
  Asking ask(server.url("http"), config);
  const auto result = ask("/query?symbol=IBM&n=1", {{"x-key", "value"}});
  ASSERT_TRUE(result) << error_of(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "hello");
  EXPECT_EQ(result->retry_after_s, 0);
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.target, "/query?symbol=IBM&n=1");
  EXPECT_EQ(request.headers.at("host"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(request.headers.at("user-agent"), "agent of the test");
  EXPECT_EQ(request.headers.at("x-key"), "value");
  EXPECT_EQ(request.headers.at("accept-encoding"), "gzip");
}

TEST(HttpClient, ReusesItsConnection) {
  Server server = answering([](const SeenRequest& request) { return answer(200, request.target); });
  Asking ask(server.url("http"), transport());
  for (const char* target : {"/a", "/b", "/c"}) EXPECT_EQ(body_of(ask(target)), target);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ConnectsAgainWhenTheServerHasClosedTheKeptConnection) {
  // The server does not say that it closes: the client learns of it by the next request.
  Server server = answering([](const SeenRequest& request) {
    Answer reply = answer(200, request.target);
    reply.after = After::close;
    return reply;
  });
  Asking ask(server.url("http"), transport());
  for (const char* target : {"/a", "/b", "/c"}) EXPECT_EQ(body_of(ask(target)), target);
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClient, ConnectsAgainAfterConnectionClose) {
  Server server = answering([](const SeenRequest& request) {
    Answer reply = answer(200, request.target, "Connection: close\r\n");
    reply.after = After::close;
    return reply;
  });
  Asking ask(server.url("http"), transport());
  for (const char* target : {"/a", "/b"}) EXPECT_EQ(body_of(ask(target)), target);
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, ReadsChunkedBodies) {
  Server server = answering([](const SeenRequest&) {
    return Answer{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n7;x=y\r\n second\r\n0\r\n\r\n"};
  });
  Asking ask(server.url("http"), transport());
  EXPECT_EQ(body_of(ask("/a")), "first second");
  EXPECT_EQ(body_of(ask("/b")), "first second");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ReadsBodiesThatEndWithTheConnection) {
  Server server = answering([](const SeenRequest&) {
    return Answer{"HTTP/1.1 200 OK\r\n\r\nuntil the end", After::close};
  });
  Asking ask(server.url("http"), transport());
  EXPECT_EQ(body_of(ask("/")), "until the end");
}

TEST(HttpClient, DecompressesGzip) {
  const std::string body = "{\"price\": 1}" + std::string(100'000, ' ');
  Server server =
      answering([&](const SeenRequest&) { return answer(200, gzipped(body), "Content-Encoding: gzip\r\n"); });
  Asking ask(server.url("http"), transport());
  const auto result = ask("/");
  ASSERT_TRUE(result) << error_of(result);
  EXPECT_TRUE(result->body == body) << result->body.size();
}

TEST(HttpClient, RefusesDamagedGzip) {
  Server server =
      answering([&](const SeenRequest&) { return answer(200, "no gzip at all", "Content-Encoding: gzip\r\n"); });
  Asking ask(server.url("http"), transport());
  EXPECT_THAT(error_of(ask("/")), HasSubstr("damaged"));
}

TEST(HttpClient, LimitsTheBodyByItsAnnouncedLength) {
  Server server = answering([](const SeenRequest&) {
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", After::hold};
  });
  TransportConfig config = transport();
  config.body_bytes_max = 10'000;
  Asking ask(server.url("http"), config);
  EXPECT_THAT(error_of(ask("/")), AllOf(HasSubstr("10000 bytes"), HasSubstr("body_bytes_max")));
}

TEST(HttpClient, LimitsABodyOfUnknownLength) {
  Server server = answering([](const SeenRequest&) {
    std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 100; ++i) bytes += "400\r\n" + std::string(1024, 'x') + "\r\n";
    return Answer{bytes, After::hold};
  });
  TransportConfig config = transport();
  config.body_bytes_max = 10'000;
  Asking ask(server.url("http"), config);
  EXPECT_THAT(error_of(ask("/")), AllOf(HasSubstr("10000 bytes"), HasSubstr("body_bytes_max")));
}

TEST(HttpClient, LimitsABodyAfterDecompression) {
  const std::string bomb = gzipped(std::string(5'000'000, 'x'));
  TransportConfig config = transport();
  config.body_bytes_max = 100'000;
  ASSERT_LT(bomb.size(), config.body_bytes_max);
  Server server = answering([&](const SeenRequest&) { return answer(200, bomb, "Content-Encoding: gzip\r\n"); });
  Asking ask(server.url("http"), config);
  EXPECT_THAT(error_of(ask("/")), HasSubstr("body_bytes_max"));
}

TEST(HttpClient, GivesUpOnASlowFirstByte) {
  Server server = answering([](const SeenRequest&) { return Answer{"", After::hold}; });
  TransportConfig config = transport();
  config.first_byte_timeout_ms = 50;
  Asking ask(server.url("http"), config);
  EXPECT_THAT(error_of(ask("/")), AllOf(HasSubstr("127.0.0.1"), HasSubstr("50 ms")));
}

TEST(HttpClient, GivesUpOnASlowBody) {
  Server server = answering([](const SeenRequest&) {
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", After::hold};
  });
  TransportConfig config = transport();
  config.request_timeout_ms = 100;
  Asking ask(server.url("http"), config);
  EXPECT_THAT(error_of(ask("/")), AllOf(HasSubstr("127.0.0.1"), HasSubstr("100 ms")));
}

TEST(HttpClient, WorksAgainAfterAFailure) {
  Server server = answering([](const SeenRequest& request) {
    if (request.target == "/cut") return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", After::close};
    return answer(200, request.target);
  });
  Asking ask(server.url("http"), transport());
  EXPECT_THAT(error_of(ask("/cut")), HasSubstr("broke off"));
  EXPECT_EQ(body_of(ask("/whole")), "/whole");
}

TEST(HttpClient, SaysThatAConnectionIsRefused) {
  std::string url;
  {
    Server server = answering([](const SeenRequest&) { return answer(200, ""); });
    url = server.url("http");
  }
  Asking ask(url, transport());
  EXPECT_THAT(error_of(ask("/secret")),
              AllOf(HasSubstr("cannot connect to 127.0.0.1"), HasSubstr("refused"), Not(HasSubstr("secret"))));
}

TEST(HttpClient, SaysThatAHostIsUnknown) {
  Asking ask("http://host.invalid", transport());
  EXPECT_THAT(error_of(ask("/")), HasSubstr("cannot resolve host.invalid"));
}

TEST(HttpClient, HandsOutRefusalsWithRetryAfter) {
  Server server =
      answering([](const SeenRequest&) { return answer(429, "Too Many Requests", "Retry-After: 119\r\n"); });
  Asking ask(server.url("http"), transport());
  const auto result = ask("/");
  ASSERT_TRUE(result) << error_of(result);
  EXPECT_EQ(result->status, 429);
  EXPECT_EQ(result->retry_after_s, 119);
  EXPECT_EQ(result->body, "Too Many Requests");
}

TEST(HttpClient, TakesNoNumberFromARetryAfterThatIsNone) {
  for (const char* value : {"Wed, 21 Oct 2026 07:28:00 GMT", "-5", "99999999999999999999", "soon"}) {
    Server server =
        answering([&](const SeenRequest&) { return answer(503, "", "Retry-After: " + std::string(value) + "\r\n"); });
    Asking ask(server.url("http"), transport());
    const auto result = ask("/");
    ASSERT_TRUE(result) << error_of(result);
    EXPECT_EQ(result->retry_after_s, 0) << value;
  }
}

TEST(HttpClient, TakesARetryAfterThatIsADate) {
  // A date far ahead is cut by nobody here: the client tells it, the planner decides.
  const std::string date = "Fri, 31 Dec 2999 23:59:59 GMT";
  Server server = answering([&](const SeenRequest&) { return answer(503, "", "Retry-After: " + date + "\r\n"); });
  Asking ask(server.url("http"), transport());
  const auto result = ask("/");
  ASSERT_TRUE(result) << error_of(result);
  EXPECT_EQ(result->retry_after_s, 0) << "a thousand years are no pause";
}

TEST(HttpClient, SaysWhetherTheRequestWasSent) {
  Server server = answering([](const SeenRequest&) { return Answer{"", After::close}; });
  const std::string url = server.url("http");
  {
    Asking ask(url, transport());
    const auto result = ask("/");
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().was_sent);
  }
  Asking ask("http://host.invalid", transport());
  const auto result = ask("/");
  ASSERT_FALSE(result);
  EXPECT_FALSE(result.error().was_sent);
}

TEST(HttpClient, FollowsNoRedirect) {
  Server elsewhere = answering([](const SeenRequest&) { return answer(200, "stolen"); });
  Server server =
      answering([&](const SeenRequest&) { return answer(302, "", "Location: " + elsewhere.url("http") + "/\r\n"); });
  Asking ask(server.url("http"), transport());
  const auto result = ask("/?apikey=k");
  ASSERT_TRUE(result) << error_of(result);
  EXPECT_EQ(result->status, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(HttpClient, CallsNobodyBackAfterCancel) {
  Server server = answering([](const SeenRequest& request) {
    return request.target == "/never" ? Answer{"", After::hold} : answer(200, request.target);
  });
  Asking ask(server.url("http"), transport());
  bool called = false;
  ask.client().get("/never", {}, [&](Result<HttpResponse, HttpError>) { called = true; });
  ASSERT_TRUE(run_until(ask.context(), [&] { return !server.requests().empty(); }));
  ask.client().cancel();
  EXPECT_EQ(body_of(ask("/next")), "/next");
  EXPECT_FALSE(called);
}

TEST(HttpClient, LeavesNothingBehindWhenItIsDestroyedInMidRequest) {
  Server server = answering([](const SeenRequest&) { return Answer{"", After::hold}; });
  boost::asio::io_context context;
  bool called = false;
  {
    HttpClient client(context, *parse_url(server.url("http")), transport());
    client.get("/", {}, [&](Result<HttpResponse, HttpError>) { called = true; });
    ASSERT_TRUE(run_until(context, [&] { return !server.requests().empty(); }));
  }
  // Runs dry by itself: nothing waits for the old limits of time.
  EXPECT_TRUE(
      run_until(context, [&] { return context.stopped() || context.run_one_for(std::chrono::milliseconds(1)) == 0; }));
  EXPECT_FALSE(called);
}

class HttpsClient : public ::testing::Test {
 protected:
  static Answer respond(const SeenRequest& request) { return answer(200, request.target); }

  /// Trusts the test's own authority besides the system's.
  TransportConfig trusting() const {
    TransportConfig config = transport();
    config.ca_file = ca_file_;
    return config;
  }
  std::string failure(const Identity& identity, const TransportConfig& config) {
    Server server(Server::Respond(respond), identity);
    Asking ask(server.url("https", "localhost"), config);
    const std::string text = error_of(ask("/?apikey=canary"));
    EXPECT_TRUE(server.requests().empty()) << "the request went out to a server that is not trusted";
    EXPECT_THAT(text, AllOf(HasSubstr("TLS"), HasSubstr("localhost"), Not(HasSubstr("canary"))));
    return text;
  }

  Authority authority_;
  TemporaryFolder folder_;
  std::string ca_file_ = folder_.file("ca.pem", authority_.certificate());
};

TEST_F(HttpsClient, AcceptsACertificateOfAnAuthorityThatIsConfigured) {
  Server server(Server::Respond(respond), authority_.sign("localhost"));
  Asking ask(server.url("https", "localhost"), trusting());
  for (const char* target : {"/a", "/b"}) EXPECT_EQ(body_of(ask(target)), target);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpsClient, RefusesAnUnknownAuthority) {
  EXPECT_THAT(failure(authority_.sign("localhost"), transport()), HasSubstr("ca_file"));
}

TEST_F(HttpsClient, RefusesASelfSignedCertificate) {
  EXPECT_THAT(failure(self_signed("localhost"), trusting()), HasSubstr("self-signed"));
}

TEST_F(HttpsClient, RefusesAnotherHostsCertificate) {
  EXPECT_THAT(failure(authority_.sign("other.example"), trusting()), HasSubstr("ostname mismatch"));
}

TEST_F(HttpsClient, RefusesAnExpiredCertificate) {
  EXPECT_THAT(failure(authority_.sign("localhost", Validity::expired), trusting()), HasSubstr("expired"));
}

TEST_F(HttpsClient, DoesNotFallBackToPlainText) {
  Server server = answering(respond);
  Asking ask(server.url("https", "localhost"), trusting());
  EXPECT_THAT(error_of(ask("/")), HasSubstr("TLS"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(HttpsClient, ThrowsForACaFileThatCannotBeRead) {
  TransportConfig config = transport();
  config.ca_file = (folder_.path() / "absent.pem").string();
  boost::asio::io_context context;
  EXPECT_THROW(HttpClient(context, *parse_url("https://localhost"), config), std::exception);
}

TEST_F(HttpsClient, GoesThroughAProxyByATunnel) {
  Server server(Server::Respond(respond), authority_.sign("localhost"));
  Proxy proxy(server.port());
  TransportConfig config = trusting();
  config.proxy = proxy.url();
  {
    Asking ask(server.url("https", "localhost"), config);
    for (const char* target : {"/a?apikey=canary", "/b"}) EXPECT_EQ(body_of(ask(target)), target);
  }
  EXPECT_EQ(proxy.tunnels, 1) << "the tunnel is kept and reused";
  const std::string host = "localhost:" + std::to_string(server.port());
  EXPECT_EQ(proxy.asked.find("CONNECT " + host + " HTTP/1.1\r\nHost: " + host + "\r\n"), 0U);
  EXPECT_THAT(proxy.asked, Not(HasSubstr("canary"))) << "a proxy sees no more than host and port";
}

TEST_F(HttpsClient, SaysWhyAProxyOpensNoTunnel) {
  Server server(Server::Respond(respond), authority_.sign("localhost"));
  Proxy proxy(server.port(), "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  TransportConfig config = trusting();
  config.proxy = proxy.url();
  Asking ask(server.url("https", "localhost"), config);
  EXPECT_THAT(error_of(ask("/?apikey=canary")),
              AllOf(HasSubstr("proxy"), HasSubstr("407"), HasSubstr("transport.proxy"), Not(HasSubstr("canary"))));
}

TEST_F(HttpsClient, ChecksTheServersCertificateThroughAProxyToo) {
  Server server(Server::Respond(respond), self_signed("localhost"));
  Proxy proxy(server.port());
  TransportConfig config = trusting();
  config.proxy = proxy.url();
  Asking ask(server.url("https", "localhost"), config);
  EXPECT_THAT(error_of(ask("/")), HasSubstr("self-signed"));
  EXPECT_TRUE(server.requests().empty());
}

TEST(Connector, TriesFamiliesInTurn) {
  const auto v4 = [](const char* text) {
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(text), 1);
  };
  const std::vector found{v4("::1"), v4("::2"), v4("::3"), v4("10.0.0.1"), v4("10.0.0.2")};
  EXPECT_EQ(interleaved(found), (std::vector{v4("::1"), v4("10.0.0.1"), v4("::2"), v4("10.0.0.2"), v4("::3")}));
  EXPECT_TRUE(interleaved({}).empty());
}

/// Connects to the first of the addresses that answers; the port of the peer, or 0 and the error.
std::pair<std::uint16_t, boost::system::error_code> connect(std::vector<boost::asio::ip::tcp::endpoint> addresses,
                                                            int timeout_ms = 20'000) {
  boost::asio::io_context context;
  const auto connector = std::make_shared<Connector>(context, std::move(addresses));
  std::optional<std::pair<std::uint16_t, boost::system::error_code>> outcome;
  connector->start(timeout_ms, [&](boost::system::error_code error, Connector::Socket socket) {
    outcome = {error ? std::uint16_t{0} : socket.remote_endpoint().port(), error};
  });
  EXPECT_TRUE(run_until(context, [&] { return outcome.has_value(); }));
  return outcome.value_or(std::pair{std::uint16_t{0}, boost::system::error_code{}});
}

TEST(Connector, PassesOverAnAddressThatRefuses) {
  Server server = answering([](const SeenRequest&) { return answer(200, ""); });
  const auto at = [](const char* address, std::uint16_t port) {
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(address), port);
  };
  EXPECT_EQ(connect({at("127.0.0.1", 1), at("127.0.0.2", 1), at("127.0.0.1", server.port())}).first, server.port());
  EXPECT_EQ(connect({at("127.0.0.1", 1), at("127.0.0.2", 1)}).second, boost::asio::error::connection_refused);
}

TEST(Connector, DoesNotWaitForAnAddressThatSwallowsEverything) {
  // A listener whose queue is full drops what comes after.
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor full(context);
  full.open(boost::asio::ip::tcp::v4());
  full.bind({boost::asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  std::vector<boost::asio::ip::tcp::socket> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(context, boost::asio::ip::tcp::v4());
    // Asio's own connect() would wait for those that are dropped.
    waiting.back().native_non_blocking(true);
    static_cast<void>(::connect(waiting.back().native_handle(), full.local_endpoint().data(),
                                static_cast<socklen_t>(full.local_endpoint().size())));
  }
  Server server = answering([](const SeenRequest&) { return answer(200, ""); });
  const boost::asio::ip::tcp::endpoint good(boost::asio::ip::address_v4::loopback(), server.port());
  EXPECT_EQ(connect({full.local_endpoint(), good}).first, server.port());
  EXPECT_EQ(connect({full.local_endpoint()}, 300).second, boost::asio::error::timed_out);
}

}  // namespace
}  // namespace tapeline::feeds
