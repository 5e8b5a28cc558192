#!/usr/bin/env python3
"""Runs the clients of this folder against a built server, and prints what they got. Ends with 1 when a request failed.

    Tests/Clients/run.py .build/release/flashctl            # as long as real pauses take, about three minutes
    Tests/Clients/run.py .build/debug/flashctl --quick      # a few seconds
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
COMMANDS = {
    "jdk": ["java", "-cp", "{work}", "JdkClient"],
    "go": ["{work}/go-client"],
    "requests": [PYTHON, f"{FOLDER}/requests_client.py"],
    "httpx": [PYTHON, f"{FOLDER}/httpx_client.py"],
    "fetch": ["node", f"{FOLDER}/fetch_client.mjs"],
    "curl": [PYTHON, f"{FOLDER}/curl_client.py"],
    "jdk-bytes": [PYTHON, f"{FOLDER}/jdk_replay.py"],
}
# A machine that runs other tests may be slow.
PATIENCE = 300.0
# What a checkout and a purchase are answered.
GOOD = {"200", "201", "202"}


class Plan:
    """How much is sent, and the server's idle time."""

    def __init__(self, quick):
        self.idle = "2s" if quick else "75s"
        self.sequence = 50 if quick else 1000
        self.crowd = (100, 20) if quick else (1000, 50)
        # Around the idle time of clients, of balancers and of the server; in the quick run far from the server's.
        self.pauses = (
            [100, 400, 800, 3600] if quick else
            [59_000, 59_500, 60_000, 60_100, 60_250, 60_500, 61_000, 65_000, 70_000, 74_000, 74_500, 74_900, 75_000,
             75_100, 75_250, 75_500, 75_750, 76_000]
        )
        self.restarts = 1 if quick else 3
        self.lanes = 4 if quick else 8


