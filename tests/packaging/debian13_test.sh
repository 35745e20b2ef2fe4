#!/bin/bash
# The sources on a bare Debian 13: what is committed is built and passes the quick tests there, with its compiler and libraries.
#
# Usage     ./dev debian13-test [FOLDER]   FOLDER keeps the bare root between runs (default: build/debian13)
# Needs     root; debootstrap, systemd-container; the network for packages. Exit status: that of the tests.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mkdir -p "${1:-$root/build/debian13}" && cd "${1:-$root/build/debian13}" && pwd -P)
bare=$work/bare
say() { printf 'debian13-test: %s\n' "$*" >&2; }
fail() { say "FAILED: $*"; exit 1; }

if [ ! -e "$bare/.complete" ]; then
  say "making a bare Debian 13"
  rm -rf "$bare"
  debootstrap --variant=minbase --include=ca-certificates,git trixie "$bare" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log" >&2; fail "debootstrap"; }
  # Packages are found, and servers trusted, as on this machine.
  for file in /etc/apt/apt.conf.d /etc/pip.conf /etc/npmrc /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || cp -aL "$file" "$bare$(dirname "$file")/"
  done
  rm -f "$bare"/etc/apt/apt.conf.d/*docker*  # they would delete what apt has fetched
  touch "$bare/.complete"
fi
rm -rf "$bare/root/tapeline"
git -c safe.directory="$root" clone -q --no-hardlinks "$root" "$bare/root/tapeline"
say "testing $(git -C "$bare/root/tapeline" log -1 --format='%h %s')"
trust=()
for name in SSL_CERT_FILE PIP_CERT NODE_EXTRA_CA_CERTS; do [ -z "${!name:-}" ] || trust+=("--setenv=$name=${!name}"); done
systemd-nspawn -q -D "$bare" --register=no --keep-unit --pipe --chdir=/root/tapeline --setenv=DEBIAN_FRONTEND=noninteractive "${trust[@]}" \
  ./dev test --quick </dev/null
