"""Answers the question of a command that cannot be undone, at a pseudo-terminal.

consent.py KEY STATUS PROGRAM WORD...: waits for the question, presses Ctrl-C or Ctrl-D (c or d), and ends with 0 when
the command ends with this status, having said so on a line of its own.
"""
import os
import sys

import pexpect


def main():
    key, status, program, *words = sys.argv[1:]
    environment = dict(os.environ, TERM="xterm", NO_COLOR="1")
    child = pexpect.spawn(program, words, env=environment, encoding="utf-8", timeout=120, dimensions=(30, 200))
    child.expect("to go on: ")
    plan = child.before
    child.send({"c": "\x03", "d": "\x04"}[key])
    child.expect(pexpect.EOF)
    child.close()
    print(f"{plan}\n---\n{child.before}\nended with {child.exitstatus}, signal {child.signalstatus}", file=sys.stderr)
    is_planned = "would be changed: the limit is 1 per user" in plan
    return 0 if is_planned and child.exitstatus == int(status) and "\nflashctl: " in child.before else 1


sys.exit(main())
