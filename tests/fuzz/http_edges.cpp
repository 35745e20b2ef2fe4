// What comes in by HTTP and what addresses are taken from a configuration: lines Host, Origin, Authorization, Cookie, query,
// address.
#include "app/config/address.hpp"
#include "app/service/query.hpp"
#include "feeds/simulator/request.hpp"
#include "feeds/simulator/websocket_frames.hpp"
#include "feeds/transport/url.hpp"
#include "sinks/dashboard/access.hpp"
#include "sinks/dashboard/http_server.hpp"
#include "sinks/redis/address.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapeline;
  using fuzz::require;
  static const sinks::dashboard::AccessPolicy open_policy({"dash.example"}, Secret{});
  static const sinks::dashboard::AccessPolicy closed_policy({"dash.example"}, Secret{"correct horse battery staple"});
  fuzz::Input input(data, size);
  sinks::dashboard::Credentials credentials;
  credentials.host = input.line();
  credentials.origin = input.line();
  credentials.authorization = input.line();
  credentials.cookie = input.line();
  const auto place = open_policy.check_place(credentials);
  require(open_policy.check(credentials) == place, "without a token the place decides");
  if (closed_policy.check(credentials) == sinks::dashboard::Access::granted) {
    require(place == sinks::dashboard::Access::granted, "a token does not help in the wrong place");
    const std::string said = sinks::dashboard::percent_decoded(std::string(credentials.authorization) + ' ' +
                                                               std::string(credentials.cookie));
    require(said.find("correct horse battery staple") != std::string::npos, "nobody gets in without the token");
  }
  const std::string query_text(input.line());
  const app::Query query(query_text);
  static_cast<void>(query.text("symbol"));
  const std::int64_t number = query.number("limit", 7, 1, 10);
  require(number >= 1 && number <= 10, "a number is within its limits");
  require(sinks::dashboard::percent_decoded(feeds::url_encoded(query_text)) == query_text, "an encoded text decodes");
  static_cast<void>(feeds::simulator::parse_target(query_text));
  const std::string_view address = input.line();
  if (const auto url = feeds::parse_url(address)) {
    require(!url->host.empty() && !url->path.empty() && url->path.front() == '/', "an address has a host and a path");
    const int port = std::atoi(url->port.c_str());
    require(port >= 1 && port <= 65'535, "and a port");
  }
  for (const app::Protocol protocol : {app::Protocol::http, app::Protocol::websocket}) {
    const auto resolved = app::resolve_address(address, protocol);
    if (!resolved) continue;
    const auto url = feeds::parse_url(*resolved);
    require(url.has_value(), "what is taken as an address is one");
    require(url->security == feeds::Security::tls || app::is_loopback(url->host), "keys do not travel in plain");
  }
  static_cast<void>(sinks::redis::parse_address(address));
  feeds::simulator::ClientFrames frames;
  std::string_view rest = input.rest();
  while (!rest.empty()) {
    const std::size_t step = std::min<std::size_t>(rest.size(), 1 + static_cast<unsigned char>(rest.front()) % 7);
    frames.feed(rest.substr(0, step));
    rest.remove_prefix(step);
    while (frames.next() == feeds::simulator::ClientFrames::Status::message) {
      require(frames.payload().size() <= feeds::simulator::ClientFrames::message_bytes_max,
              "a message is within its limit");
    }
  }
  return 0;
}
