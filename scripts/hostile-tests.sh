#!/usr/bin/env bash
# Runs every test as on a machine that was booted a minute ago, beside one busy process for each processor: a time
# namespace has a young monotonic clock. Arguments are those of run-tests.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
AGE=60

fail() {
    echo "make test-hostile: $1" >&2
    echo "next step: $2" >&2
    exit 1
}

if [[ $EUID -ne 0 ]]; then
    fail "only root can give a process another monotonic clock (unshare --time)" "sudo make test-hostile"
fi
up=$(cut -d. -f1 /proc/uptime)
# Later the clock cannot be turned back below zero, and a younger machine needs no other clock.
back=$((up > AGE ? up - AGE : 0))
young=(unshare --fork --time --boottime "-$back" --monotonic "-$back")
"${young[@]}" true || fail "this system has no time namespaces" "run it on a kernel with CONFIG_TIME_NS (5.6 or newer)"

# Built in peace: what is tested is the tests.
swift build --build-tests
busy=()
# By their process ids: others may run the same.
trap 'kill "${busy[@]}" 2>/dev/null || true' EXIT
processors=$(nproc)
for ((number = 0; number < (processors > 2 ? processors : 2); number++)); do
    sh -c 'while :; do :; done' &
    busy+=("$!")
done
echo "monotonic clock: $("${young[@]}" cut -d' ' -f1 /proc/uptime) s; busy processes: ${busy[*]}"
"${young[@]}" scripts/run-tests.sh "$@"
