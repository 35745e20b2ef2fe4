// The simulator over real sockets, with Beast as the judge of what it says.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <simdjson.h>
#include <unistd.h>
#include <zlib.h>

#include "feeds/simulator/server.hpp"

namespace tapeline::feeds::simulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using boost::system::error_code;

/// A simulator on a thread of its own; stopped and joined at the end of the test.
class Running {
 public:
  explicit Running(const SimulatorOptions& options) : simulator_(options), thread_([this] { simulator_.run(); }) {}
  ~Running() { stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void stop() {
    if (!thread_.joinable()) return;
    simulator_.stop();
    thread_.join();
  }
  [[nodiscard]] tcp::endpoint endpoint() const { return {asio::ip::make_address("127.0.0.1"), simulator_.port()}; }
  [[nodiscard]] SimulatorCounters counters() const { return simulator_.counters(); }

 private:
  Simulator simulator_;
  std::thread thread_;
};

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapeline-simulator-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, const std::string& bytes) const {
    const auto path = (path_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::string write_gzip(const std::string& name, const std::string& bytes) const {
    const auto path = (path_ / name).string();
    gzFile_s* out = gzopen(path.c_str(), "wb");
    gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(out);
    return path;
  }
  [[nodiscard]] std::string name(const std::string& file) const { return (path_ / file).string(); }

 private:
  std::filesystem::path path_;
};

using Response = http::response<http::string_body>;

/// One HTTP connection that is kept alive.
template <class Stream>
Response get(Stream& stream, const std::string& target) {
  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, "127.0.0.1");
  http::write(stream, request);
  beast::flat_buffer buffer;
  Response response;
  http::read(stream, buffer, response);
  return response;
}

class PlainHttp {
 public:
  explicit PlainHttp(const Running& server) : socket_(io_) { socket_.connect(server.endpoint()); }
  Response get(const std::string& target) { return simulator::get(socket_, target); }

 private:
  asio::io_context io_;
  tcp::socket socket_;
};

class PlainWebSocket {
 public:
  PlainWebSocket(const Running& server, const std::string& target) : stream_(io_) {
    stream_.next_layer().connect(server.endpoint());
    stream_.handshake("127.0.0.1", target);
  }
  /// The next message, or what ended the connection.
  std::string read() {
    beast::flat_buffer buffer;
    stream_.read(buffer, error_);
    return error_ ? std::string() : beast::buffers_to_string(buffer.data());
  }
  void write(const std::string& text) { stream_.write(asio::buffer(text)); }
  void ping() { stream_.ping("hello"); }
  [[nodiscard]] error_code error() const { return error_; }
  [[nodiscard]] unsigned close_code() const { return stream_.reason().code; }
  websocket::stream<tcp::socket>& stream() { return stream_; }

  std::vector<std::string> read_all() {
    std::vector<std::string> messages;
    for (std::string message = read(); !error_; message = read()) messages.push_back(std::move(message));
    return messages;
  }

 private:
  asio::io_context io_;
  websocket::stream<tcp::socket> stream_;
  error_code error_;
};

std::uint64_t number_after(const std::string& text, const std::string& key) {
  const std::size_t begin = text.find(key);
  return begin == std::string::npos ? 0 : std::stoull(text.substr(begin + key.size()));
}

TEST(SimulatorHttp, AnswersEveryRouteInWellFormedJsonOverOneConnection) {
  Running server({});
  PlainHttp client(server);
  simdjson::dom::parser parser;
  for (const char* target : {"/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=any",
                             "/query?function=TIME_SERIES_INTRADAY&symbol=MSFT&interval=5min&apikey=any",
                             "/query?function=GLOBAL_QUOTE&symbol=IBM",
                             "/api/v3/simple/price?ids=bitcoin,ethereum&vs_currencies=usd&include_last_updated_at=true",
                             "/api/v3/coins/markets?vs_currency=usd", "/v8/finance/chart/AAPL?interval=1m&range=1d",
                             "/v8/finance/chart/GOOGL?interval=1d&range=5d"}) {
    const Response response = client.get(target);
    EXPECT_EQ(response.result_int(), 200U) << target;
    EXPECT_EQ(response[http::field::content_type], "application/json") << target;
    EXPECT_EQ(parser.parse(response.body()).error(), simdjson::SUCCESS) << target;
  }
  EXPECT_EQ(client.get("/v8/finance/chart/NONE?interval=1m").result_int(), 404U);
  EXPECT_EQ(client.get("/nowhere").result_int(), 404U);
  EXPECT_EQ(server.counters().connections, 1U);
  EXPECT_EQ(server.counters().http_requests, 9U);
}

