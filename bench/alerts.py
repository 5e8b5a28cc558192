#!/usr/bin/env python3
"""Injects each fault into running servers and sees that a real Prometheus with the real rules fires the alerts that are
meant for it, and no other; with --healthy, that ten minutes of load fire none. Writes its tables into docs/ALERTS.md.
"""

import argparse
import concurrent.futures
import datetime
import os
import re
import shutil
import subprocess
import sys
import threading
import time

from faults import FAULTS
from healthy import healthy, healthy_table
from programs import HERE, Failure, raise_file_limit
from report import machine, replace_section
from shop import Shop
from watching import Prometheus, alerts

ROOT = os.path.dirname(HERE)
PAGE = os.path.join(ROOT, "docs", "ALERTS.md")
FIRE_LIMIT = 300
RESOLVE_LIMIT = 300
# How long nothing may fire before a fault counts as over, and how long it is looked for others while it lasts.
QUIET = 15
LINGER = 8


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build", "debug", "flashctl"))
    parser.add_argument("--only", metavar="WORD", help="only the faults or alerts whose text has this")
    parser.add_argument("--list", action="store_true", help="name the faults")
    parser.add_argument("--healthy", metavar="10m", help="load and no fault for so long, with the rules as they are")
    parser.add_argument("--rate", type=int, default=500, help="requests/s of --healthy")
    parser.add_argument("--jobs", type=int, default=1, help="faults at a time, each in a shop of its own")
    parser.add_argument("--keep", action="store_true", help="leave the folders of the servers")
    parser.add_argument("--no-page", action="store_true", help="do not write docs/ALERTS.md")
    return parser.parse_args()


class Watcher(threading.Thread):
    """Notes when each alert fired first, and when the last one was seen."""

    def __init__(self, prometheus):
        super().__init__(daemon=True)
        self.prometheus = prometheus
        self.began = time.monotonic()
        self.first = {}
        self.last = 0
        self.firing = set()
        self.trouble = None
        self.ends = threading.Event()

    def run(self):
        try:
            while not self.ends.wait(0.25):
                self.firing = self.prometheus.firing()
                now = time.monotonic() - self.began
                for name in self.firing:
                    self.first.setdefault(name, now)
                    self.last = now
        except OSError as error:
            self.trouble = error

    def wait(self, what, check, limit):
        deadline = time.monotonic() + limit
        while not check():
            if self.trouble:
                raise Failure(f"Prometheus cannot be asked: {self.trouble}")
            if time.monotonic() > deadline:
                raise Failure(f"{what}: not within {limit} s; fired so far: {sorted(self.first) or 'none'}")
            time.sleep(0.1)


class Row:
    def __init__(self, fault):
        self.fault = fault
        self.fired, self.others, self.resolved, self.failure = {}, set(), None, None

    @property
    def text(self):
        if self.failure:
            return f"FAILED: {self.failure}"
        fired = ", ".join(f"{name} {when:.0f} s" for name, when in sorted(self.fired.items(), key=lambda pair: pair[1]))
        return f"{fired}; resolved {self.resolved:.0f} s after its end"


def run_fault(fault, options):
    row = Row(fault)
    shop = prometheus = watcher = None
    try:
        shop = Shop(options.binary, **fault.shop)
        prometheus = Prometheus(shop.folder, shop.admin_ports, fast=True)
        time.sleep(6)
        if prometheus.firing():
            raise Failure(f"{sorted(prometheus.firing())} fire before anything is broken")
        watcher = Watcher(prometheus)
        watcher.start()
        with fault.break_it(shop):
            watcher.wait("the expected alerts", lambda: fault.expected <= set(watcher.first), FIRE_LIMIT)
            time.sleep(LINGER)
        undone = time.monotonic() - watcher.began
        watcher.wait(
            "nothing fires any more",
            lambda: not watcher.firing and time.monotonic() - watcher.began > max(watcher.last, undone) + QUIET,
            RESOLVE_LIMIT,
        )
        row.resolved = max(0, watcher.last - undone)
        row.fired = {name: when for name, when in watcher.first.items() if name in fault.expected}
        row.others = set(watcher.first) - fault.expected
        if row.others:
            raise Failure(f"{sorted(row.others)} fired too")
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        row.failure = str(failure)
    finally:
        print(f"{fault.text}: {row.text}", flush=True)
        if watcher:
            watcher.ends.set()
            watcher.join()
        if prometheus:
            prometheus.stop()
        if shop:
            shop.stop()
            if not options.keep and not row.failure:
                shutil.rmtree(shop.folder, ignore_errors=True)
            elif row.failure:
                print(f"  logs: {shop.folder}", flush=True)
    return row


def rules_table():
    lines = ["| alert | wakes | after | means | first step | explained in |", "|---|---|---|---|---|---|"]
    for rule in alerts():
        notes = rule["annotations"]
        path, anchor = notes["runbook"].removeprefix("docs/").split("#")
        means = re.sub(r"{{[^}]*\$labels\.(\w+)[^}]*}}", lambda found: f"*{found.group(1)}*", notes["summary"])
        means = re.sub(r"{{[^}]*}}", "*so many*", means)
        wakes = "yes" if rule["labels"]["severity"] == "page" else "no"
        lines.append(
            f"| `{rule['alert']}` | {wakes} | {rule['for']} | {means} "
            f"| `{notes['command']}` | [{anchor.replace('-', ' ')}]({path}#{anchor}) |"
        )
    return "\n".join(lines)


def faults_table(rows):
    lines = [f"{datetime.date.today()}, {machine()}.", "",
             "| fault | alerts that fired, and after how many seconds | resolved after its end (s) | others |",
             "|---|---|---:|---|"]
    for row in rows:
        fired = ", ".join(f"`{name}` {when:.0f}" for name, when in sorted(row.fired.items(), key=lambda pair: pair[1]))
        lines.append(f"| {row.fault.text} | {fired} | {row.resolved:.0f} | none |")
    return "\n".join(lines)


def uncovered():
    return {rule["alert"] for rule in alerts()} - {name for fault in FAULTS for name in fault.expected}


def inject(options):
    wanted = [fault for fault in FAULTS
              if not options.only or options.only in fault.text or options.only in " ".join(fault.expected)]
    print(f"{len(wanted)} faults", flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(lambda fault: run_fault(fault, options), wanted))
    failed = [row for row in rows if row.failure]
    if not failed and not options.only and not options.no_page:
        replace_section(PAGE, "faults", faults_table(rows))
    print(f"{len(rows) - len(failed)} faults as expected, {len(failed)} not")
    return 1 if failed or not rows else 0


def main():
    options = arguments()
    raise_file_limit()
    if uncovered():
        raise Failure(f"no fault is injected for {sorted(uncovered())}")
    if options.list:
        for fault in FAULTS:
            print(f"{fault.text}: {', '.join(sorted(fault.expected))}")
        return 0
    if not options.no_page:
        replace_section(PAGE, "rules", rules_table())
    if not options.healthy:
        return inject(options)
    measured = healthy(options.binary, options.healthy, options.rate)
    print(healthy_table(measured))
    if not options.no_page:
        replace_section(PAGE, "healthy", healthy_table(measured))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"alerts: {failure}", file=sys.stderr)
        sys.exit(1)
