#!/bin/bash
# Run by deb_test.sh inside the booted system.
set -euo pipefail

say() { printf 'inside: %s\n' "$*" >&2; }
fail() {
  say "FAILED: $*"
  journalctl --no-pager -u tapeline | tail -n 30 >&2
  exit 1
}
until_true() {  # SECONDS WHAT COMMAND...
  local seconds=$1 what=$2 began=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $((SECONDS - began)) -lt "$seconds" ] || fail "after $seconds s still not: $what"
    sleep 0.1
  done
  say "$what: $((SECONDS - began)) s"
}
psql_() { runuser -u tapeline -- psql -qtA -d tapeline -c "$1"; }
rows() { psql_ "select count(*) from fact_tick" 2>/dev/null || echo 0; }
has_more_than() { [ "$(rows)" -gt "$1" ]; }

ip link set lo up 2>/dev/null || true
systemctl start postgresql redis-server
until_true 30 "PostgreSQL answers" runuser -u postgres -- psql -c 'select 1'
runuser -u postgres -- createuser tapeline
runuser -u postgres -- createdb -O tapeline tapeline

# The exchange that is played, and the configuration that a site would write.
systemd-run --quiet --unit=exchange tapeline sim --listen 127.0.0.1:18080 --rate 500
install -m 0400 /dev/stdin /etc/tapeline/pg-dsn <<<'host=/run/postgresql dbname=tapeline user=tapeline'
cat >/etc/tapeline/tapeline.toml <<'TOML'
[bars]
intervals_s = [1]
[sources.binance]
enabled = true
websocket_url = "ws://127.0.0.1:18080"
symbols = { "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT" }
[postgres]
dsn = { credential = "pg-dsn" }
[redis]
address = "127.0.0.1:6379"
TOML
chgrp tapeline /etc/tapeline/tapeline.toml
mkdir -p /etc/systemd/system/tapeline.service.d
printf '[Service]\nLoadCredential=pg-dsn:/etc/tapeline/pg-dsn\n' >/etc/systemd/system/tapeline.service.d/site.conf
systemctl daemon-reload

systemctl start tapeline || fail "it does not start"
[ "$(systemctl is-active tapeline)" = active ] || fail "it is not active"
until_true 30 "rows arrive" has_more_than 100
until_true 30 "it is ready" curl -fsS http://127.0.0.1:8087/readyz
[ "$(ps -o user= -p "$(systemctl show -p MainPID --value tapeline)")" = tapeline ] || fail "it does not run as tapeline"

say "kill -9"
before=$(rows)
systemctl kill -s KILL tapeline
until_true 30 "it is back and writes" has_more_than $((before + 200))
[ "$(systemctl show -p NRestarts --value tapeline)" = 1 ] || fail "it was not restarted once"
twice=$(psql_ "select count(*) - count(distinct (instrument_id, trade_id)) from fact_tick")
[ "$twice" = 0 ] || fail "$twice ticks are there twice"

say "reload"
printf '[rules.rising]\nwhen = "change_pct > 0"\ncooldown_s = 0\n' >>/etc/tapeline/tapeline.toml
systemctl reload tapeline || fail "it does not reload"
alerts() { [ "$(psql_ "select count(*) from fact_alert where rule = 'rising'")" -gt 0 ]; }
until_true 60 "the new rule fires" alerts

began=$(date +%s%N)
systemctl stop tapeline
took=$((($(date +%s%N) - began) / 1000000))
[ "$took" -lt 10000 ] || fail "stopping took $took ms"
[ "$(systemctl show -p Result --value tapeline)" = success ] || fail "it did not end well"
say "stopped in $took ms"
# All that was received is stored: the checkpoint stands at the journal's end.
behind=$(psql_ "select count(*) from lane_checkpoint where position = 0")
[ "$behind" = 0 ] || fail "nothing was stored"

say "a wrong configuration is not tried for ever"
echo 'nonsense = 1' >>/etc/tapeline/tapeline.toml
! systemctl start tapeline 2>/dev/null || fail "it starts with a wrong configuration"
[ "$(systemctl show -p NRestarts --value tapeline)" -le 1 ] || fail "it is tried again"
journalctl --no-pager -u tapeline | grep -q nonsense || fail "the mistake is not told"

say "listeners"
curl -fsS http://127.0.0.1:18080/ >/dev/null 2>&1 || true
say "done"
