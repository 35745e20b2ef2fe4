#include "feeds/simulator/packing.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <zlib.h>

namespace tapeline::feeds::simulator {
namespace {

constexpr int memory_level = 8;
constexpr int with_gzip_header = 16;
/// Ends what Z_SYNC_FLUSH writes; a message goes without it.
constexpr std::string_view flush_mark{"\0\0\xFF\xFF", 4};

void take_in(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

/// Packs all of `bytes` at once. A negative `window_bits` leaves the header out.
std::string packed(std::string_view bytes, int window_bits, int level, int flush) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("cannot pack");
  }
  constexpr std::size_t flush_bytes_max = 16;  // deflateBound() is of Z_FINISH
  std::string out(deflateBound(&stream, bytes.size()) + flush_bytes_max, '\0');
  take_in(stream, bytes);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, flush);
  const bool is_whole = status == (flush == Z_FINISH ? Z_STREAM_END : Z_OK) && stream.avail_out > 0;
  out.erase(stream.total_out);
  deflateEnd(&stream);
  if (!is_whole) throw std::runtime_error("cannot pack");
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Cuts the next part off `text`.
std::string_view take_part(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

}  // namespace

std::string gzipped(const std::string& bytes) {
  return packed(bytes, MAX_WBITS + with_gzip_header, Z_BEST_COMPRESSION, Z_FINISH);
}

std::string accepted_deflate(std::string_view offered) {
  while (!offered.empty()) {
    std::string_view offer = take_part(offered, ',');
    if (take_part(offer, ';') != "permessage-deflate") continue;
    std::string answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    bool is_possible = true;
    while (!offer.empty()) {
      const std::string_view parameter = take_part(offer, ';');
      if (!parameter.starts_with("server_max_window_bits")) continue;
      // A smaller window than ours is asked for in vain.
      is_possible = is_possible && parameter == "server_max_window_bits=15";
      answer += "; server_max_window_bits=15";
    }
    if (is_possible) return answer;
  }
  return {};
}

std::string deflated(std::string_view message) {
  std::string out = packed(message, -MAX_WBITS, Z_DEFAULT_COMPRESSION, Z_SYNC_FLUSH);
  out.resize(out.size() - flush_mark.size());
  return out;
}

std::optional<std::string> inflated(std::string_view packed, std::size_t bytes_max) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::runtime_error("cannot unpack");
  const std::string whole = std::string(packed) + std::string(flush_mark);
  take_in(stream, whole);
  std::string out;
  std::array<char, 16'384> chunk;
  int status = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    status = inflate(&stream, Z_SYNC_FLUSH);
    out.append(chunk.data(), chunk.size() - stream.avail_out);
  } while (status == Z_OK && stream.avail_out == 0 && out.size() <= bytes_max);
  const bool is_whole = status == Z_STREAM_END || ((status == Z_OK || status == Z_BUF_ERROR) && stream.avail_in == 0);
  inflateEnd(&stream);
  if (!is_whole || out.size() > bytes_max) return std::nullopt;
  return out;
}

}  // namespace tapeline::feeds::simulator
