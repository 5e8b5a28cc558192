"""Sits at `flashctl shell` in a pseudo-terminal, as a person would.

shell.py SCENARIO PROGRAM [ARGUMENT...]: ends with 0 when everything happened as it should, else says what was on the
screen. The screen is that of pyte, a terminal in memory: what counts is what a person sees.
"""
import os
import signal
import statistics
import sys
import time

import pexpect

from terminal import Terminal


def completion(program):
    terminal = Terminal(program)
    terminal.sees("sold 0/")
    terminal.type("stat\t")
    terminal.sees("> status ")
    terminal.type("--sa\t")
    terminal.sees("--sale ")
    terminal.until(lambda: terminal.type("\t\t") or terminal.read(0.5) and "current" in terminal.text(), "sales")
    terminal.type("\x03")
    terminal.sees("^C")
    terminal.prompt()
    # The hint for the next argument is shown, and is no part of the line.
    terminal.type("user ")
    terminal.sees("user USER")
    terminal.type("nobody\r")
    terminal.sees("knows no user 'nobody'")
    terminal.leave()


def history(program):
    first, second = Terminal(program), Terminal(program)
    first.run("sql select 'from the first' as a")
    first.sees("(1 row)")
    first.run(" sql select 'private' as a")
    first.sees("private")
    second.run("sql select 'from the second' as b")
    second.sees("(1 row)")
    first.leave()
    second.leave()
    third = Terminal(program)
    third.prompt()
    third.type("\x1b[A")
    third.sees("> sql select 'from the second' as b")
    third.type("\x1b[A")
    third.sees("> sql select 'from the first' as a")
    third.type("\x03")
    third.prompt()
    # Ctrl-R searches.
    third.type("\x12first")
    third.sees("from the first")
    third.type("\r")
    third.sees("(1 row)")
    third.run("\\history 5")
    third.until(lambda: "sql select 'from the first' as a" in third.text(), "the list")
    assert "private" not in third.text(), third.text()
    third.leave()


def search(program):
    """The countdown in the prompt does not disturb Ctrl-R."""
    terminal = Terminal(program)
    terminal.run("sql select 'needle' as a")
    terminal.sees("(1 row)")
    terminal.run("redis ping")
    terminal.sees("PONG")
    terminal.prompt()
    terminal.type("\x12need")
    terminal.sees("needle")
    end = time.monotonic() + 3
    while time.monotonic() < end:
        terminal.read(0.2)
    assert "i-search" in terminal.last(), terminal.text()
    terminal.type("\r")
    terminal.until(lambda: terminal.text().count("(1 row)") >= 2, "the line that was found")
    terminal.leave()


def question(program):
    """Ctrl-C at a question is a no, and what is typed next is a command again."""
    terminal = Terminal(program)
    terminal.run("limit 1 --reason x")
    terminal.sees("cannot be undone")
    for _ in range(5):
        terminal.read(0.1)
    terminal.type("\x03")
    terminal.until(lambda: terminal.last().endswith("]>"), "the prompt")
    terminal.run("redis ping")
    terminal.sees("PONG")
    terminal.run("sql select 'limit ' || user_limit as terms from sales")
    terminal.sees("\nlimit 10\n")
    terminal.leave()


def terminate(program):
    """SIGTERM while a command runs ends both."""
    terminal = Terminal(program)
    terminal.run("sql select pg_sleep(60)")
    terminal.until(lambda: "pg_sleep" in terminal.text() and not terminal.last().endswith("]>"), "the statement")
    os.kill(terminal.child.pid, signal.SIGTERM)
    terminal.until(lambda: not terminal.read() and not terminal.child.isalive(), "the end")
    assert terminal.child.exitstatus == 143, terminal.child.exitstatus


def edit(program):
    """What the editor makes of the last line is run, unless the editor fails."""
    failing = Terminal(program, environment={"EDITOR": "false", "VISUAL": ""})
    failing.run("sql select 'one' || 'two' as words")
    failing.sees("onetwo")
    failing.run("\\e")
    failing.sees("nothing is run: `false` ended with status 1")
    failing.prompt()
    assert failing.text().count("onetwo") == 1, failing.text()
    failing.leave()
    changing = Terminal(program, environment={"EDITOR": "sed -i s/two/three/", "VISUAL": ""})
    changing.run("sql select 'one' || 'two' as words")
    changing.sees("onetwo")
    changing.run("\\e")
    changing.sees("onethree")
    changing.run("\\e")
    changing.sees("Nothing was changed")
    changing.leave()


