#include "feeds/simulator/websocket_frames.hpp"

#include <array>
#include <utility>

#include <openssl/evp.h>

#include "feeds/simulator/packing.hpp"
#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr std::string_view handshake_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr unsigned final_bit = 0x80;
constexpr unsigned deflated_bit = 0x40;  // RSV1, of a message's first frame
constexpr unsigned reserved_bits = 0x30;

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>((value >> shift) & 0xFF));
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

void append_part(std::string& out, unsigned first, std::string_view payload) {
  out.push_back(static_cast<char>(first));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(payload.size()));
  } else if (payload.size() <= 0xFFFF) {
    out.push_back(126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out.push_back(127);
    append_big_endian(out, payload.size(), 8);
  }
  out.append(payload);
}

unsigned first_bits(Opcode opcode, Packing packing) {
  return static_cast<unsigned>(opcode) | (packing == Packing::deflated ? deflated_bit : 0);
}

}  // namespace

void append_frame(std::string& out, Opcode opcode, std::string_view payload, Packing packing) {
  append_part(out, final_bit | first_bits(opcode, packing), payload);
}

void append_fragments(std::string& out, Opcode opcode, std::string_view payload, std::size_t fragment_bytes,
                      Packing packing) {
  while (payload.size() > fragment_bytes) {
    append_part(out, first_bits(opcode, packing), payload.substr(0, fragment_bytes));
    payload.remove_prefix(fragment_bytes);
    opcode = Opcode::continuation;
    packing = Packing::none;
  }
  append_frame(out, opcode, payload, packing);
}

void append_close(std::string& out, std::uint16_t code) {
  std::string payload;
  append_big_endian(payload, code, 2);
  append_frame(out, Opcode::close, payload);
}

std::string accept_key(std::string_view client_key) {
  const std::string joined = std::string(client_key) + std::string(handshake_guid);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_bytes = 0;
  EVP_Digest(joined.data(), joined.size(), digest.data(), &digest_bytes, EVP_sha1(), nullptr);
  return base64_of({reinterpret_cast<const char*>(digest.data()), digest_bytes});
}

ClientFrames::Status ClientFrames::next() {
  for (;;) {
    if (buffer_.size() < 2) return Status::need_more;
    const auto first = static_cast<unsigned char>(buffer_[0]);
    const auto second = static_cast<unsigned char>(buffer_[1]);
    const bool final = (first & final_bit) != 0;
    const auto opcode = static_cast<Opcode>(first & 0x0F);
    const bool control = (first & 0x08) != 0;
    const bool deflated = (first & deflated_bit) != 0;
    if ((first & reserved_bits) != 0 || (second & 0x80) == 0) return Status::broken;
    if (deflated && (!accepts_deflated_ || control || opcode == Opcode::continuation)) return Status::broken;
    std::size_t head = 2;
    std::uint64_t length = second & 0x7F;
    if (length >= 126) {
      const std::size_t length_bytes = length == 126 ? 2 : 8;
      if (buffer_.size() < 2 + length_bytes) return Status::need_more;
      length = big_endian(std::string_view(buffer_).substr(2, length_bytes));
      head += length_bytes;
    }
    if (length > message_bytes_max || (control && (length > 125 || !final))) return Status::broken;
    if (buffer_.size() < head + 4 + length) return Status::need_more;
    const std::string mask = buffer_.substr(head, 4);
    std::string payload = buffer_.substr(head + 4, static_cast<std::size_t>(length));
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    buffer_.erase(0, head + 4 + static_cast<std::size_t>(length));

    const bool continues = opcode == Opcode::continuation;
    if (!control && continues != (fragmented_ != Opcode::continuation)) return Status::broken;
    if (control || (final && !continues)) return take(opcode, std::move(payload), deflated);
    if (!continues) {
      fragmented_ = opcode;
      is_deflated_ = deflated;
    }
    fragments_ += payload;
    if (fragments_.size() > message_bytes_max) return Status::broken;
    if (!final) continue;
    return take(std::exchange(fragmented_, Opcode::continuation), std::exchange(fragments_, {}), is_deflated_);
  }
}

ClientFrames::Status ClientFrames::take(Opcode opcode, std::string payload, bool is_deflated) {
  opcode_ = opcode;
  if (is_deflated) {
    auto unpacked = inflated(payload, message_bytes_max);
    if (!unpacked) return Status::broken;
    payload = *std::move(unpacked);
  }
  payload_ = std::move(payload);
  return Status::message;
}

}  // namespace tapeline::feeds::simulator
