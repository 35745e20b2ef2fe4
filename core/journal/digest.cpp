#include "core/journal/digest.hpp"

#include <stdexcept>

#include <openssl/evp.h>

namespace tapeline {
namespace {

EVP_MD_CTX* of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

void require(int result) {
  if (result != 1) throw std::runtime_error("OpenSSL computes no SHA-256; look at its configuration (openssl.cnf)");
}

}  // namespace

DigestBuilder::DigestBuilder() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(of(context_), EVP_sha256(), nullptr) != 1) {
    EVP_MD_CTX_free(of(context_));
    require(0);
  }
}

DigestBuilder::~DigestBuilder() { EVP_MD_CTX_free(of(context_)); }

void DigestBuilder::add(const void* data, std::size_t size) { require(EVP_DigestUpdate(of(context_), data, size)); }

Digest DigestBuilder::finish() {
  Digest digest{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(of(context_), digest.data(), &length));
  return digest;
}

Digest digest_of(const void* data, std::size_t size) {
  DigestBuilder builder;
  builder.add(data, size);
  return builder.finish();
}

std::string to_hex(const Digest& digest) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace tapeline
