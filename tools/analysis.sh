# The Python package of analysis/: its environment, tests, notebooks, report, Airflow. Sourced by ./dev.

packages_analysis=(python3 python3-venv python3-dev)
python=build/analysis/venv/bin/python

# Everything from PyPI, pinned by hash; uv, itself fetched so, because it is many times faster than pip.
fetch_analysis() {
  local pins=$root/analysis/requirements
  fetch_once "$root/build/analysis" "$pins/uv.txt" "$pins/lab.txt" -- bash -c '/usr/bin/python3 -m venv venv &&
    venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r uv.txt &&
    venv/bin/uv pip sync --quiet --python venv/bin/python --require-hashes lab.txt uv.txt'
}

# The package as it is in this tree. Its C++ is built in build/python, only what has changed.
install_analysis() {
  need "${packages_build[@]}" "${packages_analysis[@]}"
  fetch_analysis || return 1
  if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  local log=build/analysis.install.log
  CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 build/analysis/venv/bin/uv pip install --quiet --python "$python" --no-deps \
    --no-build-isolation --reinstall-package tapeline --refresh-package tapeline \
    --config-settings=build-dir="$root/build/python" ./analysis >"$log" 2>&1 || { tail -n 40 "$log" >&2; return 1; }
}

# pytest's counts are added to those of ctest; that it could not begin counts as one failure.
test_analysis() {
  local began=$SECONDS log=build/analysis.test.log last status=0 failed_before=$tests_failed
  say "the Python package: installing"
  if ! install_analysis; then
    say "the Python package could not be installed: see build/analysis.log and build/analysis.install.log"
    tests_failed=$((tests_failed + 1))
    return
  fi
  say "the Python package: installed in $((SECONDS - began)) s, testing"
  began=$SECONDS
  (cd analysis && TAPELINE_BIN=${TAPELINE_BIN:-$root/build/dev/tapeline} "$root/$python" -B -m pytest "$@" 2>&1) | tee "$log" || status=$?
  last=$(tail -n 1 "$log")
  if ! [[ $last =~ [0-9]+\ (passed|failed|error) ]]; then
    say "pytest ended without a result"
    tests_failed=$((tests_failed + 1))
    return
  fi
  [[ ! $last =~ ([0-9]+)\ passed ]] || tests_passed=$((tests_passed + BASH_REMATCH[1]))
  [[ ! $last =~ ([0-9]+)\ failed ]] || tests_failed=$((tests_failed + BASH_REMATCH[1]))
  [[ ! $last =~ ([0-9]+)\ error ]] || tests_failed=$((tests_failed + BASH_REMATCH[1]))
  must_agree "the Python package: pytest" $status $((tests_failed - failed_before))
  say "the Python package: tested in $((SECONDS - began)) s"
}

# Airflow beside it: it pins other versions of the same libraries.
fetch_airflow() {
  local pins=$root/docker/airflow/requirements.txt
  fetch_once "$root/build/airflow" "$pins" -- bash -c "/usr/bin/python3 -m venv venv &&
    '$root/build/analysis/venv/bin/uv' pip sync --quiet --python venv/bin/python --require-hashes requirements.txt"
}

# notebooks run|lab ...: tools/notebooks.py with the program and the package of this tree.
notebooks() {
  need_servers
  build
  install_analysis
  TAPELINE_BIN=$root/build/release/tapeline exec "$python" -B tools/notebooks.py "$@"
}

airflow_test() {
  need_servers
  need chromium fonts-dejavu-core
  build
  install_analysis
  fetch_airflow
  TAPELINE_BIN=$root/build/release/tapeline exec /usr/bin/python3 -B tests/airflow/airflow_test.py "$@"
}
