#!/usr/bin/env bash
# Looks at everything with which flashctl is installed: Dockerfile, compose.yaml, units, scripts, and the package if
# there is one. Prints what is wrong, and ends with 1 then.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
code=0
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok: $name"
    else
        code=1
        printf 'FAILED: %s\n%s\n' "$name" "$output"
    fi
}

# Every warning counts; those that are accepted have their reason beside them.
check hadolint .build/python/bin/hadolint --failure-threshold style Dockerfile
check "compose.yaml" docker-compose --file compose.yaml config --quiet
check shellcheck shellcheck --severity=style scripts/*.sh deploy/container/health deploy/debian/p*

# The units name a program that need not be installed here: any program takes its place.
units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT
cp deploy/systemd/* "$units"
sed -i 's|^ExecStart=/usr/bin/flashctl|ExecStart=/bin/true|' "$units"/*.service
check "systemd-analyze verify" systemd-analyze verify --man=no "$units"/*
# systemd's figure of 0 to 10 for what a service may do, in tenths. A public server cannot do without its network.
for service in deploy/systemd/*.service; do
    check "systemd-analyze security $(basename "$service")" \
        systemd-analyze security --no-pager --offline=true --threshold=20 "$service"
done
calendar=$(sed -n 's/^OnCalendar=//p' deploy/systemd/flashctl-rotate.timer)
check "systemd-analyze calendar" systemd-analyze calendar "$calendar"

for package in .build/deb/flashctl_*.deb; do
    if [[ -e $package ]]; then
        check "lintian $(basename "$package")" lintian --fail-on error,warning --profile debian --allow-root "$package"
    fi
done
exit "$code"
