#!/usr/bin/env bash
# Unpacks a clean, minimal Debian 12 into FOLDER, which is made anew. It is downloaded once. Needs root.
#
#     scripts/debian-base.sh FOLDER
set -euo pipefail

archive=$(dirname "$0")/../.build/debian-base.tar
folder=$1
rm -rf "$folder"
mkdir -p "$folder"
if [[ ! -f $archive ]]; then
    debootstrap --variant=minbase bookworm "$folder" >&2
    tar --create --file "$archive.new" --directory "$folder" .
    mv "$archive.new" "$archive"
else
    tar --extract --file "$archive" --directory "$folder"
fi
