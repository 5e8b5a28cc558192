#!/usr/bin/env python3
"""Sits at `flashctl shell` while a load test runs, and writes docs/SHELL.md from what was on the screen.

The text of the page is bench/pages/SHELL.md; each @name@ in it is a piece of the screen or a figure.
"""

import argparse
import glob
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from programs import HERE, Failure, Flashctl, free_port, raise_file_limit

ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "Tests", "Terminal"))
from terminal import Terminal  # noqa: E402

ROUNDS = 10
COLUMNS = 110


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build", "release", "flashctl"))
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "SHELL.md"))
    return parser.parse_args()


class Tour:
    def __init__(self, flashctl, binary):
        self.flashctl = flashctl
        self.binary = binary
        socket = os.path.join(flashctl.local, "run", "postgres")
        self.environment = dict(
            flashctl.environment, USER="ops", HOME=flashctl.folder,
            REDIS_URL="unix://" + os.path.join(flashctl.local, "run", "redis.sock"),
            POSTGRES_URL=f"host={socket} user=postgres dbname=postgres",
        )
        self.outputs = {}
        self.terminal = None

    def open(self, rows=44):
        return Terminal(self.binary, columns=COLUMNS, rows=rows, environment=self.environment)

    def keep(self, name):
        """What is on the screen, without the prompt that waits below it."""
        lines = []
        for line in self.terminal.text().splitlines():
            # What the terminal has broken is one line again; tables fit.
            if lines and len(lines[-1]) % COLUMNS == 0 and lines[-1].startswith(("flashctl: ", "  next step: ")):
                lines[-1] += line
            else:
                lines.append(line)
        if lines and lines[-1].startswith("flash[") and lines[-1].endswith("]>"):
            lines.pop()
        self.outputs[name] = "\n".join(lines)

    def clear(self):
        self.terminal.prompt()
        self.terminal.type("\x0c")
        self.terminal.until(lambda: self.terminal.text().count("\n") == 0, "an empty screen")
        self.terminal.prompt()

    def show(self, name, *lines):
        """Runs lines on an empty screen and keeps it."""
        self.clear()
        for line in lines:
            self.terminal.run(line)
            self.settled()
        self.keep(name)

    def settled(self, ended=True):
        """Until nothing more is written, and when the command has ended, until its prompt stands below."""
        self.terminal.read(0.3)
        if ended:
            self.terminal.prompt(60)
        while self.terminal.read(0.2):
            pass
        if ended:
            self.terminal.prompt(60)


def looks(tour):
    tour.terminal = tour.open()
    tour.terminal.until(lambda: "sold" in tour.terminal.last(), "a sale in the prompt")
    tour.show("stock", "stock", "user alice")
    tour.show("attempts", "attempts user_limit", "ledger \\| head -5")
    tour.show("status", "sale")
    tour.clear()
    tour.terminal.type("insp\t")
    tour.terminal.sees("inspect-user USER")
    tour.terminal.type("cr\t")
    tour.terminal.sees("inspect-user crowd-")
    tour.terminal.type("\t\t")
    tour.settled(False)
    tour.terminal.type("1 --sale ")
    tour.terminal.sees("--sale SALE")
    tour.terminal.type("\t\t")
    tour.terminal.sees("current")
    tour.keep("completion")
    tour.terminal.type("\x03")
    tour.show("sql", "sql select outcome, count(*) from attempts group by 1 order by 2 desc",
              "sql delete from purchases",
              f"redis hmget fs:{{{tour.sale}}}:sale state free held sold", "redis flushall")
    tour.show("settings", "\\timing", "\\x auto", "\\pset format json", "stock", "\\pset format table",
              "\\wach 1 stock",
              "\\timing off", "\\x off")
    tour.clear()
    tour.terminal.run("\\watch 1 stock")
    tour.terminal.sees("Ctrl-C ends")
    tour.terminal.until(lambda: tour.terminal.read(0.5) and "sold" in tour.terminal.text(), "the stock")
    tour.keep("watch1")
    for _ in range(4):
        tour.terminal.read(1)
    tour.keep("watch2")
    tour.terminal.type("\x03")
    tour.terminal.prompt()
    tour.show("pause", "pause --reason 'price is wrong, ticket 4711'")
    tour.terminal.until(lambda: tour.terminal.read(0.5) and "paused" in tour.terminal.last(), "paused in the prompt")
    tour.outputs["pausedprompt"] = tour.terminal.last()
    tour.show("resume", "resume --reason 'price corrected'")
    tour.clear()
    begin_to_sleep(tour.terminal)
    tour.outputs["interrupt"] = milliseconds(interrupt(tour.terminal))
    tour.settled()
    tour.keep("interrupted")
    tour.show("verify", "verify --sale current")
    tour.terminal.leave()


