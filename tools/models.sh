#!/bin/bash
# Searches the models of tests/models: the protocol with spin, the memory orders with loom.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python3 -B tests/models/check_protocol.py
if ! command -v cargo >/dev/null; then
  echo "models: the memory orders need Rust (cargo 1.73 or newer), which is not installed: not searched" >&2
  exit 1
fi
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/build/models} \
  cargo test --quiet --locked --manifest-path tests/models/memory_orders/Cargo.toml
