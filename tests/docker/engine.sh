#!/bin/bash
# A Docker engine for the test: the machine's own where one answers, else a private one in a folder.
#
# Usage     . tests/docker/engine.sh; start_engine FOLDER; ...; stop_engine
# After it  docker and `docker compose` work; debian:bookworm-slim is there.
# Needs     for a private engine: root on Debian, and the network for packages.

engine_folder="" engine_is_ours=no

start_engine() {
  engine_folder=$1
  mkdir -p "$engine_folder"
  if ! docker version >/dev/null 2>&1; then start_private_engine; fi
  docker compose version >/dev/null 2>&1 || fetch_compose
  docker image inspect debian:bookworm-slim >/dev/null 2>&1 || docker pull -q debian:bookworm-slim 2>/dev/null || import_debian
}

start_private_engine() {
  [ "$(id -u)" = 0 ] || { echo "no Docker engine answers, and only root may start one" >&2; return 1; }
  export DOCKER_HOST=unix://$engine_folder/docker.sock DOCKER_CONFIG=$engine_folder/config
  mkdir -p "$DOCKER_CONFIG"
  command -v dockerd >/dev/null || apt_get install docker.io
  setsid dockerd --data-root "$engine_folder/data" --exec-root "$engine_folder/exec" --host "$DOCKER_HOST" \
    --pidfile "$engine_folder/pid" --iptables=false --ip6tables=false --ip-forward=false --bridge=none \
    --log-level warn </dev/null >"$engine_folder/dockerd.log" 2>&1 &
  engine_is_ours=yes
  local tries
  for tries in $(seq 300); do
    if docker version >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "dockerd does not answer; see $engine_folder/dockerd.log" >&2
  return 1
}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends "$@" >>"$engine_folder/apt.log" 2>&1; }

# Debian 12 has no version 2 of compose; Debian 13's runs on it.
fetch_compose() {
  local place=$engine_folder/compose config=${DOCKER_CONFIG:-$HOME/.docker}
  mkdir -p "$place/lists/partial" "$place/cache/archives/partial" "$config/cli-plugins"
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | sort -u | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} trixie main" >"$place/sources.list"
  local where=(-o Dir::Etc::sourcelist="$place/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$place/lists"
    -o Dir::Cache="$place/cache" -o APT::Sandbox::User=root)
  (cd "$place" && apt-get "${where[@]}" -qq update && apt-get "${where[@]}" -qq download docker-compose docker-buildx &&
    for package in *.deb; do dpkg -x "$package" tree; done && cp tree/usr/libexec/docker/cli-plugins/docker-* "$config/cli-plugins/")
  docker compose version >/dev/null
}

# debian:bookworm-slim from Debian itself; packages are found there, and trusted, as on this machine.
import_debian() {
  local tree=$engine_folder/debian
  if [ ! -e "$tree/.complete" ]; then
    command -v debootstrap >/dev/null || apt_get install debootstrap
    rm -rf "$tree"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$tree" >"$engine_folder/debootstrap.log"
    cp -a /etc/apt/apt.conf.d/. "$tree/etc/apt/apt.conf.d/"
    cp -a /etc/apt/sources.list* "$tree/etc/apt/" 2>/dev/null || true
    cp -a /usr/local/share/ca-certificates/. "$tree/usr/local/share/ca-certificates/"
    chroot "$tree" update-ca-certificates >/dev/null 2>&1
    touch "$tree/.complete"
  fi
  tar -C "$tree" --numeric-owner --exclude='./var/cache/apt/archives/*.deb' --exclude='./var/lib/apt/lists/*' -c . |
    docker import - debian:bookworm-slim >/dev/null
}

# image NAME DOCKERFILE: pulled, or built from the stand-in.
image() {
  docker image inspect "$1" >/dev/null 2>&1 || docker pull -q "$1" >/dev/null 2>&1 ||
    docker build -q --network=host -t "$1" -f "$2" "$(dirname "$2")" >/dev/null
}

stop_engine() {
  [ $engine_is_ours = yes ] || return 0
  kill "$(cat "$engine_folder/pid")" 2>/dev/null || true
  local tries
  for tries in $(seq 100); do
    [ -e "$engine_folder/pid" ] || break
    sleep 0.1
  done
  umount "$engine_folder/exec/netns/default" 2>/dev/null || true
}
