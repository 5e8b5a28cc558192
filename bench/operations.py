#!/usr/bin/env python3
"""Runs three servers under load, asks what an operator asks, and writes docs/OPERATIONS.md from the real output.

The text of the page is bench/pages/OPERATIONS.md; each @name@ in it is the output of a command.
"""

import argparse
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from programs import HERE, Failure, Flashctl, free_port, program, raise_file_limit

ROOT = os.path.dirname(HERE)
STOCK = 10_000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build", "release", "flashctl"))
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "OPERATIONS.md"))
    parser.add_argument("--attempts", type=int, default=1_000_000, help="attempts of the audited sale")
    return parser.parse_args()


class Buyer(threading.Thread):
    """Asks one server again and again, and notes when each answer came and whether it was `paused`."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.ends = False
        self.answers = []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        number = 0
        while not self.ends:
            number += 1
            sent = time.monotonic()
            connection.request("POST", f"/checkout?user_id=p{self.port}-{number}&id=1")
            body = connection.getresponse().read()
            self.answers.append((sent, time.monotonic(), b'"paused"' in body))


class Operations:
    def __init__(self, options, folder):
        self.options = options
        self.flashctl = Flashctl(options.binary, folder)
        # Three servers on one machine: none gets the port of the metrics.
        self.flashctl.environment["FLASHCTL_ADMIN_PORT"] = "0"
        self.outputs = {}
        socket = os.path.join(self.flashctl.local, "run", "postgres")
        self.environment = dict(
            self.flashctl.environment, NO_COLOR="1", LC_ALL="C.UTF-8", USER="ops",
            REDIS_URL="unix://" + os.path.join(self.flashctl.local, "run", "redis.sock"),
            POSTGRES_URL=f"host={socket} user=postgres dbname=postgres",
        )

    def run(self, name, *command, ok=(0,), text=None):
        """Runs a command and keeps what a person would see; returns that."""
        result = subprocess.run([self.options.binary, *command], env=self.environment, capture_output=True, text=True,
                                input=text, check=False)
        # Progress comes before the result, and an error behind it.
        shown = result.stderr + result.stdout if result.returncode == 0 else result.stdout + result.stderr
        if result.returncode not in ok:
            raise Failure(f"{' '.join(command)} ended with {result.returncode}: {shown[-3000:]}")
        if result.returncode != 0:
            shown += f"exit status {result.returncode}\n"
        self.outputs[name] = shown
        return shown

    def psql(self, name, statement):
        command = [program("psql"), "-Xq", self.environment["POSTGRES_URL"], "-c", statement]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        self.outputs[name] = result.stdout

    def load(self, port, requests, *more):
        command = [self.options.binary, "loadtest", "--target", f"http://127.0.0.1:{port}", "--requests", str(requests),
                   *more]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def sale(self, name, stock=STOCK):
        self.flashctl.seed(name, stock)
        return self.flashctl.sale_id(name)


def pause_figures(ops, servers):
    """Seconds from the start of `flashctl pause` to the first `paused` of each server, and to the last other answer;
    the same from its decision in Redis, which control_log has."""
    buyers = [Buyer(server.port) for server in servers]
    for buyer in buyers:
        buyer.start()
    time.sleep(1)
    started, offset = time.monotonic(), time.time() - time.monotonic()
    ops.run("pausefigures", "pause", "--reason", "measured")
    returned = time.monotonic()
    time.sleep(0.5)
    for buyer in buyers:
        buyer.ends = True
        buyer.join()
    ops.run("resumefigures", "resume", "--reason", "measured")
    rows = []
    for number, buyer in enumerate(buyers):
        first = min(end for _, end, paused in buyer.answers if paused)
        last = max(end for _, end, paused in buyer.answers if not paused)
        late = sum(1 for sent, _, paused in buyer.answers if sent > returned and not paused)
        if late:
            raise Failure(f"server {number} sold after pause had returned: {late} requests")
        rows.append((first - started, last - started))
    decided = float(ops.flashctl.sql(
        "select extract(epoch from at) from control_log where action = 'pause_checkout' order by id desc limit 1"
    )) - offset - started
    return rows, decided, returned - started


def pause_table(rounds):
    lines = ["| round | decided (ms) | first `paused` of the servers (ms) | last other answer of all (ms) | "
             "**last other answer after the decision (ms)** | command returned (ms) |",
             "|---:|---:|---|---:|---:|---:|"]
    for number, (rows, decided, returned) in enumerate(rounds, 1):
        firsts = " / ".join(f"{first * 1000:.0f}" for first, _ in rows)
        last = max(last for _, last in rows)
        lines.append(f"| {number} | {decided * 1000:.0f} | {firsts} | {last * 1000:.0f} | "
                     f"**{(last - decided) * 1000:.1f}** | {returned * 1000:.0f} |")
    return "\n".join(lines) + "\n"


def ask(ops, servers):
    """Everything on the page but the audit."""
    sale = ops.sale("Operations")
    for server in servers:
        server.wait_for_sale("Operations")
    port = servers[0].port
    code = None
    for user in ("alice", "alice", "bob"):
        status, body = servers[1].request("POST", f"/checkout?user_id={user}&id=7")
        if status != 201:
            raise Failure(f"checkout was answered {status}: {body}")
        code = code or re.search(r'"code":"([^"]+)"', body).group(1)
    servers[2].request("POST", f"/purchase?code={code}")
    running = [ops.load(server.port, 1_500_000, "--connections", "60", "--purchases", "2") for server in servers]
    time.sleep(3)
    ops.run("verify", "verify", "--sale", "current")
    ops.run("status", "status", "--fast")
    servers[0].request("POST", "/checkout?user_id=alice&id=7")
    ops.run("pause", "pause", "--reason", "price is wrong, ticket 4711")
    curl = [program("curl"), "-si", "-X", "POST", f"http://localhost:{port}/checkout?user_id=alice&id=7"]
    answer = subprocess.run(curl, capture_output=True, text=True, check=True).stdout
    ops.outputs["paused"] = answer.replace("\r", "").rstrip() + "\n"
    ops.run("resume", "resume", "--reason", "price corrected")
    time.sleep(0.5)
    ops.psql("controllog", "select at, actor, action, value, reason from control_log order by id desc limit 4")
    ops.run("inspect", "inspect-user", "alice")
    ops.run("explainuser", "explain", "alice")
    ops.run("explaincode", "explain", "-", text=code + "\n")
    rounds = [pause_figures(ops, servers) for _ in range(3)]
    ops.outputs["pausetable"] = pause_table(rounds)
    ops.run("doctor", "doctor", ok=(0, 1))
    for process in running:
        process.terminate()
        process.wait()
    ops.flashctl.wait_for_drain(sale)
    repair(ops, sale)
    ops.run("pending", "replay-attempts", "--pending", "--dry-run")
    ops.run("rotate", "rotate-hour", "--dry-run", "--verbose")


def repair(ops, sale):
    ops.flashctl.sql(f"delete from purchases where sale_id = {sale} and unit = 1")
    ops.run("verifybroken", "verify", "--sale", "current", ok=(98,))
    plan = ops.run("plan", "reconcile", "--plan")
    code = re.search(r"\b[0-9a-f]{64}\b", plan).group(0)
    ops.outputs["HASH8"] = code[:8]
    ops.run("apply", "reconcile", "--apply", "--confirm", code, "--reason", "ticket 4712")
    ops.run("verifyafter", "verify", "--sale", "current")


def audit(ops, server):
    sale = ops.sale("Audit")
    server.wait_for_sale("Audit")
    load = ops.load(server.port, ops.options.attempts, "--connections", "200", "--purchases", "100")
    if load.wait() != 0:
        raise Failure("the load test of the audited sale failed")
    ops.flashctl.wait_for_drain(sale)
    attempts = int(ops.flashctl.sql(f"select count(*) from attempts where sale_id = {sale}"))
    started = time.monotonic()
    ops.run("audit", "replay-attempts", "--sale", str(sale))
    ops.outputs["audittime"] = f"{time.monotonic() - started:.1f}"
    ops.outputs["auditcount"] = f"{attempts:,}"
    ops.outputs["SALE"] = str(sale)
    rehearse(ops, sale)
    ops.flashctl.sql(
        f"update attempts set outcome = 'L' where sale_id = {sale} and outcome = 'S' and (epoch, seq, idx) = (select "
        f"epoch, seq, idx from attempts where sale_id = {sale} and outcome = 'S' order by seq, idx offset 1000 limit 1)"
    )
    ops.run("auditbroken", "replay-attempts", "--sale", str(sale), ok=(98,))


def rehearse(ops, sale):
    """Plays the sale against a server with stores of its own, on which the hour has just begun."""
    folder = os.path.join(ops.flashctl.folder, "rehearsal")
    os.makedirs(folder)
    server = Flashctl(ops.options.binary, folder).serve(free_port())
    try:
        server.wait_ready()
        started = time.monotonic()
        target = f"http://127.0.0.1:{server.port}"
        shown = ops.run("rehearsal", "replay-attempts", "--sale", str(sale), "--target", target, "--speed", "max")
        ops.outputs["rehearsal"] = shown.replace(target, "http://127.0.0.1:8080")
        ops.outputs["rehearsaltime"] = f"{time.monotonic() - started:.0f}"
    finally:
        server.process.terminate()
        server.process.wait()


def page(ops):
    text = open(os.path.join(HERE, "pages", "OPERATIONS.md"), encoding="utf-8").read()
    ops.outputs["USER"] = "alice"
    for name, output in ops.outputs.items():
        text = text.replace(f"@{name}@", output.rstrip("\n"))
    left = re.findall(r"@[A-Za-z0-9]+@", text)
    if left:
        raise Failure(f"the page still has {left}")
    # Folders of this machine are no news to anybody.
    return re.sub(r"(/[^\s,;'\"`|]+)?/state/flashctl/local", "…/local", text)


def main():
    options = arguments()
    raise_file_limit()
    folder = tempfile.mkdtemp(prefix="flashctl-operations-")
    ops = Operations(options, folder)
    servers = []
    try:
        for _ in range(3):
            server = ops.flashctl.serve(free_port())
            servers.append(server)
            server.wait_ready()
        ask(ops, servers)
        audit(ops, servers[0])
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(page(ops))
        print(ops.outputs["pausetable"])
        return 0
    except Failure as failure:
        print(f"operations: {failure}", file=sys.stderr)
        return 1
    finally:
        for server in servers:
            server.process.terminate()
        for server in servers:
            server.process.wait()
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
