#include "feeds/simulator/websocket_frames.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tapeline::feeds::simulator {
namespace {

std::string client_frame(unsigned first, const std::string& payload) {
  std::string out;
  out.push_back(static_cast<char>(first));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80 | payload.size()));
  } else {
    out.push_back(static_cast<char>(0x80 | 126));
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size() & 0xFF));
  }
  const std::string mask = "\x11\x22\x33\x44";
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  return out;
}

TEST(WebSocketFrames, AnswersTheHandshakeOfTheStandard) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketFrames, HaveAHeadThatFitsTheirLength) {
  std::string out;
  append_frame(out, Opcode::text, "abc");
  EXPECT_EQ(out,
            "\x81\x03"
            "abc");
  out.clear();
  append_frame(out, Opcode::text, std::string(300, 'x'));
  EXPECT_EQ(out.substr(0, 4), std::string("\x81\x7E\x01\x2C", 4));
  out.clear();
  append_frame(out, Opcode::text, std::string(70'000, 'x'));
  EXPECT_EQ(out.substr(0, 10), std::string("\x81\x7F\0\0\0\0\0\x01\x11\x70", 10));
  out.clear();
  append_close(out, close_normal);
  EXPECT_EQ(out, std::string("\x88\x02\x03\xE8", 4));
}

TEST(ClientFrames, AreReadHoweverTheyAreCut) {
  const std::string bytes =
      client_frame(0x81, "hello") + client_frame(0x89, "p") + client_frame(0x81, std::string(400, 'y'));
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    ClientFrames frames;
    std::string seen;
    for (const auto& part : {bytes.substr(0, cut), bytes.substr(cut)}) {
      frames.feed(part);
      while (frames.next() == ClientFrames::Status::message) {
        seen += std::to_string(static_cast<int>(frames.opcode())) + std::string(frames.payload()) + ";";
      }
    }
    ASSERT_EQ(seen, "1hello;9p;1" + std::string(400, 'y') + ";") << "cut at " << cut;
  }
}

TEST(ClientFrames, JoinFragmentsAroundAPing) {
  ClientFrames frames;
  frames.feed(client_frame(0x01, "ab") + client_frame(0x89, "!") + client_frame(0x00, "cd") + client_frame(0x80, "ef"));
  ASSERT_EQ(frames.next(), ClientFrames::Status::message);
  EXPECT_EQ(frames.opcode(), Opcode::ping);
  ASSERT_EQ(frames.next(), ClientFrames::Status::message);
  EXPECT_EQ(frames.opcode(), Opcode::text);
  EXPECT_EQ(frames.payload(), "abcdef");
  EXPECT_EQ(frames.next(), ClientFrames::Status::need_more);
}

TEST(ClientFrames, RefuseWhatNoClientMaySend) {
  const auto status = [](const std::string& bytes) {
    ClientFrames frames;
    frames.feed(bytes);
    return frames.next();
  };
  EXPECT_EQ(status("\x81\x03"
                   "abc"),
            ClientFrames::Status::broken);                                                         // unmasked
  EXPECT_EQ(status(client_frame(0xC1, "x")), ClientFrames::Status::broken);                        // reserved bit
  EXPECT_EQ(status(client_frame(0x80, "x")), ClientFrames::Status::broken);                        // continues nothing
  EXPECT_EQ(status(client_frame(0x09, "x")), ClientFrames::Status::broken);                        // fragmented ping
  EXPECT_EQ(status(std::string("\x81\xFF\x7F\0\0\0\0\0\0\0", 10)), ClientFrames::Status::broken);  // too long
}

}  // namespace
}  // namespace tapeline::feeds::simulator
