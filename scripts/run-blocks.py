#!/usr/bin/env python3
"""The commands of a page as a script: every block that begins with ```sh, under the headings it stands below.

    scripts/run-blocks.py PAGE

Each command is shown before it is run. Questions of apt are answered with yes.
"""
import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
print("export DEBIAN_FRONTEND=noninteractive")
print('apt() { apt-get -y -o Dpkg::Use-Pty=0 "$@"; }')
# `sudo apt` has to find the function.
print('sudo() { "$@"; }')
for heading, block in re.findall(r"^#+ ([^\n]+)$|^```sh\n(.*?)^```$", text, re.M | re.S):
    if heading:
        print(f"# {heading}")
    else:
        print(f"cat <<'END_OF_COMMANDS' | sed 's/^/$ /'\n{block}END_OF_COMMANDS\n{block}")
