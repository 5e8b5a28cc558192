#!/usr/bin/env bash
# Makes the Debian package of a release binary in .build/deb and says its path. The same commit and the same binary make
# the same bytes: all times are that of the commit.
#
#     scripts/build-deb.sh [BINARY]
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${1:-.build/release/flashctl}
output=.build/deb
root=$output/tree
[[ -x $binary ]] || { echo "$binary is missing; make build makes it" >&2; exit 1; }

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8 TZ=UTC
umask 022

# A tag is a version; between tags versions grow with the time of their commit, and come before the next one.
version=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null | sed 's/^v//' || true)
if [[ -z $version ]]; then
    base=$(sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/flashctl/Flashctl.swift)
    version="$base~git$(date --date "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M).$(git rev-parse --short=8 HEAD)"
fi
if [[ -n $(git status --porcelain) ]]; then version+=.dirty; fi
architecture=$(dpkg --print-architecture)

rm -rf "$output"
install -d "$root/DEBIAN"
put() { install -D -m "$1" "$2" "$root/$3"; }
packed() { install -d "$(dirname "$root/$2")" && gzip -9n <"$1" >"$root/$2"; }

put 755 "$binary" usr/bin/flashctl
strip --strip-all --remove-section=.comment --remove-section=.note "$root/usr/bin/flashctl"
for page in man/*.1; do packed "$page" "usr/share/man/man1/$(basename "$page").gz"; done
put 644 completions/flashctl.bash usr/share/bash-completion/completions/flashctl
# It is read by a shell and never run.
sed -i '1{/^#!/d}' "$root/usr/share/bash-completion/completions/flashctl"
put 644 completions/_flashctl usr/share/zsh/vendor-completions/_flashctl
put 644 completions/flashctl.fish usr/share/fish/vendor_completions.d/flashctl.fish
for unit in deploy/systemd/*; do put 644 "$unit" "lib/systemd/system/$(basename "$unit")"; done
put 644 deploy/debian/environment etc/flashctl/environment
put 644 deploy/debian/copyright usr/share/doc/flashctl/copyright
put 644 deploy/cron/flashctl usr/share/doc/flashctl/examples/cron
for page in OPERATIONS RELIABILITY; do packed "docs/$page.md" "usr/share/doc/flashctl/$page.md.gz"; done
packed docs/INSTALL.md usr/share/doc/flashctl/README.Debian.gz

install -d "$root/usr/share/lintian/overrides"
cat >"$root/usr/share/lintian/overrides/flashctl" <<'END'
# Yams, which reads the configuration, is a Swift package with LibYAML in it; it cannot be linked with another one.
flashctl: embedded-library libyaml [usr/bin/flashctl]
END

maintainer="${DEBFULLNAME:-$(git log -1 --format=%an)} <${DEBEMAIL:-$(git log -1 --format=%ae)}>"
changelog="flashctl ($version) unstable; urgency=medium

  * Built from commit $(git rev-parse HEAD).

 -- $maintainer  $(date --date "@$SOURCE_DATE_EPOCH" -R)"
packed /dev/stdin usr/share/doc/flashctl/changelog.gz <<<"$changelog"

# dpkg-shlibdeps wants the tree of a source package around it.
install -d "$output/source/debian"
touch "$output/source/debian/control"
libraries=$(cd "$output/source" && dpkg-shlibdeps -O ../tree/usr/bin/flashctl 2>/dev/null |
    sed -n 's/^shlibs:Depends=//p')
[[ -n $libraries ]] || { echo "dpkg-shlibdeps found no libraries" >&2; exit 1; }

cat >"$root/DEBIAN/control" <<END
Package: flashctl
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du --summarize --apparent-size --block-size=1024 --exclude=DEBIAN "$root" | cut -f 1)
Depends: adduser, ca-certificates, $libraries
Suggests: postgresql, redis-server
Section: net
Priority: optional
Description: flash sales on Redis and Postgres
 Serves the public HTTP API of flash sales, opens a sale every hour, shows
 where a sale stands, and generates the load to test it all. It sells exactly
 the stock, no user gets more than the limit, and every attempt is in Postgres
 exactly once.
END
echo /etc/flashctl/environment >"$root/DEBIAN/conffiles"
install -m 755 deploy/debian/{postinst,prerm,postrm} "$root/DEBIAN"
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\n' | sort | xargs -d '\n' md5sum >DEBIAN/md5sums)
chmod 644 "$root/DEBIAN/"{control,conffiles,md5sums}
find "$root" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +

package=$output/flashctl_${version}_$architecture.deb
# xz with one thread: the bytes do not depend on the number of cores.
dpkg-deb --root-owner-group --threads-max=1 -Zxz --build "$root" "$package" >&2
rm -rf "$root" "$output/source"
echo "$package"
