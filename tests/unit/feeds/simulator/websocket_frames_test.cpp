#include "feeds/simulator/websocket_frames.hpp"

#include <string>

#include <gtest/gtest.h>

#include "feeds/simulator/packing.hpp"

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

TEST(DeflatedMessages, AreAgreedUponInTheWordsOfTheStandard) {
  const std::string agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  EXPECT_EQ(accepted_deflate("permessage-deflate"), agreed);
  EXPECT_EQ(accepted_deflate("x-webkit, permessage-deflate; client_max_window_bits"), agreed);
  EXPECT_EQ(accepted_deflate("permessage-deflate; server_max_window_bits=15; client_max_window_bits=15"),
            agreed + "; server_max_window_bits=15");
  // The first offer asks for a window that is not ours, the second is content with any.
  EXPECT_EQ(accepted_deflate("permessage-deflate;server_max_window_bits=10,permessage-deflate"), agreed);
  for (const char* offer :
       {"", "x-webkit", "permessage-deflate-frame", "permessage-deflate; server_max_window_bits=10"})
    EXPECT_EQ(accepted_deflate(offer), "") << offer;
}

TEST(DeflatedMessages, AreThoseOfTheStandardAndComeBack) {
  // RFC 7692, 7.2.3.1.
  EXPECT_EQ(deflated("Hello"), std::string("\xF2\x48\xCD\xC9\xC9\x07\x00", 7));
  EXPECT_EQ(deflated(""), std::string(1, '\0'));
  std::string long_one;
  for (int i = 0; i < 40'000; ++i) long_one.push_back(static_cast<char>('a' + (i * i + i / 7) % 23));
  for (const std::string& message : {std::string(), std::string("Hello"), long_one}) {
    EXPECT_EQ(inflated(deflated(message), 1 << 20), message);
  }
  EXPECT_LT(deflated(long_one).size(), long_one.size());
  EXPECT_FALSE(inflated(deflated(long_one), long_one.size() - 1)) << "a bomb";
  EXPECT_FALSE(inflated("no deflate at all", 1 << 20));
}

TEST(DeflatedMessages, SayThatTheyAreInTheirFirstFrame) {
  const std::string packed = deflated("Hello");
  std::string out;
  append_frame(out, Opcode::text, packed, Packing::deflated);
  EXPECT_EQ(out, std::string("\xC1\x07", 2) + packed);
  out.clear();
  append_fragments(out, Opcode::text, packed, 4, Packing::deflated);
  EXPECT_EQ(out, std::string("\x41\x04", 2) + packed.substr(0, 4) + std::string("\x80\x03", 2) + packed.substr(4));
}

TEST(DeflatedMessages, OfAClientAreInflatedWhereThatWasAgreedUpon) {
  const std::string packed = deflated("Hello");
  ClientFrames frames;
  frames.accept_deflated();
  frames.feed(client_frame(0x41, packed.substr(0, 3)) + client_frame(0x80, packed.substr(3)) +
              client_frame(0x81, "plain") + client_frame(0xC1, packed));
  for (const char* expected : {"Hello", "plain", "Hello"}) {
    ASSERT_EQ(frames.next(), ClientFrames::Status::message);
    EXPECT_EQ(frames.payload(), expected);
  }
  for (const std::string& bad : {client_frame(0xC1, "no deflate at all"), client_frame(0xC9, packed)}) {
    ClientFrames refusing;
    refusing.accept_deflated();
    refusing.feed(bad);
    EXPECT_EQ(refusing.next(), ClientFrames::Status::broken);
  }
}

}  // namespace
}  // namespace tapeline::feeds::simulator
