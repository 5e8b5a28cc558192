#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing. Asks for nothing when all are there.
set -euo pipefail

missing=()
for package in "$@"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    # nginx may be there in a bigger flavour.
    if [[ $status != installed && $package == nginx-light ]] && command -v /usr/sbin/nginx >/dev/null; then continue; fi
    if [[ $status != installed ]]; then missing+=("$package"); fi
done
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]}. There is no apt-get here; install what corresponds to these Debian packages." >&2
    exit 1
fi
become=()
if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        echo "Missing packages, and neither root nor sudo. As root: apt-get install -y ${missing[*]}" >&2
        exit 1
    fi
    become=(sudo)
fi

# The packages of Redis, Postgres and nginx start a service of the system when they are installed. We have no use for
# it, and it would take ports: policy-rc.d is Debian's way to say no. One that exists already is left alone.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${become[@]}" tee "$policy" >/dev/null
    "${become[@]}" chmod 755 "$policy"
    trap '"${become[@]}" rm -f "$policy"' EXIT
fi

echo "Installing: ${missing[*]}" >&2
install=("${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
# The package lists may be missing (a fresh container) or stale.
if ! "${install[@]}"; then
    "${become[@]}" apt-get update
    "${install[@]}"
fi

# Debian also enables the service of prometheus: after the next boot it would have port 9090, where our servers offer
# their metrics. Only promtool and a prometheus that is started by hand are wanted.
if [[ " ${missing[*]} " == *" prometheus "* ]] && command -v systemctl >/dev/null; then
    "${become[@]}" systemctl disable prometheus.service ||
        echo "warning: prometheus.service may start at the next boot and take port 9090" >&2
fi
