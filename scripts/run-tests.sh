#!/usr/bin/env bash
# Builds and runs every test. Fails when a test fails, is skipped, or when none ran. Ends with the runner's own summary.
set -euo pipefail
cd "$(dirname "$0")/.."
# The marks in front of the lines of the runner are no single bytes.
export LC_ALL=C.UTF-8

swift build --build-tests
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
# Colours would hide the marks that are searched for below.
NO_COLOR=1 swift test --skip-build "$@" 2>&1 | sed -u 's/\x1b\[[0-9;]*m//g' | tee "$log" || code=$?

summary=$(grep -E '^. Test run with [0-9]+ tests? ' "$log" | tail -n 1 || true)
skipped=$(grep -E '^. (Test|Suite) (".*"|[^" ]+)( with [0-9]+ test cases?)? skipped' "$log" || true)
count=$(sed -nE 's/^. Test run with ([0-9]+) tests?.*/\1/p' <<<"$summary")

echo
if [[ $code -ne 0 ]]; then
    echo "FAILED. What went wrong:" >&2
    grep -E '^✘|: error:|^error:' "$log" >&2 || true
elif [[ -z $count || $count -eq 0 ]]; then
    echo "FAILED: no test ran." >&2
    code=1
elif [[ -n $skipped ]]; then
    echo "FAILED: tests were skipped:" >&2
    echo "$skipped" >&2
    code=1
fi
echo "${summary:-There was no test run.}"
exit "$code"
