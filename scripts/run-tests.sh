#!/usr/bin/env bash
# Builds and runs every test. Fails when a test fails, is skipped, or when a target ran none. Ends with the runner's own
# summaries. The targets run one after the other: each of their tests starts stores of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
# The marks in front of the lines of the runner are no single bytes.
export LC_ALL=C.UTF-8

targets=(TidyTests FlashSaleKitTests flashserveTests flashctlTests FaultTests)
swift build --build-tests
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
total=0
summaries=()
for target in "${targets[@]}"; do
    # The tests of flashctl each start several processes: more of them at a time only wait for each other, and look like
    # a slow machine to those that watch a clock. The others cannot have the limit: exit tests never end under it.
    unset SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH
    if [[ $target == flashctlTests ]]; then export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4; fi
    # Colours would hide the marks that are searched for below.
    NO_COLOR=1 swift test --skip-build --filter "^$target\." "$@" 2>&1 |
        sed -u 's/\x1b\[[0-9;]*m//g' | tee "$log.$target" || code=$?
    cat "$log.$target" >>"$log"
    summary=$(grep -E '^. Test run with [0-9]+ tests? ' "$log.$target" | tail -n 1 || true)
    rm -f "$log.$target"
    count=$(sed -nE 's/^. Test run with ([0-9]+) tests?.*/\1/p' <<<"$summary")
    summaries+=("$target: ${summary:-there was no test run.}")
    if [[ -z $count || $count -eq 0 ]]; then
        echo "error: $target ran no test" | tee -a "$log" >&2
        code=1
    fi
    total=$((total + ${count:-0}))
done
skipped=$(grep -E '^. (Test|Suite) (".*"|[^" ]+)( with [0-9]+ test cases?)? skipped' "$log" || true)

echo
if [[ $code -ne 0 ]]; then
    echo "FAILED. What went wrong:" >&2
    grep -E '^✘|: error:|^error:' "$log" >&2 || true
elif [[ -n $skipped ]]; then
    echo "FAILED: tests were skipped:" >&2
    echo "$skipped" >&2
    code=1
fi
printf '%s\n' "${summaries[@]}"
failed=$(grep -cE '^✘ Test (".*"|[^" ]+)( with [0-9]+ test cases?)? failed after' "$log" || true)
echo "$((total - failed)) passed, $failed failed"
exit "$code"