TEST(SimulatorHttp, ServesCannedBytesUnchanged) {
  const Folder folder;
  std::string body = "\xEF\xBB\xBF{ \"odd\" : 1.50 }\r\n";
  body.push_back('\0');
  body += std::string(300'000, 'x');
  SimulatorOptions options;
  options.canned = {
      parse_canned_response("/query?function=GLOBAL_QUOTE&symbol=IBM=" + folder.write("quote.json", body)),
      parse_canned_response("/v8/finance/chart/AAPL=" + folder.write("429.txt", "Too Many Requests\r\n") +
                            "@429;retry-after=2")};
  Running server(options);
  PlainHttp client(server);
  const Response quote = client.get("/query?apikey=k&symbol=IBM&function=GLOBAL_QUOTE");
  EXPECT_EQ(quote.body(), body);
  EXPECT_EQ(quote[http::field::content_type], "application/json");
  const Response refused = client.get("/v8/finance/chart/AAPL?interval=1m&range=1d");
  EXPECT_EQ(refused.result_int(), 429U);
  EXPECT_EQ(refused[http::field::retry_after], "2");
  EXPECT_EQ(refused.body(), "Too Many Requests\r\n");
  EXPECT_EQ(client.get("/query?apikey=k&symbol=MSFT&function=GLOBAL_QUOTE").result_int(), 200U);
  EXPECT_EQ(server.counters().canned_responses, 2U);
}

TEST(SimulatorStream, SendsContiguousTradesThenClosesPolitely) {
  SimulatorOptions options;
  options.rate = 50'000;
  options.messages_max = 3'000;
  Running server(options);
  PlainWebSocket client(server, "/stream?streams=btcusdt@trade/ethusdt@trade");
  const auto messages = client.read_all();
  EXPECT_EQ(messages.size(), 3'000U);
  EXPECT_EQ(client.error(), websocket::error::closed);
  EXPECT_EQ(client.close_code(), websocket::close_code::normal);
  std::map<std::string, std::uint64_t> last;
  simdjson::dom::parser parser;
  for (const std::string& text : messages) {
    const simdjson::dom::element message = parser.parse(text);
    const std::string stream{std::string_view(message["stream"])};
    const std::uint64_t id = message["data"]["t"];
    if (const auto found = last.find(stream); found != last.end()) {
      ASSERT_EQ(id, found->second + 1);
    }
    last[stream] = id;
    ASSERT_GT(std::stod(std::string(std::string_view(message["data"]["p"]))), 0);
    ASSERT_EQ(std::string_view(message["data"]["e"]), "trade");
  }
  EXPECT_EQ(last.size(), 2U);
  EXPECT_EQ(server.counters().market_messages, 3'000U);
}

TEST(SimulatorStream, SubscribesOnRequestAndSendsRaw) {
  SimulatorOptions options;
  options.rate = 5'000;
  Running server(options);
  PlainWebSocket client(server, "/ws");
  client.write(R"({"method":"LIST_SUBSCRIPTIONS","id":1})");
  EXPECT_EQ(client.read(), R"({"result":[],"id":1})");
  client.write("nonsense");
  EXPECT_EQ(client.read(), R"({"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"})");
  client.write(R"({"method":"SUBSCRIBE","params":["solusdt@trade"],"id":2})");
  EXPECT_EQ(client.read(), R"({"result":null,"id":2})");
  EXPECT_EQ(client.read().find(R"({"e":"trade","E":)"), 0U);
  client.write(R"({"method":"UNSUBSCRIBE","params":["solusdt@trade"],"id":3})");
  for (std::string message = client.read(); message != R"({"result":null,"id":3})"; message = client.read()) {
    ASSERT_FALSE(client.error()) << client.error().message();
    ASSERT_EQ(message.find(R"({"e":"trade")"), 0U);
  }
  EXPECT_EQ(server.counters().control_requests, 4U);
}

TEST(SimulatorStream, MixesBestPricesInWhereAskedFor) {
  SimulatorOptions options;
  options.rate = 5'000;
  options.messages_max = 400;
  Running server(options);
  PlainWebSocket client(server, "/stream?streams=btcusdt@trade/btcusdt@bookTicker");
  std::map<std::string, int> counts;
  simdjson::dom::parser parser;
  for (const std::string& text : client.read_all())
    ++counts[std::string(std::string_view(parser.parse(text)["stream"]))];
  EXPECT_EQ(counts["btcusdt@trade"], 200);
  EXPECT_EQ(counts["btcusdt@bookTicker"], 200);
}

TEST(SimulatorStream, AnswersPings) {
  SimulatorOptions options;
  options.rate = 1'000;
  Running server(options);
  PlainWebSocket client(server, "/ws/btcusdt@trade");
  std::string pong;
  client.stream().control_callback([&](websocket::frame_type kind, beast::string_view payload) {
    if (kind == websocket::frame_type::pong) pong = std::string(payload);
  });
  client.ping();
  while (pong.empty()) ASSERT_FALSE(client.read().empty());
  EXPECT_EQ(pong, "hello");
  client.stream().close(websocket::close_code::normal);  // throws unless the other side closes properly too
}

TEST(SimulatorStream, GivesEveryClientTheSameTrades) {
  SimulatorOptions options;
  options.rate = 5'000;
  Running server(options);
  PlainWebSocket one(server, "/stream?streams=btcusdt@trade");
  PlainWebSocket two(server, "/ws/btcusdt@trade?timeUnit=MICROSECOND");
  std::string first = one.read();
  std::string second = two.read();
  for (int compared = 0; compared < 200;) {
    ASSERT_FALSE(first.empty() || second.empty());
    const auto first_id = number_after(first, "\"t\":");
    const auto second_id = number_after(second, "\"t\":");
    if (first_id < second_id) {
      first = one.read();
    } else if (second_id < first_id) {
      second = two.read();
    } else {
      const auto price_and_size = [](const std::string& text) {
        const std::size_t begin = text.find("\"p\":");
        return text.substr(begin, text.find(",\"T\":") - begin);
      };
      ASSERT_EQ(price_and_size(first), price_and_size(second));
      ASSERT_EQ(number_after(first, "\"E\":"), number_after(second, "\"E\":") / 1000);
      ++compared;
      first = one.read();
    }
  }
}

TEST(SimulatorStream, CutsAConnectionAfterSoManyMessages) {
  SimulatorOptions options;
  options.rate = 5'000;
  options.drop_connection_every = 25;
  Running server(options);
  for (int connection = 0; connection < 2; ++connection) {
    PlainWebSocket client(server, "/ws/btcusdt@trade");
    EXPECT_EQ(client.read_all().size(), 25U);
    EXPECT_NE(client.error(), websocket::error::closed);
  }
  EXPECT_EQ(server.counters().connections_dropped, 2U);
}

TEST(SimulatorStream, FallsSilentButStays) {
  SimulatorOptions options;
  options.rate = 20'000;
  options.silent_after = 10;
  Running server(options);
  PlainWebSocket silent(server, "/ws/btcusdt@trade");
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(silent.read().empty());
  {
    PlainWebSocket other(server, "/ws/btcusdt@trade");
    for (int i = 0; i < 10; ++i) ASSERT_FALSE(other.read().empty());  // by now the first would have had many more
  }
  EXPECT_EQ(server.counters().market_messages, 20U);
  std::thread reader([&] { EXPECT_EQ(silent.read(), ""); });
  server.stop();
  reader.join();
  EXPECT_EQ(silent.error(), websocket::error::closed);
}

TEST(SimulatorStream, DisconnectsAClientThatReadsTooSlowly) {
  SimulatorOptions options;
  options.rate = 200'000;
  options.out_queue_bytes_max = 64 * 1024;
  Running server(options);
  PlainWebSocket client(server, "/stream?streams=btcusdt@trade/ethusdt@trade/solusdt@trade/dogeusdt@trade");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (server.counters().slow_clients_dropped == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server.counters().slow_clients_dropped, 1U);
  client.read_all();  // comes to an end
  EXPECT_NE(client.error(), websocket::error::closed);
}

TEST(SimulatorStream, SaysGoodbyeWhenItStops) {
  Running server({});
  PlainWebSocket client(server, "/ws/btcusdt@trade");
  std::thread reader([&] { client.read_all(); });
  server.stop();
  reader.join();
  EXPECT_EQ(client.error(), websocket::error::closed);
  EXPECT_EQ(client.close_code(), websocket::close_code::normal);
}

class Playback : public testing::Test {
 protected:
  Playback() {
    std::string plain;
    for (int i = 0; i < 20'000; ++i) {
      lines_.push_back("{\"stream\":\"x@trade\",\"data\":{\"t\":" + std::to_string(i) + "}}" +
                       std::string(static_cast<std::size_t>(i % 500), ' '));
      plain += std::to_string(1'000'000LL * i) + ' ' + lines_.back() + '\n';
      if (i == 9'999) {
        files_.push_back(folder_.write("first.txt", plain));
        plain.clear();
      }
    }
    files_.push_back(folder_.write_gzip("second.txt.gz", plain));
  }

  Folder folder_;
  std::vector<std::string> lines_;
  std::vector<std::string> files_;
};

TEST_F(Playback, ArrivesCompleteAndInOrder) {
  SimulatorOptions options;
  options.recordings = files_;
  options.recording_pacing = Pacing::fastest;
  options.out_queue_bytes_max = 512 * 1024;  // a slow reader of a recording is waited for, not dropped
  Running server(options);
  for (int connection = 0; connection < 2; ++connection) {
    PlainWebSocket client(server, "/stream?streams=x@trade");
    EXPECT_TRUE(client.read_all() == lines_);
    EXPECT_EQ(client.error(), websocket::error::closed);
    EXPECT_EQ(client.close_code(), websocket::close_code::normal);
  }
  EXPECT_EQ(server.counters().slow_clients_dropped, 0U);
}

TEST_F(Playback, KeepsItsPaceTimesTheSpeed) {
  SimulatorOptions options;
  options.recordings = files_;
  options.recording_speed = 40;  // twenty seconds in half a second
  Running server(options);
  const auto start = std::chrono::steady_clock::now();
  PlainWebSocket client(server, "/anything");
  EXPECT_TRUE(client.read_all() == lines_);
  // Never faster than asked for; how much slower is the machine's affair.
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(499));
}

TEST(SimulatorStart, RefusesNonsense) {
  const auto start = [](auto change) {
    SimulatorOptions options;
    change(options);
    Simulator simulator(options);
  };
  EXPECT_THROW(start([](SimulatorOptions& o) { o.listen = "nowhere"; }), std::invalid_argument);
  EXPECT_THROW(start([](SimulatorOptions& o) { o.listen = "no.such.address:1"; }), std::invalid_argument);
  EXPECT_THROW(start([](SimulatorOptions& o) { o.listen = "127.0.0.1:70000"; }), std::invalid_argument);
  EXPECT_THROW(start([](SimulatorOptions& o) { o.rate = -1; }), std::invalid_argument);
  EXPECT_THROW(start([](SimulatorOptions& o) { o.recording_speed = 0; }), std::invalid_argument);
  EXPECT_THROW(start([](SimulatorOptions& o) { o.recordings = {"/no/such/recording"}; }), std::runtime_error);
  EXPECT_THROW(start([](SimulatorOptions& o) { o.tls_certificate_file = "alone.pem"; }), std::invalid_argument);
  EXPECT_THROW(start([](SimulatorOptions& o) { o.messages_max = 0; }), std::invalid_argument);
  Simulator first({});
  EXPECT_THROW(start([&](SimulatorOptions& o) { o.listen = first.address(); }), std::runtime_error);
}

/// Writes a self-signed certificate for 127.0.0.1 and its key.
void make_certificate(const std::string& certificate_file, const std::string& key_file) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  std::FILE* file = std::fopen(certificate_file.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  file = std::fopen(key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

TEST(SimulatorTls, ServesHttpAndWebSocketsEncrypted) {
  const Folder folder;
  make_certificate(folder.name("cert.pem"), folder.name("key.pem"));
  SimulatorOptions options;
  options.tls_certificate_file = folder.name("cert.pem");
  options.tls_key_file = folder.name("key.pem");
  options.rate = 5'000;
  options.messages_max = 100;
  Running server(options);

  asio::io_context io;
  asio::ssl::context tls(asio::ssl::context::tls_client);
  tls.load_verify_file(folder.name("cert.pem"));
  tls.set_verify_mode(asio::ssl::verify_peer);
  beast::ssl_stream<tcp::socket> https(io, tls);
  https.next_layer().connect(server.endpoint());
  https.handshake(asio::ssl::stream_base::client);
  EXPECT_EQ(get(https, "/v8/finance/chart/AAPL?interval=1m").result_int(), 200U);

  websocket::stream<beast::ssl_stream<tcp::socket>> wss(io, tls);
  wss.next_layer().next_layer().connect(server.endpoint());
  wss.next_layer().handshake(asio::ssl::stream_base::client);
  wss.handshake("127.0.0.1", "/ws/btcusdt@trade");
  int messages = 0;
  error_code error;
  for (;; ++messages) {
    beast::flat_buffer buffer;
    wss.read(buffer, error);
    if (error) break;
  }
  EXPECT_EQ(messages, 100);
  EXPECT_EQ(error, websocket::error::closed);
}

}  // namespace
}  // namespace tapeline::feeds::simulator
