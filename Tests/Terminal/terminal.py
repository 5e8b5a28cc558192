"""A terminal in memory, with `flashctl shell` at its other end: what counts is what a person sees."""
import os
import time

import pexpect
import pyte

# A machine that runs other tests may be slow; what must be quick is measured apart.
PATIENCE = 120.0


class Terminal:
    def __init__(self, program, *arguments, columns=100, rows=30, environment=None):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        variables = {**os.environ, **(environment or {}), "TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        self.child = pexpect.spawn(program, ["shell", *arguments], env=variables, timeout=PATIENCE,
                                   dimensions=(rows, columns))
        # pexpect waits 50 ms before each send unless told otherwise.
        self.child.delaybeforesend = None

    def read(self, seconds=0.05):
        try:
            self.stream.feed(self.child.read_nonblocking(65536, timeout=seconds))
            return True
        except (pexpect.TIMEOUT, pexpect.EOF):
            return False

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display).strip()

    def last(self):
        return self.text().splitlines()[-1] if self.text() else ""

    def until(self, condition, what, patience=PATIENCE):
        end = time.monotonic() + patience
        while not condition():
            self.read()
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not happen; the screen:\n{self.text()}")

    def sees(self, wanted, patience=PATIENCE):
        self.until(lambda: wanted in self.text(), f"'{wanted}'", patience)

    def prompt(self, patience=PATIENCE):
        self.until(lambda: self.last().startswith("flash[") and self.last().endswith("]>"), "a prompt", patience)

    def clear(self):
        """Empties the screen, so that nothing of before is taken for an answer."""
        self.prompt()
        self.type("\x0c")
        self.until(lambda: "\n" not in self.text() and self.last().endswith("]>"), "an empty screen")

    def type(self, text):
        self.child.send(text)

    def run(self, line):
        self.prompt()
        self.type(line + "\r")

    def leave(self):
        self.prompt()
        self.type("\x04")
        self.until(lambda: not self.read() and not self.child.isalive(), "the end")
        assert self.child.exitstatus == 0, self.child.exitstatus
