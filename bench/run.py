#!/usr/bin/env python3
"""Measures flashctl against nginx on this machine and writes docs/BENCHMARKS.md. See `--help`."""

import argparse
import json
import os
import shutil
import sys
import tempfile

import report
from generator import generator, schedule
from measurements import accepted, memory, purchases, say, sold_out, start_time
from programs import HERE, Failure, Flashctl, free_port, raise_file_limit

ROOT = os.path.dirname(HERE)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build", "release", "flashctl"))
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "BENCHMARKS.md"))
    parser.add_argument("--rounds", type=int, default=7, help="rounds of (a), each with flashctl and with nginx")
    parser.add_argument("--seconds", type=int, default=8, help="length of a round")
    parser.add_argument("--warmup", type=int, default=2, help="seconds before the first round")
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--many", type=int, default=2000, help="connections of (d)")
    parser.add_argument("--many-requests", type=int, default=10_000_000, help="requests of (f) for the memory")
    parser.add_argument("--starts", type=int, default=5, help="starts of (e)")
    parser.add_argument("--json", help="also write the bare numbers to this file")
    return parser.parse_args()


def measure(flashctl, options):
    results = {}
    server = flashctl.serve(free_port())
    try:
        server.wait_ready()
        say("(a) sold out, beside nginx")
        results["sold_out"] = sold_out(flashctl, server, options)
        say("(d) memory")
        results["memory"] = memory(flashctl, options)
        say("(b) accepted checkouts")
        results["accepted"] = accepted(flashctl, server, options)
        say("(c) purchases")
        results["purchases"] = purchases(flashctl, server, options)
        say("(e) start")
        results["start"] = start_time(flashctl, options)
        say("(f) the generator, beside wrk")
        results["generator"] = generator(flashctl, server, options)
        server.stop()
        say("(g) the schedule of the generator")
        results["schedule"] = schedule(flashctl, options)
    finally:
        server.kill()
    return results


def main():
    options = arguments()
    if not os.access(options.binary, os.X_OK):
        sys.exit(f"{options.binary} is missing; make build makes it")
    raise_file_limit()
    folder = tempfile.mkdtemp(prefix="flashctl-bench-", dir="/tmp")
    try:
        results = measure(Flashctl(options.binary, folder), options)
    except Failure as failure:
        sys.exit(f"The measurement failed: {failure}\nLogs and data: {folder}")
    shutil.rmtree(folder)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=2)
    os.makedirs(os.path.dirname(os.path.abspath(options.output)), exist_ok=True)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(report.document(results, options))
    print(json.dumps(results, indent=2))
    missed = report.missed(results)
    for line in missed:
        say(f"Missed: {line}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
