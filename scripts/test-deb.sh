#!/usr/bin/env bash
# Installs the package of .build/deb on a clean Debian 12, runs every command of docs/INSTALL.md that belongs to it, and
# removes it again: nothing of ours may be left. The machine is a folder made by debootstrap, with systemd as its first
# process. Needs root. What was downloaded is kept in .build/deb-root.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ $(id -u) -eq 0 ]] || { echo "make deb-test needs root: it makes a machine in a folder" >&2; exit 1; }
package=$(ls .build/deb/flashctl_*.deb)
folder=$PWD/.build/deb-root
root=$folder/root
mkdir -p "$folder/archives"

step() { echo "== $*" >&2; }
fail() { echo "FAILED: $*" >&2; exit 1; }

# Without systemd on this machine nobody can be asked for a control group.
machine=(env SYSTEMD_LOG_LEVEL=crit systemd-nspawn --quiet --directory="$root" --register=no)
machine+=(--bind="$folder/archives:/var/cache/apt/archives")
[[ -d /run/systemd/system ]] || machine+=(--keep-unit)
# Before it has booted: with the network of this machine, for apt.
within() { "${machine[@]}" --pipe --setenv=DEBIAN_FRONTEND=noninteractive "$@"; }
install_packages() {
    within apt-get install -q -y --no-install-recommends "$@" >"$folder/apt.log" 2>&1 ||
        { tail -n 30 "$folder/apt.log" >&2; fail "apt-get install $*"; }
}
# Everything but what is made while a system runs: logs, caches, data of the stores, what dpkg remembers.
files() {
    find "$root" -xdev \( -path "$root/proc" -o -path "$root/sys" -o -path "$root/dev" -o -path "$root/run" \
        -o -path "$root/tmp" -o -path "$root/var/tmp" -o -path "$root/var/log" -o -path "$root/var/cache" \
        -o -path "$root/var/lib/apt" -o -path "$root/var/lib/dpkg" -o -path "$root/var/lib/redis" \
        -o -path "$root/var/lib/postgresql" -o -path "$root/var/lib/systemd" -o -path "$root/srv" \) -prune \
        -o -printf '%P %y %m %u %g\n' | sort
}
nothing_left() {
    local left
    # Pages that somebody has read are kept by man-db, which removes them by itself.
    left=$(find "$root" -xdev \( -path "$root/srv" -o -path "$root/var/cache/man" \) -prune \
        -o -name '*flashctl*' -print)
    [[ -z $left ]] || fail "left after purge: $left"
    ! grep -s flashctl "$root"/etc/{passwd,group,shadow,gshadow,subuid,subgid} || fail "the user is still there"
    ! grep -q '^Package: flashctl$' "$root/var/lib/dpkg/status" || fail "dpkg still knows it"
}

booted=
leader=
cleanup() {
    if [[ -z $booted ]]; then return; fi
    kill -KILL "$leader" 2>/dev/null || true
    wait "$booted" 2>/dev/null || true
}
trap cleanup EXIT
# In the machine that has booted.
inside() { nsenter --target "$leader" --all --wdns=/srv env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }
boot() {
    "${machine[@]}" --boot --private-network --console=pipe </dev/null >"$folder/boot.log" 2>&1 &
    booted=$!
    for _ in $(seq 300); do
        leader=$(pgrep -P "$booted" | head -n 1 || true)
        if [[ -n $leader ]] && inside systemctl is-system-running --quiet 2>/dev/null; then return; fi
        # A unit that cannot do its work in a machine of this kind is no hindrance.
        if [[ -n $leader && $(inside systemctl is-system-running 2>/dev/null) == degraded ]]; then return; fi
        sleep 0.2
    done
    tail -n 20 "$folder/boot.log" >&2
    fail "the machine did not boot"
}
shut_down() {
    kill -RTMIN+4 "$leader"
    wait "$booted" || true
    booted=
}

step "a clean Debian 12"
scripts/debian-base.sh "$root" 2>"$folder/debootstrap.log"
install -D -m 644 "$package" "$root/srv/.build/deb/$(basename "$package")"
within apt-get update -q >"$folder/apt.log" 2>&1 || true

step "install it with nothing but its dependencies"
install_packages "/srv/.build/deb/$(basename "$package")"
within flashctl --version
! within ldd /usr/bin/flashctl | grep 'not found' || fail "a library is missing"
! within ldd /usr/bin/flashctl | grep -i swift || fail "it needs a Swift runtime"
[[ $(stat -c '%a %G' "$root/etc/flashctl/environment") == "640 $(stat -c %G "$root/var/lib/flashctl")" ]] ||
    fail "the settings may be read by anybody"

