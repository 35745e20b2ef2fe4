#!/bin/sh
# Plays the exchanges over TLS, with a certificate of its own that the pipeline is told to trust.
set -eu
cd /exchange
if [ ! -s ca.pem ]; then
  umask 077
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=exchange \
    -addext "subjectAltName=DNS:exchange,DNS:localhost,IP:127.0.0.1" -keyout key.pem -out new.pem 2>/dev/null
  chmod 0644 new.pem
  mv new.pem ca.pem
fi
exec tapeline sim --listen 0.0.0.0:8443 --tls-cert ca.pem --tls-key key.pem "$@"
