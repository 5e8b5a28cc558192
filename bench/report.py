"""docs/BENCHMARKS.md: ratios of one run on one machine, and how to repeat them."""

import datetime
import os
import platform
import re
import subprocess

LIMITS = {"ratio": 0.5, "megabytes": 100, "milliseconds": 500, "wrk": 0.8, "microseconds": 500}


def version(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return result.stdout.strip().splitlines()[0] if result.stdout.strip() else "unknown"


def number_in(text):
    found = re.search(r"\d+(\.\d+)+", text)
    return found.group(0) if found else text


def replace_section(path, section, text):
    """Puts a text between the two marks of a section of a page."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    begin, end = f"<!-- {section} -->\n", f"\n<!-- end of {section} -->"
    before, rest = page.split(begin)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + begin + text + end + rest.split(end)[1])


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = re.findall(r"^model name\s*:\s*(.+)$", file.read(), re.MULTILINE)
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1)) / 1024 / 1024
    model = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GB memory, Linux {platform.release()}"


def versions():
    return ", ".join([
        "Swift " + number_in(version("swift", "--version")),
        "Redis " + number_in(version("redis-server", "--version")),
        "PostgreSQL " + number_in(version("psql", "--version")),
        "nginx " + number_in(version("/usr/sbin/nginx", "-v")),
        "wrk " + number_in(version("wrk", "-v")),
    ])


def missed(results):
    """The limits that were not met, as sentences."""
    found = []
    if results["sold_out"]["ratio"] < LIMITS["ratio"]:
        found.append(f"(a) {results['sold_out']['ratio']:.2f} of nginx; at least {LIMITS['ratio']}")
    if results["memory"]["megabytes"] > LIMITS["megabytes"]:
        found.append(f"(d) {results['memory']['megabytes']:.0f} MB; at most {LIMITS['megabytes']}")
    if results["start"]["milliseconds"] > LIMITS["milliseconds"]:
        found.append(f"(e) {results['start']['milliseconds']:.0f} ms; at most {LIMITS['milliseconds']}")
    if results["generator"]["ratio"] < LIMITS["wrk"]:
        found.append(f"(f) {results['generator']['ratio']:.2f} of wrk; at least {LIMITS['wrk']}")
    if results["generator"]["megabytes"] > LIMITS["megabytes"]:
        found.append(f"(f) {results['generator']['megabytes']:.0f} MB; at most {LIMITS['megabytes']}")
    if results["schedule"]["microseconds"] > LIMITS["microseconds"]:
        found.append(f"(g) {results['schedule']['microseconds']:.0f} us; at most {LIMITS['microseconds']}")
    return found


def document(results, options):
    refusals, nginx = results["sold_out"], results["sold_out"]["nginx"]
    low, high = refusals["spread"]
    generator, schedule = results["generator"], results["schedule"]
    worst, best = generator["spread"]
    start = results["start"]["milliseconds"] / LIMITS["milliseconds"]
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    return f"""# Benchmarks

Written by `make bench` on {day}. Rates are ratios to nginx in the same run on the same machine: bare rates say
more about the machine than about the program.

| what | measured | wanted |
|---|---|---|
| (a) refusals of a sold-out sale, each journaled, with the drain to Postgres running: ratio to nginx `return 409` \
| **{refusals['ratio']:.2f}** ({low:.2f} to {high:.2f}) | at least {LIMITS['ratio']} |
| (b) accepted checkouts, each with a hold and a code: ratio to the same nginx \
| {results['accepted']['rate'] / nginx:.2f} | |
| (c) purchases, each committed in Postgres before its 200: ratio to the same nginx \
| {results['purchases']['rate'] / nginx:.3f} | |
| (d) peak memory of the server process with {results['memory']['connections']:,} connections \
| {results['memory']['megabytes']:.0f} MB | at most {LIMITS['megabytes']} MB |
| (e) start of `flashctl serve`, both stores up, to the first 201: part of the time allowed | {start:.2f} \
| at most 1 ({LIMITS['milliseconds']} ms) |
| (f) `flashctl loadtest --closed` at {options.connections} connections: ratio of its rate to that of wrk \
| **{generator['ratio']:.2f}** ({worst:.2f} to {best:.2f}) | at least {LIMITS['wrk']} |
| (f) its peak memory after {generator['requests']:,} requests | {generator['megabytes']:.0f} MB \
| at most {LIMITS['megabytes']} MB |
| (g) open model at 10,000/s: 99 of 100 requests are sent at most so late \
| {schedule['microseconds']:.0f} us ({schedule['spread'][0]:.0f} to {schedule['spread'][1]:.0f}) \
| at most {LIMITS['microseconds']} us |

After a round of (a) the last refusal was in Postgres within {max(1, round(refusals['drain_seconds']))} s.

[BINARY.md](BINARY.md) has what a release build weighs, which libraries it needs, and how other flags change its start.

## How it was measured

- Client, server, Redis, Postgres and nginx share one machine: {machine()}.
- {versions()}.
- wrk with one thread and {options.connections} connections, the same script and unique users for both
  (`bench/checkout.lua`); {options.rounds} rounds of {options.seconds} s, flashctl and nginx in turn, each first in
  every other round; the median of the ratios of the rounds, and in brackets the lowest and the highest.
- (f) both generators send checkouts of users that never come twice to the same sold-out sale, in turn; all answers are
  in Postgres afterwards. (g) goes to nginx, so that one of the two cores is left to the generator; the median of
  {options.rounds} rounds of {options.seconds} s.
- nginx: one worker, `return 409` with the very body of our refusal, no access log (`bench/nginx.conf`).
- Redis runs with AOF `everysec`, Postgres with `fsync` and `synchronous_commit` on: the settings of `--local`.
- Nothing counts unless it is proven: every answer of (a) must be in Postgres as an attempt, every 200 of (c) as a
  purchase; a network error or an unexpected status fails the run.

## Repeat it

    make bench

installs nginx and wrk when they are missing, takes about {minutes(options)} minutes, and writes this file. `make bench
ARGS='--rounds 3 --seconds 3 --output /dev/null'` is quicker and says less. Nothing else should run on the machine.
"""


def minutes(options):
    runs = 5 * options.rounds + 7
    return max(1, round((runs * options.seconds + 60 + options.many_requests / 35_000) / 60))
