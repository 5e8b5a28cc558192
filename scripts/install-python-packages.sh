#!/usr/bin/env bash
# Puts the named packages of PyPI into .build/python, where the tests look for them; nothing of the system is touched.
# Asks for nothing when all are there.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.build/python
wanted="$*"
if [[ -f $folder/installed && $(<"$folder/installed") == "$wanted" ]]; then exit 0; fi
echo "Installing into $folder: $wanted" >&2
rm -rf "$folder"
mkdir -p "$folder"
/usr/bin/python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$folder" "$@"
echo "$wanted" >"$folder/installed"
