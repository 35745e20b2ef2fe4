// The cache stage and the Redis sink against a real server that is killed, hung, filled up and locked.
#include "sinks/redis/publisher.hpp"

#include <functional>

#include <gmock/gmock.h>

#include "core/runtime/idle.hpp"
#include "sinks/redis/encoder.hpp"
#include "tests/support/private_redis.hpp"
#include "tests/support/redis_values.hpp"
#include "tests/support/row_catalog.hpp"

namespace tapeline::sinks::redis {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::Not;
using testing::SizeIs;

constexpr Nanos patience_ns = 20 * nanos_per_second;

/// What a user would see: a second connection beside the sink's.
class Observer {
 public:
  explicit Observer(const test::PrivateRedis& server) { open(server); }
  void open(const test::PrivateRedis& server) {
    const std::string problem = connection_.open(*parse_address(server.address()), steady_now_ns() + patience_ns);
    if (!problem.empty()) throw std::runtime_error(problem);
  }
  Reply ask(std::initializer_list<std::string_view> words) {
    Commands commands;
    commands.add(words);
    auto replies = connection_.exchange(commands, steady_now_ns() + patience_ns);
    if (!replies) throw std::runtime_error(replies.error());
    return replies->front();
  }
  /// The next message of a subscription.
  Reply next() {
    auto reply = connection_.receive(steady_now_ns() + patience_ns);
    if (!reply) throw std::runtime_error(reply.error());
    return *reply;
  }
  std::string get(std::string_view key) { return ask({"GET", key}).text; }
  /// The alert_id fields of the stream, in its order.
  std::vector<std::string> stored_alerts() {
    std::vector<std::string> ids;
    for (const Reply& entry : ask({"XRANGE", "alerts", "-", "+"}).items) ids.push_back(entry.items[1].items[1].text);
    return ids;
  }

 private:
  Connection connection_;
};

class RedisPublisher : public testing::Test {
 protected:
  const std::shared_ptr<const RowCatalog> catalog_ = test::default_catalog();

  void SetUp() override {
    if (!test::PrivateRedis::is_installed()) GTEST_SKIP() << "no redis-server: apt-get install redis-server";
  }

