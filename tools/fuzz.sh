#!/bin/bash
# The body of `./dev fuzz`: builds the fuzz targets with clang and runs them, one after another, each from its corpus in
# tests/fuzz/corpus. What is learnt stays in build/fuzz/corpus, what is found in build/fuzz/findings.
#
#   fuzz.sh [TARGET...] [--seconds N] [--list]       all targets, 60 s each
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=60 targets=() list=no
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --seconds=*) seconds=${1#*=} ;;
    --list) list=yes ;;
    -*) echo "fuzz: knows --seconds N and --list, not '$1'" >&2; exit 2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "fuzz: --seconds needs a whole number, not '$seconds'" >&2; exit 2; }
known=()
for folder in tests/fuzz/corpus/*/; do known+=("$(basename "$folder")"); done
if [ $list = yes ]; then printf '%s\n' "${known[@]}"; exit; fi
[ ${#targets[@]} -gt 0 ] || targets=("${known[@]}")
for target in "${targets[@]}"; do
  [ -d "tests/fuzz/corpus/$target" ] || { echo "fuzz: there is no target '$target'; there are: ${known[*]}" >&2; exit 2; }
done

cmake --preset fuzz >build/fuzz.log 2>&1 || { tail -n 20 build/fuzz.log >&2; exit 1; }
ninja -C build/fuzz "${targets[@]/#/fuzz_}" >build/fuzz.log 2>&1 || { tail -n 40 build/fuzz.log >&2; exit 1; }

failed=0
for target in "${targets[@]}"; do
  learnt=build/fuzz/corpus/$target findings=build/fuzz/findings/$target log=build/fuzz/$target.log
  mkdir -p "$learnt" "$findings"
  status=0
  UBSAN_OPTIONS=print_stacktrace=1 "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len=65536 -print_final_stats=1 -artifact_prefix="$findings/" "$learnt" "tests/fuzz/corpus/$target" \
    >"$log" 2>&1 || status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  covered=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)
  if [ $status = 0 ]; then
    printf '%-20s %6s s  %12s runs  %-12s nothing found\n' "$target" "$seconds" "$runs" "$covered"
  else
    failed=1
    printf '%-20s FOUND: %s\n' "$target" "$(grep -m 1 -E 'broken: |ERROR: |runtime error: ' "$log" || echo "status $status")"
    printf '%-20s the input is in %s, the report in %s\n' "" "$findings" "$log"
  fi
done
exit $failed
