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
        return Terminal(self.binary, columns=110, rows=rows, environment=self.environment)

    def keep(self, name):
        """What is on the screen, without the prompt that waits below it."""
        lines = self.terminal.text().splitlines()
        if lines and lines[-1].startswith("flash[") and lines[-1].endswith("]>"):
            lines.pop()
        self.outputs[name] = "\n".join(lines)

    def clear(self):
        self.terminal.prompt()
        self.terminal.screen.reset()
        self.terminal.type("\x0c")
        self.terminal.prompt()

    def show(self, name, *lines):
        """Runs lines on an empty screen and keeps it."""
        self.clear()
        for line in lines:
            self.terminal.run(line)
            self.settled()
        self.keep(name)

    def settled(self):
        """Until the prompt stands below what the command has written."""
        self.terminal.read(0.3)
        self.terminal.prompt(60)
        while self.terminal.read(0.2):
            pass
        self.terminal.prompt(60)


def looks(tour):
    tour.terminal = tour.open()
    tour.terminal.until(lambda: "sold" in tour.terminal.last(), "a sale in the prompt")
    tour.show("stock", "stock", "user alice")
    tour.show("attempts", "attempts user_limit", "ledger \\| head -5")
    tour.show("status", "sale")
    tour.clear()
    tour.terminal.type("inspect-user al\t")
    tour.terminal.sees("inspect-user alice ")
    tour.terminal.type("--sale ")
    tour.terminal.sees("SALE")
    tour.terminal.type("\t\t")
    tour.terminal.sees("current")
    tour.keep("completion")
    tour.terminal.type("\x03")
    tour.show("sql", "sql select outcome, count(*) from attempts group by 1 order by 2 desc", "sql delete from purchases",
              f"redis hmget fs:{{{tour.sale}}}:sale state free held sold", "redis flushall")
    tour.show("settings", "\\timing", "\\x auto", "\\pset format json", "stock", "\\pset format table", "\\wach 1 stock")
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
    tour.terminal.until(lambda: tour.terminal.type("\r") or tour.terminal.read(0.5) and "paused" in tour.terminal.last(),
                        "paused in the prompt")
    tour.outputs["pausedprompt"] = tour.terminal.last()
    tour.show("resume", "resume --reason 'price corrected'")
    tour.clear()
    tour.terminal.run("sql select pg_sleep(60)")
    tour.terminal.read(1)
    tour.outputs["interrupt"] = milliseconds(interrupt(tour.terminal))
    tour.settled()
    tour.keep("interrupted")
    tour.show("verify", "verify --sale current")
    tour.terminal.leave()


def interrupt(terminal):
    began = time.monotonic()
    terminal.type("\x03")
    terminal.until(lambda: terminal.last().startswith("flash[") and terminal.last().endswith("]>"), "the prompt")
    return time.monotonic() - began


def milliseconds(seconds):
    return f"{seconds * 1000:.0f}"


def figures(tour):
    """Opening, Ctrl-C and typing, with both stores there and with both of them stopped."""
    opened, interrupted = [], []
    for _ in range(ROUNDS):
        began = time.monotonic()
        terminal = tour.open()
        terminal.prompt()
        opened.append(time.monotonic() - began)
        terminal.run("sql select pg_sleep(60)")
        terminal.read(0.7)
        interrupted.append(interrupt(terminal))
        terminal.leave()
    typing = echo(tour.open())
    processes = stores(tour.flashctl.local)
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        stopped_open, stopped_typing = [], []
        for _ in range(ROUNDS):
            began = time.monotonic()
            terminal = tour.open()
            terminal.prompt()
            stopped_open.append(time.monotonic() - began)
            stopped_typing += echo(terminal)
            terminal.child.close(force=True)
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    rows = [
        ("from the start of the process to the prompt", opened, stopped_open, "150"),
        ("from a key to its echo", typing, stopped_typing, "50"),
        ("from Ctrl-C in a statement of 60 s to the prompt", interrupted, None, "200"),
    ]
    lines = ["| | stores answer: median, max (ms) | both stopped: median, max (ms) | wanted (ms) |", "|---|---|---|---:|"]
    for name, plain, stopped, wanted in rows:
        lines.append(f"| {name} | {pair(plain)} | {pair(stopped) if stopped else '–'} | {wanted} |")
    tour.outputs["figures"] = "\n".join(lines)


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
        flashctl.seed("Tour", 10_000)
        server.wait_for_sale("Tour")
        for _ in range(12):
            server.request("POST", "/checkout?user_id=alice&id=7")
        tour = Tour(flashctl, options.binary)
        tour.sale = flashctl.sale_id("Tour")
        command = [options.binary, "loadtest", "--target", f"http://127.0.0.1:{server.port}", "--requests", "20000000",
                   "--connections", "20", "--purchases", "60"]
        load = subprocess.Popen(command, env=tour.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        looks(tour)
        figures(tour)
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
