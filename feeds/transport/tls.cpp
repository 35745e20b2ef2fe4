#include "feeds/transport/tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace tapeline::feeds {

boost::asio::ssl::context make_tls_context(const TransportConfig& config) {
  boost::asio::ssl::context tls(boost::asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.set_default_verify_paths();
  if (!config.ca_file.empty()) tls.load_verify_file(config.ca_file);
  tls.set_verify_mode(boost::asio::ssl::verify_peer);
  return tls;
}

bool expect_host(SSL* ssl, const std::string& host) {
  const bool is_address =
      host.find_first_not_of("0123456789.") == std::string::npos || host.find(':') != std::string::npos;
  if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  // What the macro SSL_set_tlsext_host_name does, without its C cast.
  void* name = const_cast<char*>(host.c_str());
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1 &&
         SSL_set1_host(ssl, host.c_str()) == 1;
}

std::string handshake_failure(SSL* ssl, const boost::system::error_code& error) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) {
    return std::string(X509_verify_cert_error_string(verdict)) +
           "; it is refused: mend the server's certificate, or name its authority in transport.ca_file";
  }
  return error.message();
}

}  // namespace tapeline::feeds
