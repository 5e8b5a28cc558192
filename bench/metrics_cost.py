#!/usr/bin/env python3
"""Counts the instructions that an event loop of `flashctl serve` spends for each checkout, with and without metrics.

A time of a few hundredths of a microsecond drowns in the noise of any machine; instructions under callgrind do not.
Only the thread of the event loop is counted: its work is what limits a server. Two runs of different length, and their
difference, leave out what a server does anyway. The program without metrics is built from the same sources, with the
functions of LoopCounters that count emptied; two programs of one's own can be named instead. Writes the table into
docs/METRICS.md.
"""

import argparse
import datetime
import glob
import http.client
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from programs import HERE, Failure, Flashctl, Server, free_port, program
from report import machine, replace_section

ROOT = os.path.dirname(HERE)
PAGE = os.path.join(ROOT, "docs", "METRICS.md")
COUNTERS = os.path.join("Sources", "flashserve", "Metrics", "LoopCounters.swift")
# What is counted on the way of a request.
COUNTING = ("decided", "refused", "began", "answered", "abandoned", "batch")
# A function that only the event loop of connections runs.
MARK = re.compile(r"fn=.*ConnectionHandler.*channelRead")
# Valgrind 3.19 writes into the mask of sigsuspend, which in libdispatch cannot be written.
SIGSUSPEND = """
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
int sigsuspend(const sigset_t *mask) { sigset_t copy = *mask; return syscall(SYS_rt_sigsuspend, &copy, 8); }
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", nargs=2, metavar="FLASHCTL", help="count these two; docs stay as they are")
    parser.add_argument("--requests", type=int, default=6000, help="checkouts of the shorter run; the longer has twice")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pipeline", type=int, nargs="+", default=[1, 50],
                        help="checkouts that a connection sends at once, 1 to 64; each is a measurement of its own")
    return parser.parse_args()


def without_metrics(text):
    """The source of LoopCounters, in which nothing is counted."""
    for name in COUNTING:
        function = re.compile(rf"(    mutating func {name}\(.*?\{{\n).*?\n(    }}\n)", re.DOTALL)
        text, count = function.subn(r"\1\2", text, count=1)
        if count != 1:
            raise Failure(f"{COUNTERS} has no function {name} that could be emptied")
    return text


def build(folder):
    """Programs with and without metrics, from copies of the sources in one place, so that paths and flags are equal."""
    for name in ("Sources", "Tests"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(folder, name))
    for path in glob.glob(os.path.join(ROOT, "Package.*")):
        shutil.copy(path, folder)
    source = os.path.join(folder, COUNTERS)
    with open(source, encoding="utf-8") as file:
        text = file.read()
    programs = []
    for name, content in (("without", without_metrics(text)), ("with", text)):
        with open(source, "w", encoding="utf-8") as file:
            file.write(content)
        command = ["swift", "build", "-c", "release", "--product", "flashctl", "--static-swift-stdlib"]
        subprocess.run(command, cwd=folder, check=True)
        programs.append(shutil.copy(os.path.join(folder, ".build", "release", "flashctl"), os.path.join(folder, name)))
    return programs


def send(port, count, pipeline):
    """Checkouts on one connection, each with a user of its own; the next ones go when all are answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        for first in range(0, count, pipeline):
            numbers = range(first, min(first + pipeline, count))
            requests = "".join(f"POST /checkout?user_id=u{n}&id=7 HTTP/1.1\r\nHost: x\r\n\r\n" for n in numbers)
            connection.sendall(requests.encode())
            received = b""
            # Every answer has one status line, and ends with its body in braces.
            while received.count(b"HTTP/1.1 ") < len(numbers) or not received.endswith(b"}"):
                part = connection.recv(65536)
                if not part:
                    raise Failure("the server closed the connection")
                received += part
            if received.count(b"HTTP/1.1 409") + received.count(b"HTTP/1.1 201") != len(numbers):
                raise Failure(f"unexpected answer: {received[:80]!r}")


class Scraper(threading.Thread):
    """Reads the metrics once a second."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.count = 0
        self.ends = threading.Event()

    def run(self):
        while not self.ends.wait(1):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", "/metrics")
            self.count += connection.getresponse().status == 200


def instructions(binary, count, pipeline, scraped):
    """Instructions of the loop's thread for this many checkouts, and for what a start and a stop need."""
    folder = tempfile.mkdtemp(prefix="flashctl-cost-")
    try:
        # Valgrind cannot read what Swift writes for debuggers; the names of functions stay.
        stripped = os.path.join(folder, "flashctl")
        subprocess.run([program("strip"), "--strip-debug", "-o", stripped, binary], check=True)
        flashctl = Flashctl(stripped, folder)
        library = os.path.join(folder, "sigsuspend.so")
        compile_c = [program("cc"), "-shared", "-fPIC", "-o", library, "-xc", "-"]
        subprocess.run(compile_c, input=SIGSUSPEND, text=True, check=True)
        port, admin = free_port(), free_port()
        log = open(os.path.join(folder, "serve.log"), "ab")
        command = [
            program("valgrind"), "--tool=callgrind", "--separate-threads=yes",
            f"--callgrind-out-file={folder}/out", stripped, "serve", "--local", "--port", str(port),
            "--admin-port", str(admin), "--hourly-stock", "100",
        ]
        environment = dict(flashctl.environment, LD_PRELOAD=library)
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        server = Server(process, port, log.name)
        server.wait_ready()
        scraper = Scraper(admin)
        if scraped:
            scraper.start()
        send(port, count, pipeline)
        scraper.ends.set()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=300)
        for path in glob.glob(f"{folder}/out*"):
            with open(path, encoding="utf8", errors="replace") as file:
                text = file.read()
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
            if MARK.search(text) and total:
                return int(total[1])
        raise Failure("no thread of callgrind's output is the event loop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def per_request(binary, pipeline, scraped, options):
    found = []
    for _ in range(options.rounds):
        short = instructions(binary, options.requests, pipeline, scraped)
        long = instructions(binary, options.requests * 2, pipeline, scraped)
        found.append((long - short) / options.requests)
    return statistics.median(found), min(found), max(found)


def table(programs, options):
    lines = [
        "| checkouts sent at once | without metrics | with metrics | with metrics, scraped every second |",
        "|---:|---:|---:|---:|",
    ]
    for pipeline in options.pipeline:
        base, cells = None, []
        for binary, scraped in ((programs[0], False), (programs[1], False), (programs[1], True)):
            median, low, high = per_request(os.path.abspath(binary), pipeline, scraped, options)
            base = base or median
            share = "" if not cells else f", **{median / base - 1:+.2%}**"
            cells.append(f"{median:,.0f}{share} ({low:,.0f} to {high:,.0f})")
            print(f"{pipeline} at once: {cells[-1]}", flush=True)
        lines.append(f"| {pipeline} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    options = arguments()
    if options.programs:
        print(table(options.programs, options))
        return
    folder = tempfile.mkdtemp(prefix="flashctl-metrics-cost-", dir="/tmp")
    try:
        counted = table(build(folder), options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(counted)
    measured = f"{datetime.date.today()}, {machine()}; medians of {options.rounds} pairs of runs."
    replace_section(PAGE, "cost", f"{measured}\n\n{counted}")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"metrics_cost: {failure}")