def begin_to_sleep(terminal):
    terminal.run("sql select pg_sleep(60)")
    terminal.until(lambda: "pg_sleep" in terminal.text() and not terminal.last().endswith("]>"), "the statement")
    time.sleep(0.3)


def interrupt(terminal):
    began = time.monotonic()
    terminal.type("\x03")
    terminal.until(lambda: terminal.last().startswith("flash[") and terminal.last().endswith("]>"), "the prompt")
    return time.monotonic() - began


def milliseconds(seconds):
    return f"{seconds * 1000:.0f}"


def figures(tour, load):
    """Opening, typing and Ctrl-C: under load, without it, and with both stores stopped."""
    busy = measured(tour, interrupts=True)
    load.terminate()
    load.wait()
    time.sleep(3)
    quiet = measured(tour, interrupts=True)
    processes = stores(tour.flashctl.local)
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        stopped = measured(tour, interrupts=False)
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    rows = [
        ("from the start of the process to the prompt", "opened", "150"),
        ("from a key to its echo", "typed", "50"),
        ("from Ctrl-C in a statement of 60 s to the prompt", "interrupted", "200"),
    ]
    lines = ["| median, max (ms) | under load | without load | both stores stopped | wanted |",
             "|---|---|---|---|---:|"]
    for name, key, wanted in rows:
        values = " | ".join(pair(run[key]) if run[key] else "–" for run in (busy, quiet, stopped))
        lines.append(f"| {name} | {values} | {wanted} |")
    tour.outputs["figures"] = "\n".join(lines)


def measured(tour, interrupts):
    found = {"opened": [], "typed": [], "interrupted": []}
    for _ in range(ROUNDS):
        began = time.monotonic()
        terminal = tour.open()
        terminal.prompt()
        found["opened"].append(time.monotonic() - began)
        found["typed"] += echo(terminal)
        if interrupts:
            begin_to_sleep(terminal)
            found["interrupted"].append(interrupt(terminal))
        terminal.child.close(force=True)
    return found


def pair(values):
    return f"{statistics.median(values) * 1000:.1f}, {max(values) * 1000:.1f}"


def echo(terminal):
    """Seconds from each key to its echo; TAB, which asks for sales and users, is pressed among them."""
    terminal.prompt()
    times, typed = [], ""
    for character in "inspect-user nobody --sale 12 -o json":
        began = time.monotonic()
        terminal.type(character)
        typed += character
        terminal.until(lambda: typed.rstrip() in terminal.text(), f"the echo of '{typed}'")
        times.append(time.monotonic() - began)
        if typed.endswith("--sale "):
            terminal.type("\t")
    terminal.type("\x03")
    return times


def stores(folder):
    """The processes of the private stores: those that run in its folder."""
    found = []
    for entry in glob.glob("/proc/[0-9]*/cwd"):
        try:
            if os.readlink(entry).startswith(folder):
                found.append(int(entry.split("/")[2]))
        except OSError:
            continue
    if len(found) < 2:
        raise Failure("the processes of the stores were not found")
    return found


def page(tour):
    with open(os.path.join(HERE, "pages", "SHELL.md"), encoding="utf-8") as file:
        text = file.read()
    for name, output in tour.outputs.items():
        text = text.replace(f"@{name}@", output)
    # Folders of this machine are no news to anybody.
    text = re.sub(r"/[^\s]*/state/flashctl/local", "…/local", text)
    left = re.findall(r"@[A-Za-z0-9]+@", text)
    if left:
        raise Failure(f"the page still has {left}")
    return text


def main():
    options = arguments()
    raise_file_limit()
    folder = tempfile.mkdtemp(prefix="flashctl-tour-")
    flashctl = Flashctl(options.binary, folder)
    server = flashctl.serve(free_port())
    load = None
    try:
        server.wait_ready()
        flashctl.seed("Tour", 100_000)
        server.wait_for_sale("Tour")
        for _ in range(12):
            server.request("POST", "/checkout?user_id=alice&id=7")
        tour = Tour(flashctl, options.binary)
        tour.sale = flashctl.sale_id("Tour")
        command = [options.binary, "loadtest", "--target", f"http://127.0.0.1:{server.port}", "--requests", "20000000",
                   "--connections", "20", "--purchases", "60", "--run-id", "crowd"]
        load = subprocess.Popen(command, env=tour.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # A forecast needs ten seconds of attempts.
        time.sleep(11)
        looks(tour)
        figures(tour, load)
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(page(tour))
        print(tour.outputs["figures"])
        return 0
    except (Failure, AssertionError) as failure:
        print(f"tour: {failure}", file=sys.stderr)
        return 1
    finally:
        for process in (load, server.process):
            if process:
                process.terminate()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