def interrupt(program):
    terminal = Terminal(program)
    terminal.prompt()
    terminal.type("sql select pg_sleep(60)\r")
    for _ in range(10):
        terminal.read(0.1)
    began = time.monotonic()
    terminal.type("\x03")
    terminal.until(lambda: terminal.last().startswith("flash["), "the prompt")
    took = time.monotonic() - began
    print(f"Ctrl-C to prompt: {took * 1000:.0f} ms")
    # One that comes as soon as the line is sent is not lost either.
    for pause in (0.0, 0.001, 0.002, 0.005, 0.01, 0.02):
        terminal.prompt()
        terminal.type("\x0c")
        terminal.until(lambda: "\n" not in terminal.text(), "an empty screen")
        terminal.prompt()
        terminal.type("sql select pg_sleep(60)\r")
        time.sleep(pause)
        terminal.type("\x03")
        terminal.until(lambda: "pg_sleep" in terminal.text() and terminal.last().endswith("]>"), "a prompt again", 8)
    # The shell lives, and so does its connection or a new one.
    terminal.run("sql select 'alive' as state")
    terminal.sees("alive")
    # At the prompt it drops the line.
    terminal.prompt()
    terminal.type("nonsense that is not run")
    terminal.sees("not run")
    terminal.type("\x03")
    terminal.prompt()
    terminal.leave()


def watch(program):
    terminal = Terminal(program)
    terminal.run("\\watch 0.3 sql select clock_timestamp() as now")
    terminal.sees("every 0.3 s, Ctrl-C ends")
    first = terminal.text()
    terminal.until(lambda: terminal.text() != first and "every 0.3 s" in terminal.text(), "another look")
    # In place: nothing has scrolled.
    assert terminal.text().count("every 0.3 s") == 1, terminal.text()
    terminal.type("\x03")
    terminal.prompt()
    # Alone it repeats the last command as it was typed.
    terminal.run("sql select 'af' || 'ter' as state")
    terminal.sees("after")
    terminal.run("\\watch 0.3")
    terminal.sees("every 0.3 s, Ctrl-C ends")
    terminal.sees("after")
    terminal.type("\x03")
    terminal.prompt()
    terminal.leave()


def resize(program):
    terminal = Terminal(program, columns=100)
    terminal.prompt()
    terminal.type("sql select 'a line that is typed while the window changes' as state")
    terminal.sees("as state")
    terminal.screen.resize(24, 80)
    terminal.child.setwinsize(24, 80)
    # It is drawn again in the width that there is, once.
    for _ in range(8):
        terminal.read(0.2)
    drawn = terminal.text().replace("\n", "")
    assert drawn.count("a line that is typed") == 1 and drawn.count("flash[") == 1, terminal.text()
    terminal.type("\x01\x05\r")
    terminal.sees("(1 row)")
    # While a command has the screen nothing is drawn into it.
    terminal.run("\\watch 0.3 sql select 'watched' as state")
    terminal.sees("every 0.3 s")
    terminal.screen.resize(20, 76)
    terminal.child.setwinsize(20, 76)
    for _ in range(5):
        terminal.read(0.2)
    assert "flash[" not in terminal.text(), terminal.text()
    terminal.type("\x03")
    terminal.leave()


def pager(program):
    terminal = Terminal(program, rows=20, environment={"FLASHCTL_PAGER": "less -FIRX"})
    terminal.run("sql select generate_series(1, 100) as number")
    terminal.until(lambda: terminal.last() == ":", "the prompt of the pager")
    assert "(100 rows)" not in terminal.text(), terminal.text()
    terminal.type("G")
    terminal.sees("(100 rows)")
    # Ctrl-C is for the pager.
    terminal.type("\x03")
    for _ in range(5):
        terminal.read(0.2)
    assert "flash[" not in terminal.last(), terminal.text()
    terminal.type("q")
    terminal.prompt()
    # Leaving it before all was written.
    terminal.run("sql select generate_series(1, 9999) as number")
    terminal.until(lambda: terminal.last() == ":", "the prompt of the pager")
    terminal.type("q")
    terminal.prompt()
    missing = Terminal(program, rows=20, environment={"FLASHCTL_PAGER": "no-such-pager"})
    missing.run("sql select generate_series(1, 30) as number")
    missing.sees("(30 rows)")
    missing.leave()
    # What fits is not paged.
    terminal.run("sql select 'short' as text")
    terminal.sees("short")
    terminal.leave()


