// Prints every alert of the channels alerts:* as it fires. Build: g++ -std=c++20 alerts.cpp -lhiredis -o alerts
//
// Usage     ./alerts [HOST [PORT]]      A message is the alert as one JSON object; docs/operating.md and README.md tell its fields.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <hiredis/hiredis.h>

namespace {

struct Free {
  void operator()(redisContext* context) const { redisFree(context); }
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

}  // namespace

int main(int count, char** words) {
  const char* const host = count > 1 ? words[1] : "127.0.0.1";
  const int port = count > 2 ? std::atoi(words[2]) : 6379;
  const std::unique_ptr<redisContext, Free> redis(redisConnect(host, port));
  if (!redis || redis->err != 0) {
    std::fprintf(stderr, "cannot connect to %s:%d: %s\n", host, port, redis ? redis->errstr : "no memory");
    return 1;
  }
  void* answer = redisCommand(redis.get(), "PSUBSCRIBE alerts:*");
  while (answer != nullptr) {
    const std::unique_ptr<redisReply, Free> reply(static_cast<redisReply*>(answer));
    // A message comes as "pmessage", pattern, channel, payload.
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 4) std::printf("%s\n", reply->element[3]->str);
    std::fflush(stdout);
    answer = nullptr;
    if (redisGetReply(redis.get(), &answer) != REDIS_OK) break;
  }
  std::fprintf(stderr, "the connection was lost: %s\n", redis->errstr);
  return 1;
}
