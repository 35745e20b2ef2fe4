// The server's half of RFC 6455 framing: frames written by appending, and the frames of a client taken apart; with
// permessage-deflate (RFC 7692) where it was agreed upon.
//
// Why own   a load generator packs hundreds of messages into one write, and a simulator must be able to misbehave; a
//           library sends one message a write and refuses the rest. Beast, as client in the tests, is the judge.
// Failure   The reader says `broken` for frames that no client may send: unmasked, reserved bits, oversized, badly deflated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tapeline::feeds::simulator {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline constexpr std::uint16_t close_normal = 1000;
inline constexpr std::uint16_t close_going_away = 1001;
inline constexpr std::uint16_t close_protocol_error = 1002;

/// What the payload of a message is; deflated: the frames say so, and `payload` is what deflated() made.
enum class Packing : std::uint8_t { none, deflated };

/// Appends one final frame of a server.
void append_frame(std::string& out, Opcode opcode, std::string_view payload, Packing packing = Packing::none);
/// The same as fragments of at most `fragment_bytes`.
void append_fragments(std::string& out, Opcode opcode, std::string_view payload, std::size_t fragment_bytes,
                      Packing packing = Packing::none);
void append_close(std::string& out, std::uint16_t code);

/// The value of Sec-WebSocket-Accept for a client's Sec-WebSocket-Key.
[[nodiscard]] std::string accept_key(std::string_view client_key);

class ClientFrames {
 public:
  static constexpr std::size_t message_bytes_max = 1 << 20;

  enum class Status { need_more, message, broken };

  /// From here on messages may be deflated.
  void accept_deflated() noexcept { accepts_deflated_ = true; }
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// Call until it no longer says `message`.
  [[nodiscard]] Status next();

  /// Of the last message: text, binary, close, ping or pong. Continuations are joined.
  [[nodiscard]] Opcode opcode() const noexcept { return opcode_; }
  [[nodiscard]] std::string_view payload() const noexcept { return payload_; }

 private:
  [[nodiscard]] Status take(Opcode opcode, std::string payload, bool is_deflated);

  std::string buffer_;
  std::string payload_;
  std::string fragments_;
  Opcode opcode_ = Opcode::text;
  Opcode fragmented_ = Opcode::continuation;  // continuation: none under way
  bool is_deflated_ = false;                  // what is under way
  bool accepts_deflated_ = false;
};

}  // namespace tapeline::feeds::simulator
