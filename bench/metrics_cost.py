#!/usr/bin/env python3
"""Counts the instructions that an event loop of `flashctl serve` spends for each checkout, of two programs.

A time of a few hundredths of a microsecond drowns in the noise of any machine; instructions under callgrind do not.
Only the thread of the event loop is counted: its work is what limits a server. Two runs of different length, and their
difference, leave out what a server does anyway.
"""

import argparse
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

ROOT = os.path.dirname(HERE)
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
    parser.add_argument("before", help="flashctl of one revision")
    parser.add_argument("after", help="flashctl of another one")
    parser.add_argument("--requests", type=int, default=4000, help="checkouts of the shorter run; the longer has twice")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pipeline", type=int, default=1, help="checkouts that a connection sends at once, 1 to 64")
    return parser.parse_args()


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


def per_request(binary, options, scraped):
    found = []
    for _ in range(options.rounds):
        short = instructions(binary, options.requests, options.pipeline, scraped)
        long = instructions(binary, options.requests * 2, options.pipeline, scraped)
        found.append((long - short) / options.requests)
    return statistics.median(found), min(found), max(found)


def main():
    options = arguments()
    cases = [
        ("before", options.before, False), ("after", options.after, False), ("after, scraped", options.after, True)
    ]
    base = None
    for name, binary, scraped in cases:
        median, low, high = per_request(os.path.abspath(binary), options, scraped)
        base = base or median
        print(f"{name:15} {median:10.0f} instructions a checkout ({low:.0f} to {high:.0f}), {median / base - 1:+.2%}")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"metrics_cost: {failure}")
