#include "certificates.hpp"

#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace tapeline::feeds::testing {
namespace {

constexpr long day_s = 86'400;

EVP_PKEY* make_key() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  if (key == nullptr) throw std::runtime_error("OpenSSL cannot make a key");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) throw std::runtime_error("OpenSSL refuses the extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// Unsigned. `issuer` null: its own.
X509* make_certificate(const std::string& name, EVP_PKEY* key, X509* issuer, Validity validity) {
  static long serial = 1;
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  const bool is_expired = validity == Validity::expired;
  X509_gmtime_adj(X509_getm_notBefore(certificate), is_expired ? -3 * day_s : -day_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), is_expired ? -2 * day_s : day_s);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer == nullptr ? certificate : issuer));
  X509_set_pubkey(certificate, key);
  return certificate;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

std::string pem_of(X509* certificate) {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, certificate);
  return text_of(memory);
}

std::string pem_of(EVP_PKEY* key) {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(memory);
}

}  // namespace

Authority::Authority()
    : key_(make_key()), certificate_(make_certificate("test authority", key_, nullptr, Validity::current)) {
  add_extension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate_, certificate_, NID_subject_key_identifier, "hash");
  X509_sign(certificate_, key_, EVP_sha256());
  pem_ = pem_of(certificate_);
}

Authority::~Authority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

Identity Authority::sign(const std::string& host, Validity validity) const {
  EVP_PKEY* key = make_key();
  X509* certificate = make_certificate(host, key, certificate_, validity);
  add_extension(certificate, certificate_, NID_subject_alt_name, "DNS:" + host);
  X509_sign(certificate, key_, EVP_sha256());
  Identity identity{pem_of(certificate), pem_of(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

Identity self_signed(const std::string& host) {
  EVP_PKEY* key = make_key();
  X509* certificate = make_certificate(host, key, nullptr, Validity::current);
  add_extension(certificate, certificate, NID_subject_alt_name, "DNS:" + host);
  X509_sign(certificate, key, EVP_sha256());
  Identity identity{pem_of(certificate), pem_of(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

}  // namespace tapeline::feeds::testing
