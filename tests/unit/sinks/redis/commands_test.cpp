#include "sinks/redis/commands.hpp"

#include <gtest/gtest.h>

namespace tapeline::sinks::redis {
namespace {

TEST(RedisCommands, WritesArraysOfBulkStrings) {
  Commands commands;
  commands.add({"GET", "BTC-USD:price"});
  EXPECT_EQ(commands.bytes(), "*2\r\n$3\r\nGET\r\n$13\r\nBTC-USD:price\r\n");
  EXPECT_EQ(commands.count(), 1U);
}

TEST(RedisCommands, CountsBytesNotCharactersAndMindsNoLineBreak) {
  Commands commands;
  commands.add({"SET", "k", "a\r\nb\xC3\xA9"});
  EXPECT_EQ(commands.bytes(), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\na\r\nb\xC3\xA9\r\n");
}

TEST(RedisCommands, StartsAfreshWhenCleared) {
  Commands commands;
  commands.add({"PING"});
  commands.clear();
  EXPECT_EQ(commands.bytes(), "");
  EXPECT_EQ(commands.count(), 0U);
}

}  // namespace
}  // namespace tapeline::sinks::redis
