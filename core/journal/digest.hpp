// SHA-256, the links of a journal's chain. By OpenSSL: this and the compression are where core leaves the standard
// library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tapeline {

using Digest = std::array<std::uint8_t, 32>;

/// Throws std::runtime_error where the library refuses.
class DigestBuilder {
 public:
  DigestBuilder();
  ~DigestBuilder();
  DigestBuilder(const DigestBuilder&) = delete;
  DigestBuilder& operator=(const DigestBuilder&) = delete;

  void add(const void* data, std::size_t size);
  /// Once.
  [[nodiscard]] Digest finish();

 private:
  void* context_;
};

[[nodiscard]] Digest digest_of(const void* data, std::size_t size);
/// 64 hex digits.
[[nodiscard]] std::string to_hex(const Digest& digest);

}  // namespace tapeline
