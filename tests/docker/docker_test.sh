#!/bin/bash
# The image and the compose file, run for real: built, healthy within a minute, rows arrive, every container is killed
# once, and afterwards all rows are those that an uninterrupted run over the same journal gives.
#
# Usage     ./dev docker-test [FOLDER]   FOLDER keeps what was fetched between runs (default: build/docker)
# Needs     a Docker engine, or root to start a private one. Exit status 0: everything held.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mkdir -p "${1:-$root/build/docker}" && cd "${1:-$root/build/docker}" && pwd -P)
began=$SECONDS
say() { printf 'docker-test: %4d s  %s\n' $((SECONDS - began)) "$*" >&2; }
fail() {
  say "FAILED: $*"
  compose ps >&2 || true
  compose logs --tail 15 >&2 || true
  exit 1
}
# shellcheck source=tests/docker/engine.sh
. "$root/tests/docker/engine.sh"

export COMPOSE_PROJECT_NAME=tapeline-test$$ POSTGRES_PASSWORD=canary-p$$ WRITER_PASSWORD=canary-w$$ READER_PASSWORD=canary-d$$ REDIS_PASSWORD=canary-r$$ TAPELINE_TOKEN=canary-token-$$
export TAPELINE_CONFIG=demo.toml COMPOSE_PROFILES=demo
compose() { docker compose --project-directory "$root/docker" -f "$root/docker/compose.yaml" "$@"; }
query() { PGPASSWORD=$POSTGRES_PASSWORD psql -XqtA -h 127.0.0.1 -p 5433 -U postgres -d tapeline -c "$1"; }
page() { curl -fsS --max-time 5 -H "Authorization: Bearer $TAPELINE_TOKEN" "http://127.0.0.1:8087$1"; }
ticks() { query "select count(*) from tick" 2>/dev/null || echo 0; }
has_more_than() { [ "$(ticks)" -gt "$1" ]; }
until_true() {  # SECONDS WHAT COMMAND...
  local limit=$1 what=$2 start=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $((SECONDS - start)) -lt "$limit" ] || fail "after $limit s still not: $what"
    sleep 0.2
  done
  say "$what: $((SECONDS - start)) s"
}
end() {
  compose --profile '*' down --volumes --timeout 10 >"$work/down.log" 2>&1 || true
  stop_engine
}

say "engine"
start_engine "$work"
trap end EXIT
say "$(docker --version); $(docker compose version)"
image postgres:15 "$root/tests/docker/standin/postgres.Dockerfile"
image redis:7 "$root/tests/docker/standin/redis.Dockerfile"
image prom/prometheus:v2.53.2 "$root/tests/docker/standin/prometheus.Dockerfile"

say "the compose file, with every profile"
compose --profile '*' config --quiet || fail "docker compose config"
say "building"
compose build pipeline exchange >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; fail "docker compose build"; }
say "image: $(docker image inspect -f '{{.Size}}' tapeline) bytes"

up=$SECONDS
compose up --detach --wait --wait-timeout 60 >"$work/up.log" 2>&1 || { tail -n 20 "$work/up.log" >&2; fail "not healthy within 60 s"; }
say "all are healthy: $((SECONDS - up)) s"
until_true 20 "rows arrive" has_more_than 100

say "published ports"
page /healthz >/dev/null || fail "the pipeline's page does not answer"
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8087/api/status)" = 401 ] || fail "it answers without the token"
[ "$(REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -p 6379 exists BTC-USD:price)" = 1 ] || fail "Redis has no price"
curl -fsS http://127.0.0.1:9090/-/ready >/dev/null || fail "Prometheus does not answer"
is_scraped() { curl -fsS 'http://127.0.0.1:9090/api/v1/query?query=tapeline_ticks_total' | grep -q '"value"'; }
until_true 30 "Prometheus has the metrics" is_scraped
page /metrics | compose exec -T prometheus promtool check metrics || fail "promtool refuses the metrics"
compose exec -T prometheus promtool check rules /etc/prometheus/alerts.yml >/dev/null || fail "promtool refuses the rules"
[ "$(compose exec -T pipeline id -u)" = 10001 ] || fail "the pipeline does not run as its own user"

for service in pipeline postgres redis exchange prometheus; do
  before=$(ticks)
  compose kill "$service" >/dev/null 2>&1
  [ "$service" = postgres ] && sleep 3  # the pipeline goes on without it
  compose up --detach --wait --wait-timeout 60 >"$work/up.log" 2>&1 || { tail -n 20 "$work/up.log" >&2; fail "not healthy after a kill of $service"; }
  until_true 30 "$service killed and started, rows arrive again" has_more_than $((before + 200))
done

say "stopping the pipeline, and comparing every row"
compose stop exchange >/dev/null 2>&1  # so that nothing comes while it drains
compose stop pipeline >/dev/null 2>&1
status=$(docker inspect -f '{{.State.ExitCode}}' "$(compose ps --all --quiet pipeline)")
[ "$status" = 0 ] || fail "the pipeline ended with $status"
query "create database truth"
compose run --rm -T --no-deps -e TAPELINE_PG_DSN="host=postgres dbname=truth user=postgres password=$POSTGRES_PASSWORD" \
  pipeline replay --config /etc/tapeline/tapeline.toml --journal demo --lane truth --json >"$work/replay.json" 2>"$work/replay.log" ||
  { cat "$work/replay.log" >&2; fail "the journal cannot be replayed"; }
PGPASSWORD=$POSTGRES_PASSWORD python3 -B "$root/tests/docker/compare.py" "host=127.0.0.1 port=5433 user=postgres dbname=tapeline" \
  "host=127.0.0.1 port=5433 user=postgres dbname=truth" || fail "rows differ"
if compose logs 2>&1 | grep -q canary-; then fail "a secret stands in the logs"; fi
say "everything held"
