// Certificates made for one test run: an authority, and what it signs for servers on loopback.
#pragma once

#include <memory>
#include <string>

#include <openssl/types.h>

namespace tapeline::feeds::testing {

/// A certificate with its key, as PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

enum class Validity { current, expired };

class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  /// For a file that TransportConfig::ca_file names.
  [[nodiscard]] const std::string& certificate() const noexcept { return pem_; }
  /// Names `host` as DNS name and as common name.
  [[nodiscard]] Identity sign(const std::string& host, Validity validity = Validity::current) const;

 private:
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
  std::string pem_;
};

/// Signed by itself: nobody vouches for it.
[[nodiscard]] Identity self_signed(const std::string& host);

}  // namespace tapeline::feeds::testing
