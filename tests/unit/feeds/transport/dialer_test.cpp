// A name server that does not answer: getaddrinfo() of this program takes as long as a test wants.
#include "feeds/transport/dialer.hpp"

#include <atomic>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <netdb.h>

namespace {

std::atomic<bool> is_answering{false};

}  // namespace

/// Stands before the C library's.
extern "C" int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) {
  while (!is_answering.load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return EAI_NONAME;
}

namespace tapeline::feeds {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Dial : public testing::Test {
 protected:
  /// Whoever destroys a context waits for its resolver.
  void TearDown() override { is_answering.store(true); }

  void start() {
    is_answering.store(false);
    TransportConfig config;
    config.connect_timeout_ms = 50;
    dialer_ = std::make_shared<Dialer>(context_, *parse_url("ws://exchange.invalid:80/"), config);
    dialer_->start([this](Result<Dialer::Socket, std::string> result) {
      ++answers_;
      why_ = result ? "" : result.error();
    });
  }

  boost::asio::io_context context_{1};
  std::shared_ptr<Dialer> dialer_;
  int answers_ = 0;
  std::optional<std::string> why_;
};

TEST_F(Dial, DoesNotWaitForANameServerForEver) {
  start();
  context_.run_one_for(std::chrono::seconds(20));
  ASSERT_TRUE(why_) << "the name server is waited for";
  EXPECT_THAT(*why_, AllOf(HasSubstr("cannot resolve exchange.invalid"), HasSubstr("nothing within 50 ms")));
  is_answering.store(true);
  context_.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(answers_, 1) << "what comes later is nobody's";
}

TEST_F(Dial, TellsWhatTheNameServerSays) {
  start();
  is_answering.store(true);
  while (!why_ && context_.run_one_for(std::chrono::seconds(20)) > 0) {
  }
  ASSERT_TRUE(why_);
  EXPECT_THAT(*why_, HasSubstr("cannot resolve exchange.invalid: Host not found"));
}

}  // namespace
}  // namespace tapeline::feeds