def paste(program):
    terminal = Terminal(program)
    terminal.prompt()
    # The terminal was told to mark what is pasted (pyte keeps private modes shifted by five).
    terminal.until(lambda: 2004 << 5 in terminal.screen.mode, "bracketed paste")
    terminal.type("\x1b[200~sql select 'pasted one' as a\nsql select 'pasted two' as b\x1b[201~")
    terminal.sees("pasted two")
    for _ in range(10):
        terminal.read(0.1)
    assert "(1 row)" not in terminal.text(), "pasted lines were run early:\n" + terminal.text()
    terminal.type("\r")
    terminal.until(lambda: terminal.text().count("(1 row)") == 2, "both lines")
    terminal.leave()


def suspend(program):
    terminal = Terminal("/bin/bash", columns=100)
    terminal.child.close(force=True)
    variables = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8", NO_COLOR="1", PS1="outer$ ")
    terminal.child = pexpect.spawn("/bin/bash", ["--norc", "-i"], env=variables, dimensions=(30, 100))
    terminal.sees("outer$")
    terminal.type(f"{program} shell\r")
    terminal.prompt()
    terminal.type("sql select 'kept' as a")
    terminal.sees("'kept' as a")
    terminal.type("\x1a")
    terminal.sees("Stopped")
    terminal.type("fg\r")
    terminal.until(lambda: "kept" in terminal.last(), "the line again")
    terminal.type("\r")
    terminal.sees("(1 row)")
    # A program in front and the shell stop together.
    terminal.run("\\! sleep 2; echo sl''ept")
    terminal.until(lambda: terminal.read(0.3) or "sl''ept" in terminal.text(), "the program")
    terminal.type("\x1a")
    terminal.until(lambda: terminal.text().count("Stopped") == 2, "the second stop")
    terminal.type("fg\r")
    terminal.sees("\nslept")
    terminal.prompt()
    terminal.type("\x04")
    terminal.until(lambda: terminal.last().startswith("outer$"), "the outer shell")


def reconnect(program, stopped, started):
    """The caller restarts both stores once the file `stopped` is there, and says so with the file `started`."""
    terminal = Terminal(program)
    terminal.run("sql select 'before' as state")
    terminal.sees("before")
    terminal.prompt()
    open(stopped, "w").close()
    terminal.sees("!redis,postgres")
    terminal.until(lambda: terminal.read() or os.path.exists(started), "the restart", 60)
    terminal.until(lambda: terminal.last().startswith("flash[") and "!redis" not in terminal.last()
                   and "postgres," not in terminal.last() and "sold 0/" in terminal.last(), "a sound prompt", 60)
    terminal.run("sql select 'behind' as state")
    terminal.sees("behind")
    terminal.run("redis ping")
    terminal.sees("PONG")
    terminal.leave()


def echo(program, ready, stopped):
    """The caller stops Postgres once the file `ready` is there, and says so with the file `stopped`. Typing and TAB
    stay fluid. Prints the slowest echo."""
    terminal = Terminal(program)
    terminal.sees("sold 0/")
    open(ready, "w").close()
    terminal.until(lambda: terminal.read() or os.path.exists(stopped), "the stop", 60)
    times = []
    typed = ""
    for character in "status --sale 12 -o json --fast":
        began = time.monotonic()
        terminal.type(character)
        typed += character
        terminal.until(lambda: typed.rstrip() in terminal.text(), f"the echo of '{typed}'")
        times.append(time.monotonic() - began)
    began = time.monotonic()
    terminal.type(" --rec\t")
    terminal.sees("--records")
    usual = statistics.median(times)
    print(f"echo: {usual * 1000:.1f} ms, at most {max(times) * 1000:.1f} ms; "
          f"TAB: {(time.monotonic() - began) * 1000:.1f} ms")
    # The median: a single key may wait for a processor on a busy machine.
    assert usual < 0.05, times
    terminal.type("\x03")
    terminal.prompt()
    terminal.leave()


def away(program):
    """Opens although nothing is there, and says so."""
    began = time.monotonic()
    terminal = Terminal(program, "--redis", "127.0.0.1:1", "--postgres", "postgres://127.0.0.1:1/x")
    terminal.prompt()
    print(f"open after {(time.monotonic() - began) * 1000:.0f} ms")
    terminal.sees("!redis,postgres")
    terminal.run("status --fast --sale 1")
    terminal.sees("do not answer")
    terminal.leave()


try:
    globals()[sys.argv[1]](*sys.argv[2:])
except AssertionError as problem:
    print(problem, file=sys.stderr)
    sys.exit(1)
