"""Presses the TAB key in a real shell in a pseudo-terminal.

completion.py SHELL PROGRAM WANTED WORD...: types the words, presses TAB, and ends with 0 once WANTED is on the screen.
"""
import os
import sys
import tempfile

import pexpect

SHELLS = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
READY = "ready-to-type"


def setup(shell, folder):
    if shell == "bash":
        return "source <(flashctl --generate-completion-script bash); bind 'set bell-style none'"
    if shell == "zsh":
        script = f"{folder}/_flashctl"
        return (f"flashctl --generate-completion-script zsh >{script}; fpath=({folder} $fpath); "
                f"autoload -Uz compinit; compinit -u -d {folder}/dump")
    return "flashctl --generate-completion-script fish | source"


def main():
    shell, program, wanted, *words = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.dirname(program) + ":" + os.environ["PATH"]
        environment = dict(os.environ, PATH=path, HOME=folder, TERM="xterm", PS1="$ ")
        child = pexpect.spawn(shell, SHELLS[shell], env=environment, encoding="utf-8", timeout=120,
                              dimensions=(40, 200))
        child.sendline(setup(shell, folder) + f"; echo {READY[:5]}''{READY[5:]}")
        child.expect(READY)
        for _ in range(60):
            # A machine that is busy may not answer within the patience of the completion: a person presses TAB again.
            child.send(" ".join(["flashctl", *words]) + " \t\t")
            if child.expect([rf"(?<![\w-]){wanted}(?![\w-])", pexpect.TIMEOUT], timeout=4) == 0:
                child.close(force=True)
                return 0
            child.send("\x15")
        print(child.before, file=sys.stderr)
        child.close(force=True)
        return 1


sys.exit(main())
