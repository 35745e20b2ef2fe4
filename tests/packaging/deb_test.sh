#!/bin/bash
# The .deb on a bare Debian: installs, the unit starts under a real systemd, writes rows, survives kill -9, stops in time.
#
# Usage     ./dev deb-test [FOLDER]   FOLDER keeps the bare root between runs (default: build/deb)
# Needs     root; debootstrap, systemd-container; the network for Debian's packages. Exit status 0: everything held.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mkdir -p "${1:-$root/build/deb}" && cd "${1:-$root/build/deb}" && pwd -P)
bare=$work/bare
say() { printf 'deb-test: %s\n' "$*" >&2; }
fail() { say "FAILED: $*"; exit 1; }

package=$(ls -t "$root"/build/package/*.deb 2>/dev/null | head -1)
[ -n "$package" ] || fail "there is no package; ./dev package makes it"
say "$(basename "$package"): $(stat -c %s "$package") bytes"

if [ ! -e "$bare/.complete" ]; then
  say "making a bare Debian 12 with systemd, PostgreSQL and Redis"
  rm -rf "$bare"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,procps,ca-certificates,curl bookworm "$bare" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log" >&2; fail "debootstrap"; }
  [ ! -e /etc/apt/apt.conf.d ] || cp -a /etc/apt/apt.conf.d/. "$bare/etc/apt/apt.conf.d/" 2>/dev/null || true
  printf '#!/bin/sh\nexit 101\n' >"$bare/usr/sbin/policy-rc.d"
  chmod 755 "$bare/usr/sbin/policy-rc.d"
  chroot "$bare" sh -c 'export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq -y install --no-install-recommends postgresql redis-server' \
    >"$work/servers.log" 2>&1 || { tail -n 20 "$work/servers.log" >&2; fail "servers"; }
  rm -f "$bare/usr/sbin/policy-rc.d"
  touch "$bare/.complete"
fi
say "installing it"
cp "$package" "$bare/root/tapeline.deb"
chroot "$bare" sh -c 'export DEBIAN_FRONTEND=noninteractive; apt-get -qq -y --reinstall install /root/tapeline.deb' >"$work/install.log" 2>&1 ||
  { tail -n 20 "$work/install.log" >&2; fail "the package does not install"; }
chroot "$bare" tapeline --version
complaints=$(systemd-analyze verify --man=no --root="$bare" /usr/lib/systemd/system/tapeline.service 2>&1 | grep -i tapeline || true)
[ -z "$complaints" ] || fail "systemd-analyze verify: $complaints"
systemd-analyze security --offline=true --threshold=15 "$bare/usr/lib/systemd/system/tapeline.service" >"$work/security.log" ||
  fail "$(tail -1 "$work/security.log")"
say "$(tail -1 "$work/security.log")"

cp "$root/tests/packaging/inside.sh" "$bare/root/inside.sh"
say "booting it"
systemd-nspawn -q -D "$bare" --machine="tapeline$$" --register=no --keep-unit --private-network --volatile=overlay \
  -b --console=pipe </dev/null >"$work/boot.log" 2>&1 &
container=$!
leader=
inside() { nsenter -t "$leader" -m -u -i -n -p "$@"; }
end() {
  [ -z "$leader" ] || inside systemctl poweroff 2>/dev/null || true
  wait "$container" 2>/dev/null || true
}
trap end EXIT
for _ in $(seq 300); do
  leader=$(ps --ppid "$container" -o pid= | tr -d ' ' | head -1)
  if [ -n "$leader" ] && inside systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; then break; fi
  sleep 0.1
done
inside bash /root/inside.sh || fail "see above"
say "everything held"