  void serve(std::vector<std::string> settings = {}, Config config = {}) {
    server_.emplace(std::move(settings));
    config.address = server_->address();
    if (config.call_timeout_ms > 1'000) config.call_timeout_ms = 1'000;
    config.reconnect_delay_ms_max = 100;
    publisher_.emplace(config, Publisher::Surroundings{
                                   .catalog = catalog_,
                                   .source_name = [](SourceCode) { return std::string("binance"); },
                                   .tell = [this](Severity, std::string text) { told_.push_back(std::move(text)); }});
    cache_.emplace(
        ring_, std::vector<CacheSink*>{&*publisher_},
        Cache::Options{.flush_interval_ns = nanos_per_millisecond, .alerts_waiting_max = config.alerts_waiting_max});
    put(UpdateKind::instrument).as_instrument = test::instrument_row("BTC-USD");
    ring_.publish();
  }
  Update& put(UpdateKind kind) {
    Update* update = ring_.try_claim();
    if (update == nullptr) throw std::logic_error("the ring of the test is full");
    update->kind = kind;
    update->source = SourceCode{4};
    update->instrument = 0;
    update->position = 4096;
    return *update;
  }
  void put_latest(const Latest& latest) {
    put(UpdateKind::latest).as_latest = latest;
    ring_.publish();
  }
  void put_alert(std::uint64_t id_millis, std::uint64_t id_sequence) {
    put(UpdateKind::alert).as_alert = test::alert_row(id_millis, id_sequence);
    ring_.publish();
  }
  /// Polls the stage until `holds`; false when it never does.
  bool poll_until(const std::function<bool()>& holds) {
    for (const Nanos deadline_ns = steady_now_ns() + patience_ns; steady_now_ns() < deadline_ns;) {
      cache_->poll();
      if (holds()) return true;
      sleep_for(nanos_per_millisecond / 2);
    }
    return false;
  }
  bool poll_until_drained() {
    return poll_until([&] { return cache_->drained() && publisher_->status().state != State::waiting; });
  }

  SpscRing<Update> ring_{1'024};
  std::vector<std::string> told_;
  std::optional<test::PrivateRedis> server_;
  std::optional<Publisher> publisher_;
  std::optional<Cache> cache_;
};

TEST_F(RedisPublisher, WritesValuesThatExpire) {
  serve();
  Latest latest = test::latest_value(6'183'763, 70.464135021097);
  latest.signal = Signal::sell;
  latest.trend = Trend::bullish;
  put_latest(latest);
  ASSERT_TRUE(poll_until_drained());
  Observer observer(*server_);
  EXPECT_EQ(observer.get("BTC-USD:price"), "61837.63");
  EXPECT_EQ(observer.get("BTC-USD:rsi"), "70.464135021097");
  EXPECT_EQ(observer.get("BTC-USD:signal"), "SELL");
  EXPECT_EQ(observer.get("BTC-USD:trend"), "bullish");
  EXPECT_EQ(observer.ask({"HGET", "market:data", "BTC-USD"}).text, "61837.63");
  for (const char* key : {"BTC-USD:price", "BTC-USD:rsi", "BTC-USD:signal", "BTC-USD:trend", "market:data"}) {
    EXPECT_THAT(observer.ask({"TTL", key}).integer, AllOf(Ge(200), Le(300))) << key;
  }
}

TEST_F(RedisPublisher, TakesAnRsiAwayOnceItIsUndefined) {
  serve();
  put_latest(test::latest_value(100, 50));
  ASSERT_TRUE(poll_until_drained());
  put_latest(test::latest_value(100));
  ASSERT_TRUE(poll_until_drained());
  EXPECT_EQ(Observer(*server_).ask({"EXISTS", "BTC-USD:rsi"}).integer, 0);
}

TEST_F(RedisPublisher, StoresAndPublishesAnAlertUnderOneId) {
  serve();
  Observer subscriber(*server_);
  subscriber.ask({"PSUBSCRIBE", "alerts:*"});
  put_alert(1'723'161'300'123, 77);
  ASSERT_TRUE(poll_until_drained());

  const Reply message = subscriber.next();
  ASSERT_THAT(message.items, SizeIs(4));
  EXPECT_EQ(message.items[2].text, "alerts:BTC-USD");
  EXPECT_EQ(message.items[3].text,
            alert_json(test::alert_row(1'723'161'300'123, 77), {"BTC-USD", "binance", 4096, catalog_.get()}));

  const Reply stream = Observer(*server_).ask({"XRANGE", "alerts", "-", "+"});
  ASSERT_THAT(stream.items, SizeIs(1));
  EXPECT_EQ(stream.items[0].items[0].text, "1723161300123-77");
  std::vector<std::string> fields;
  for (const Reply& item : stream.items[0].items[1].items) fields.push_back(item.text);
  EXPECT_THAT(fields,
              ElementsAre("alert_id", "1723161300123-77", "rule", "rsi_oversold", "rule_version", "1", "severity",
                          "info", "symbol", "BTC-USD", "source", "binance", "interval_s", "60", "bar_start",
                          "2024-08-08T23:54:00Z", "bar_end", "2024-08-08T23:55:00Z", "signal", "BUY", "trend",
                          "bearish", "close", "61837.63", "rsi", "28.25", "sma", "62000.5", "bb_upper", "63000",
                          "bb_lower", "61001", "change_pct", "-0.125", "volatility", "", "journal_position", "4096",
                          "message", "BTC-USD rsi_oversold: rsi 28.25", "evidence", R"({"rsi":28.25})"));
}

TEST_F(RedisPublisher, PublishesARepeatedAlertOnce) {
  serve();
  Observer subscriber(*server_);
  subscriber.ask({"PSUBSCRIBE", "alerts:*"});
  put_alert(1'000, 1);
  put_alert(1'000, 1);
  put_alert(2'000, 2);
  put_alert(1'000, 1);
  ASSERT_TRUE(poll_until_drained());
  EXPECT_THAT(Observer(*server_).stored_alerts(), ElementsAre("1000-1", "2000-2"));
  EXPECT_THAT(subscriber.next().items[3].text, HasSubstr("\"1000-1\""));
  EXPECT_THAT(subscriber.next().items[3].text, HasSubstr("\"2000-2\"")) << "the repeated one must not come between";
  EXPECT_EQ(publisher_->status().alerts_delivered, 2U);
  EXPECT_EQ(publisher_->status().alerts_repeated, 2U);
}

TEST_F(RedisPublisher, StoresAnAlertOnceAlsoWhenItsIdIsBelowTheNewest) {
  serve();
  Observer subscriber(*server_);
  subscriber.ask({"PSUBSCRIBE", "alerts:*"});
  put_alert(2'000, 1);
  put_alert(1'000, 9);
  put_alert(1'000, 9);
  put_alert(3'000, 1);
  ASSERT_TRUE(poll_until_drained());
  EXPECT_THAT(Observer(*server_).stored_alerts(), ElementsAre("2000-1", "1000-9", "3000-1"));
  for (const char* id : {"\"2000-1\"", "\"1000-9\"", "\"3000-1\""}) {
    EXPECT_THAT(subscriber.next().items[3].text, HasSubstr(id));
  }
}

TEST_F(RedisPublisher, CapsTheStream) {
  serve({"--stream-node-max-entries", "1"}, {.alert_stream_length_max = 5});
  for (std::uint64_t id = 1; id <= 50; ++id) put_alert(id, 1);
  ASSERT_TRUE(poll_until_drained());
  EXPECT_THAT(Observer(*server_).stored_alerts(), ElementsAre("46-1", "47-1", "48-1", "49-1", "50-1"));
}

TEST_F(RedisPublisher, SendsEverythingAgainToAServerThatWasKilled) {
  serve();
  put_latest(test::latest_value(100, 50));
  put_alert(1'000, 1);
  ASSERT_TRUE(poll_until_drained());

  server_->kill();
  ASSERT_TRUE(poll_until([&] { return publisher_->status().state == State::waiting; }))
      << "notices without anything to send";
  put_alert(2'000, 2);
  for (std::int64_t price = 101; price <= 200; ++price) put_latest(test::latest_value(price));
  put_alert(3'000, 3);
  ASSERT_TRUE(poll_until([&] { return publisher_->status().errors >= 3; }));
  EXPECT_FALSE(cache_->drained());

  server_->start();
  ASSERT_TRUE(poll_until_drained());
  Observer observer(*server_);
  EXPECT_EQ(observer.get("BTC-USD:price"), "2");
  EXPECT_THAT(observer.stored_alerts(), ElementsAre("2000-2", "3000-3"));
  EXPECT_EQ(publisher_->status().connects, 2U);
  ASSERT_THAT(told_, SizeIs(2)) << "one message for the outage, one for its end";
  EXPECT_THAT(told_[1], HasSubstr("is back"));
}

TEST_F(RedisPublisher, SendsAQuietMarketAgainAfterARestart) {
  serve();
  put_latest(test::latest_value(100, 50));
  ASSERT_TRUE(poll_until_drained());
  server_->kill();
  server_->start();
  ASSERT_TRUE(poll_until([&] { return publisher_->status().connects == 2 && cache_->drained(); }));
  EXPECT_EQ(Observer(*server_).get("BTC-USD:price"), "1");
}

TEST_F(RedisPublisher, OutlivesAServerThatHangs) {
  serve({}, {.call_timeout_ms = 100});
  put_alert(1'000, 1);
  ASSERT_TRUE(poll_until_drained());
  server_->pause();
  put_alert(2'000, 2);
  ASSERT_TRUE(poll_until([&] { return publisher_->status().errors >= 2; }));
  EXPECT_THAT(publisher_->status().last_error, HasSubstr("no answer in time"));
  server_->resume();
  ASSERT_TRUE(poll_until_drained());
  // The hung server had the command in its socket and carried it out when it woke up: the repetition changes nothing.
  EXPECT_THAT(Observer(*server_).stored_alerts(), ElementsAre("1000-1", "2000-2"));
}

TEST_F(RedisPublisher, WaitsWhileTheServerRefusesWrites) {
  serve();
  put_latest(test::latest_value(100));
  ASSERT_TRUE(poll_until_drained());
  Observer observer(*server_);
  observer.ask({"CONFIG", "SET", "maxmemory", "1"});
  put_alert(1'000, 1);
  ASSERT_TRUE(poll_until([&] { return publisher_->status().errors >= 2; }));
  EXPECT_THAT(publisher_->status().last_error, HasSubstr("OOM"));
  EXPECT_THAT(observer.stored_alerts(), IsEmpty());
  observer.ask({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_TRUE(poll_until_drained());
  EXPECT_THAT(observer.stored_alerts(), ElementsAre("1000-1"));
}

TEST_F(RedisPublisher, KeepsValuesCurrentWhileAlertsAreRefused) {
  serve();
  Observer observer(*server_);
  observer.ask({"SET", "alerts", "somebody else's"});
  put_alert(1'000, 1);
  put_latest(test::latest_value(100));
  ASSERT_TRUE(poll_until([&] { return publisher_->status().errors >= 2; }));
  EXPECT_THAT(publisher_->status().last_error, HasSubstr("WRONGTYPE"));
  put_latest(test::latest_value(200));
  ASSERT_TRUE(poll_until([&] { return observer.get("BTC-USD:price") == "2"; }));
  observer.ask({"DEL", "alerts"});
  ASSERT_TRUE(poll_until_drained());
  EXPECT_THAT(observer.stored_alerts(), ElementsAre("1000-1"));
}

TEST_F(RedisPublisher, ConflatesAStormToItsLastValue) {
  serve();
  put_latest(test::latest_value(1));
  ASSERT_TRUE(poll_until_drained());
  const std::uint64_t before = publisher_->status().commands;
  server_->kill();
  constexpr std::int64_t storm = 10'000;
  for (std::int64_t price = 1; price <= storm; ++price) {
    put_latest(test::latest_value(price * 100));
    if (price % 512 == 0) cache_->poll();
  }
  server_->start();
  ASSERT_TRUE(poll_until([&] { return publisher_->status().connects == 2 && cache_->drained(); }));
  EXPECT_EQ(Observer(*server_).get("BTC-USD:price"), "10000");
  EXPECT_LT(publisher_->status().commands - before, 50U) << "a handful of flushes, not ten thousand";
}

TEST_F(RedisPublisher, SaysAWrongPasswordOnceAndKeepsItToItself) {
  serve({"--requirepass", "right7f3a"}, {.password = Secret("wrong7f3a")});
  put_alert(1'000, 1);
  ASSERT_TRUE(poll_until([&] { return publisher_->status().errors >= 2; })) << "it is asked again";
  EXPECT_EQ(publisher_->status().state, State::refused);
  EXPECT_EQ(cache_->alerts_settled(), 0U) << "what was not delivered does not pass for delivered";
  EXPECT_FALSE(cache_->drained());
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_THAT(told_[0], AllOf(HasSubstr("redis.password"), Not(HasSubstr("7f3a"))));
  EXPECT_THAT(publisher_->status().last_error, Not(HasSubstr("7f3a")));
}

TEST_F(RedisPublisher, DeliversWhatWaitedWhileThePasswordWasAnother) {
  serve({"--requirepass", "first"}, {.password = Secret("first")});
  put_alert(1'000, 1);
  ASSERT_TRUE(poll_until_drained());
  Observer observer(*server_);
  observer.ask({"AUTH", "first"});
  observer.ask({"CONFIG", "SET", "requirepass", "second"});
  observer.ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  put_alert(2'000, 2);
  ASSERT_TRUE(poll_until([&] { return publisher_->status().state == State::refused; }));
  EXPECT_EQ(cache_->alerts_settled(), 1U);
  observer.ask({"CONFIG", "SET", "requirepass", "first"});
  ASSERT_TRUE(poll_until([&] { return cache_->drained() && publisher_->status().state == State::connected; }));
  EXPECT_THAT(observer.stored_alerts(), ElementsAre("1000-1", "2000-2"));
  EXPECT_EQ(publisher_->status().alerts_given_up, 0U);
}

TEST_F(RedisPublisher, SaysHowManyAlertsAServerWasAwayForTooLongToGet) {
  serve({}, {.alerts_waiting_max = 2});
  put_alert(1'000, 1);
  ASSERT_TRUE(poll_until_drained());
  server_->kill();
  ASSERT_TRUE(poll_until([&] { return publisher_->status().state == State::waiting; }));
  for (std::uint64_t id = 2; id <= 6; ++id) put_alert(id * 1'000, id);
  ASSERT_TRUE(poll_until([&] { return publisher_->status().alerts_given_up == 3; }));
  EXPECT_EQ(cache_->alerts_settled(), 4U);

  server_->start();
  ASSERT_TRUE(poll_until_drained());
  EXPECT_THAT(Observer(*server_).stored_alerts(), ElementsAre("5000-5", "6000-6"));
  ASSERT_THAT(told_, SizeIs(4)) << "the outage, the first that is given up, its end, what is missing";
  EXPECT_THAT(told_[1], HasSubstr("from journal position 4096"));
  EXPECT_THAT(told_[3], HasSubstr("3 alerts were not delivered"));
  EXPECT_EQ(publisher_->status().alerts_given_up, 3U);
}

TEST_F(RedisPublisher, SkipsAndCountsWhatMayNotBeAKey) {
  serve();
  Update& announced = put(UpdateKind::instrument);
  announced.instrument = 1;
  announced.as_instrument = test::instrument_row("BTC USD\r\nFLUSHALL");
  ring_.publish();
  Update& value = put(UpdateKind::latest);
  value.instrument = 1;
  value.as_latest = test::latest_value(1);
  ring_.publish();
  put_latest(test::latest_value(100));
  ASSERT_TRUE(poll_until_drained());
  EXPECT_EQ(publisher_->status().symbols_skipped, 1U);
  EXPECT_THAT(Observer(*server_).ask({"HKEYS", "market:data"}).items, SizeIs(1));
}

TEST(RedisPublisherSetup, RefusesAnAddressThatIsNone) {
  EXPECT_THROW(Publisher({.address = "rediss://cache.example"}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace tapeline::sinks::redis
