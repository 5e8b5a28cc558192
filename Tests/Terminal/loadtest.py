"""Watches `flashctl loadtest` in a pseudo-terminal, as a person would.

loadtest.py SCENARIO PROGRAM ARGUMENT...: the arguments make it run for half a minute at least. Ends with 0 when the
view was shown and the terminal was given back, however the run ended; else says what was on the screen.
"""
import os
import signal
import sys
import time

import pexpect
import pyte

# A machine that runs other tests may be slow.
PATIENCE = 120.0


class Window:
    """A shell in a window, in which the load test is started."""

    def __init__(self, columns=100, rows=32):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        variables = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8", NO_COLOR="1", PS1="outer$ ")
        self.child = pexpect.spawn("/bin/bash", ["--norc", "--noprofile", "-i"], env=variables,
                                   dimensions=(rows, columns))
        self.until(lambda: "outer$" in self.text(), "the shell")

    def read(self, seconds=0.05):
        try:
            self.stream.feed(self.child.read_nonblocking(65536, timeout=seconds))
        except (pexpect.TIMEOUT, pexpect.EOF):
            pass

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines()).strip()

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.read()
            if time.monotonic() > end:
                sys.exit(f"{what} did not happen; the screen:\n{self.text()}")

    def start(self, command):
        self.child.send(command + "; echo status=$?\r")
        self.until(lambda: any(line.startswith("latency ") for line in self.lines()), "the view")
        if not self.screen.cursor.hidden:
            sys.exit(f"the cursor is seen while it runs; the screen:\n{self.text()}")
        # Of the program itself, not of the shell.
        self.pid = int(os.popen(f"pgrep -P {self.child.pid}").read().split()[0])

    def is_given_back(self, what):
        self.until(lambda: not self.screen.cursor.hidden, f"the cursor, after {what},")
        self.until(lambda: "outer$" in self.text() or "Stopped" in self.text(), f"the shell, after {what},")
        if pyte.modes.DECAWM not in self.screen.mode:
            sys.exit(f"lines do not wrap any more, after {what}")

    def ended_with(self, status):
        self.until(lambda: f"status={status}" in self.text(), f"status {status}")


def interrupt(window, command):
    window.start(command)
    window.child.send("\x03")
    window.is_given_back("Ctrl-C")
    window.ended_with(130)


def kill_with(number, status):
    def scenario(window, command):
        window.start(command)
        os.kill(window.pid, number)
        window.is_given_back(f"signal {number}")
        window.ended_with(status)

    return scenario


def suspend(window, command):
    window.start(command)
    window.child.send("\x1a")
    window.until(lambda: "Stopped" in window.text(), "the stop")
    window.is_given_back("Ctrl-Z")
    window.child.send("fg\r")
    window.until(lambda: window.screen.cursor.hidden and window.lines()[0].startswith("loadtest "), "the view again")
    window.child.send("\x03")
    window.is_given_back("Ctrl-Z, fg and Ctrl-C")


def resize(window, command):
    window.start(command)
    for rows, columns in [(12, 60), (40, 120)]:
        window.screen.resize(rows, columns)
        window.child.setwinsize(rows, columns)
        window.until(lambda: ("more lines do not" in window.text()) == (rows == 12), f"{rows} rows")
        if rows == 12 and window.lines()[-1]:
            sys.exit(f"the window has scrolled:\n{window.text()}")
    window.child.send("\x03")
    window.is_given_back("a resize and Ctrl-C")


SCENARIOS = {
    "interrupt": interrupt,
    "terminate": kill_with(signal.SIGTERM, 143),
    "hangup": kill_with(signal.SIGHUP, 129),
    "quit": kill_with(signal.SIGQUIT, 131),
    "fault": kill_with(signal.SIGABRT, 134),
    "suspend": suspend,
    "resize": resize,
}


def main():
    scenario, *command = sys.argv[1:]
    SCENARIOS[scenario](Window(), " ".join(f"'{word}'" for word in command))
    return 0


sys.exit(main())
