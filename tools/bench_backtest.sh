#!/bin/bash
# `./dev bench-backtest`: the peers from PyPI, in a virtual environment of their own; then the measurement.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=build/bench-backtest
if [ ! -x $venv/bin/python ]; then python3 -m venv $venv; fi
$venv/bin/python -c 'import backtesting' 2>/dev/null ||
  $venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement bench/backtest/requirements.txt
TAPELINE_BIN=${TAPELINE_BIN:-$PWD/build/release/tapeline} exec $venv/bin/python -B bench/backtest/measure.py "$@"