class Server:
    """A flashctl on a port of its own, on stores that others use as well."""

    def __init__(self, program, environment, *options):
        self.command = [program, "serve", "--local", "--no-rotate", "--host", "127.0.0.1", *options]
        self.environment = environment
        self.port, self.admin = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.log = tempfile.NamedTemporaryFile(prefix="flashctl-clients-", mode="w+b")
        self.process = subprocess.Popen(
            [*self.command, "--port", str(self.port), "--admin-port", str(self.admin)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log, env=self.environment)
        wait(lambda: b"\nlistening on " in b"\n" + self.said(), "the server listens", self.process)

    def said(self):
        return pathlib.Path(self.log.name).read_bytes()

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def accepted(self):
        """Connections that it has taken since its start."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=60) as answer:
            text = answer.read().decode()
        return int(float(re.search(r"^flashctl_http_connections_accepted_total (\S+)", text, re.M)[1]))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait(condition, what, process=None):
    end = time.monotonic() + PATIENCE
    while not condition():
        if process is not None and process.poll() is not None:
            raise SystemExit(f"error: waited until {what}, but the process ended with {process.returncode}")
        if time.monotonic() > end:
            raise SystemExit(f"error: waited {PATIENCE:.0f} s until {what}")
        time.sleep(0.05)


class Client:
    """One client library with a server of its own, so that its connections can be counted."""

    def __init__(self, name, work, server):
        self.name = name
        self.server = server
        self.work = work
        self.command = [part.format(work=work) for part in COMMANDS[name]]
        self.rows = []
        self.wrong = []

    def begin(self, *arguments):
        environment = dict(os.environ)
        packages = FOLDER.parent.parent / ".build/python"
        environment["PYTHONPATH"] = str(packages)
        environment["NO_PROXY"] = "127.0.0.1"
        return subprocess.Popen(
            [*self.command, self.server.url, *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=environment)

    def finish(self, process, scenario, connections, expected=None, refusals=False):
        """Takes what the client says, and judges it. `connections()` tells how many there were."""
        text, _ = process.communicate(timeout=PATIENCE * 4)
        if process.returncode != 0:
            raise SystemExit(f"error: the client {self.name} ended with {process.returncode}")
        result = json.loads(text)
        answers = result["answers"]
        count = sum(answers.values())
        row = (self.name, scenario, count, connections(), result["refused"], sum(result["failures"].values()))
        self.rows.append(row)
        for failure, number in result["failures"].items():
            self.wrong.append(f"{self.name}, {scenario}: {number} x {failure}")
        for status in answers.keys() - GOOD:
            self.wrong.append(f"{self.name}, {scenario}: {answers[status]} x status {status}")
        if result["refused"] and not refusals:
            self.wrong.append(f"{self.name}, {scenario}: {result['refused']} connections refused")
        if expected is not None and count != expected:
            self.wrong.append(f"{self.name}, {scenario}: {count} answers, not {expected}")
        return row

    def run(self, scenario, expected, *arguments):
        before = self.server.accepted()
        return self.finish(
            self.begin(scenario, *arguments), scenario, lambda: self.server.accepted() - before, expected)

    def sequence(self, count):
        row = self.run("sequence", 2 * count, count)
        # curl has two processes; all others keep one connection for everything.
        if row[3] > 2:
            self.wrong.append(f"{self.name}, sequence: {row[3]} connections for {row[2]} answers")

    def restarts(self, plan):
        marker = f"{self.work}/{self.name}-steady-end"
        before = self.server.accepted()
        process = self.begin("steady", marker, plan.lanes)
        total = 0
        for _ in range(plan.restarts):
            wait(lambda: self.server.accepted() - before >= plan.lanes, "the lanes have connected", process)
            total += self.server.accepted() - before
            self.server.end()
            self.server.start()
            before = 0
        wait(lambda: self.server.accepted() >= plan.lanes, "the lanes have connected again", process)
        pathlib.Path(marker).touch()
        self.finish(process, "restart", lambda: total + self.server.accepted(), refusals=True)


def prepare(names, work):
    """Compiles what has to be compiled."""
    if "jdk" in names:
        subprocess.run(["javac", "-d", work, f"{FOLDER}/JdkClient.java"], check=True)
    if "go" in names:
        environment = dict(os.environ, GOCACHE=f"{work}/go-cache", GOPATH=f"{work}/go-path", GO111MODULE="off")
        subprocess.run(["go", "build", "-o", f"{work}/go-client", f"{FOLDER}/client.go"], check=True, env=environment)


def scenarios(clients, plan):
    for client in clients:
        client.sequence(plan.sequence)
        client.run("crowd", 2 * plan.crowd[0], *plan.crowd)
    # Pauses cost time and nothing else: all clients at once.
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        pauses = ",".join(map(str, plan.pauses))
        list(pool.map(lambda client: client.run("pauses", 2 * len(plan.pauses), pauses), clients))
    for client in clients:
        client.restarts(plan)


def show(rows):
    titles = ("client", "scenario", "answers", "connections", "refused", "failed")
    table = [titles, *rows]
    widths = [max(len(str(row[place])) for row in table) for place in range(len(titles))]
    for row in table:
        cells = [str(cell).ljust(width) if place < 2 else str(cell).rjust(width)
                 for place, (cell, width) in enumerate(zip(row, widths))]
        print("| " + " | ".join(cells) + " |")
        if row is titles:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--clients", help="names with commas between; all without")
    options = parser.parse_args()
    names = options.clients.split(",") if options.clients else [name for name in COMMANDS if name != "jdk-bytes"]
    program = os.path.abspath(options.program)
    plan = Plan(options.quick)
    # Short, because the sockets of the stores lie in it; as root, postgres runs as another user, who has to get in.
    work = tempfile.mkdtemp(prefix="flashctl-clients-", dir="/tmp")
    os.chmod(work, 0o711)
    environment = {
        "PATH": os.environ["PATH"], "HOME": work, "XDG_STATE_HOME": work, "FLASHCTL_IDLE_TIME": plan.idle,
        "LOG_LEVEL": "warning",
    }
    servers = []
    try:
        prepare(names, work)
        # It takes no load: it has the stores while the others are restarted.
        servers.append(Server(program, environment))
        subprocess.run(
            [program, "seed-sale", "--local", "--name", "Lamp", "--image-url", "https://example.com/lamp.png",
             "--stock", "500000", "--duration", "2h"],
            check=True, stdout=subprocess.DEVNULL, env=environment)
        clients = []
        for name in names:
            server = Server(program, environment)
            servers.append(server)
            clients.append(Client(name, work, server))
        for server in servers:
            wait(lambda: sells(server), "the sale is open")
        scenarios(clients, plan)
    finally:
        # The holder of the stores last.
        for server in reversed(servers):
            server.end()
        shutil.rmtree(work, ignore_errors=True)
    show([row for client in clients for row in client.rows])
    wrong = [line for client in clients for line in client.wrong]
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


def sells(server):
    try:
        with urllib.request.urlopen(f"{server.url}/sale", timeout=60) as answer:
            return b'"Lamp"' in answer.read()
    except urllib.error.HTTPError as error:
        # The counters of a sale that was opened a moment ago cannot be read yet.
        if error.code != 503:
            raise
        return False


main()
