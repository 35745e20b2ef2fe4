// The TLS settings that every client of ours shares. For .cpp files of feeds/transport only.
#pragma once

#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/system/error_code.hpp>

#include "feeds/transport/config.hpp"

namespace tapeline::feeds {

/// TLS 1.2 or later, the system's authorities and those of config.ca_file, verification on.
/// Throws boost::system::system_error when ca_file cannot be read.
[[nodiscard]] boost::asio::ssl::context make_tls_context(const TransportConfig& config);

/// Sets SNI and the name that the certificate must have.
[[nodiscard]] bool expect_host(SSL* ssl, const std::string& host);

/// Why a handshake failed, in words that name the cure: "certificate has expired", "self-signed certificate".
[[nodiscard]] std::string handshake_failure(SSL* ssl, const boost::system::error_code& error);

}  // namespace tapeline::feeds