step "doctor without stores: one clear error"
status=0
within runuser -u flashctl -- flashctl doctor || status=$?
[[ $status -eq 78 ]] || fail "doctor without settings ended with $status, not 78"
status=0
within runuser -u flashctl -- \
    flashctl doctor --redis 127.0.0.1:1 --postgres postgresql://127.0.0.1:1/none || status=$?
[[ $status -eq 69 ]] || fail "doctor without stores ended with $status, not 69"

step "remove and purge"
within apt-get purge -q -y flashctl >"$folder/apt.log" 2>&1
nothing_left

step "a whole system"
install_packages systemd systemd-sysv dbus man-db bash-completion redis-server postgresql
# `apt install` of what is there already needs no network.
boot
shut_down
files >"$folder/before"
boot

scripts/run-blocks.py docs/INSTALL.md >"$root/srv/install.sh"
step "every command of docs/INSTALL.md, up to the upgrade"
sed '/^# Upgrade$/,$d' "$root/srv/install.sh" >"$root/srv/first.sh"
# With the functions of the first half.
grep -E '^[a-z_]+\(\) ' "$root/srv/first.sh" >"$root/srv/last.sh"
sed -n '/^# Upgrade$/,$p' "$root/srv/install.sh" >>"$root/srv/last.sh"
inside bash -euo pipefail /srv/first.sh || fail "docs/INSTALL.md"

step "manual and completion"
inside man -P cat flashctl | grep -q 'Runs flash sales on Redis and Postgres' || fail "man flashctl"
for page in man/*.1; do inside man -w "$(basename "$page" .1)" >/dev/null || fail "man $(basename "$page" .1)"; done
# shellcheck disable=SC2016  # Expanded inside.
inside bash -c '. /usr/share/bash-completion/bash_completion
    _completion_loader flashctl
    COMP_WORDS=(flashctl rot) COMP_CWORD=1 COMP_LINE="flashctl rot" COMP_POINT=12
    $(complete -p flashctl | sed "s/.*-F \([^ ]*\).*/\1/") flashctl rot flashctl
    printf "%s\n" "${COMPREPLY[@]}"' | grep -q '^rotate-hour *$' || fail "completion"

step "the cron line"
line=$(inside grep '^0 \*' /etc/cron.d/flashctl)
inside runuser -u flashctl -- env -i PATH=/usr/bin:/bin HOME=/var/lib/flashctl \
    /bin/sh -c "${line#*flashctl }" || fail "the cron line"

step "the watchdog ends a server that stands still, and it comes back"
main_pid() { inside systemctl show --value --property=MainPID flashctl-serve; }
first=$(main_pid)
inside systemctl kill --kill-whom=main --signal=STOP flashctl-serve
for _ in $(seq 600); do
    now=$(main_pid)
    if [[ $now -ne 0 && $now -ne $first ]] && inside systemctl is-active --quiet flashctl-serve; then break; fi
    sleep 0.1
done
[[ $(main_pid) -ne $first ]] || fail "the watchdog did not fire"
inside journalctl --no-pager -u flashctl-serve | grep -q 'Watchdog timeout' || fail "it was not the watchdog"
inside systemd-analyze security --no-pager --threshold=20 flashctl-serve.service flashctl-rotate.service >/dev/null ||
    fail "the services are exposed"

step "a port below 1024, as the page says"
change=$root/etc/systemd/system/flashctl-serve.service.d
mkdir -p "$change"
sed -n '/^\[Service\]$/,/^PrivateUsers=/p' docs/INSTALL.md >"$change/override.conf"
inside systemctl daemon-reload
inside systemctl restart flashctl-serve
install -m 755 deploy/container/health "$root/srv/health"
inside env PORT=80 /srv/health || fail "nothing listens on port 80"
rm -r "$change" "$root/srv/health"
inside systemctl daemon-reload

step "upgrade and removal"
inside bash -euo pipefail /srv/last.sh || fail "docs/INSTALL.md"
rm -f "$root"/srv/*.sh
shut_down
nothing_left
files >"$folder/after"
diff "$folder/before" "$folder/after" || fail "files were left or changed"
rm -rf "$root"
echo "installed, run and removed without leftovers: $(basename "$package")"
