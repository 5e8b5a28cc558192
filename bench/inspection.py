#!/usr/bin/env python3
"""Measures inspect-user and explain on ten million attempts and writes docs/INSPECTION.md. See `--help`."""

import argparse
import datetime
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import report
from measurements import say
from programs import HERE, Failure, Flashctl, free_port, program

ROOT = os.path.dirname(HERE)
NAME = "Benchmark: ten million attempts"
LIMIT = 200
COPIED = 1_000_000
PORTION = 100_000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build", "release", "flashctl"))
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "INSPECTION.md"))
    parser.add_argument("--attempts", type=int, default=10_000_000, help="a multiple of 250, at least 1,000,000")
    parser.add_argument("--runs", type=int, default=15, help="runs of each command")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of COPY with and without the index")
    parser.add_argument("--keep", action="store_true", help="leave the stores where they are")
    return parser.parse_args()


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.flashctl = Flashctl(options.binary, folder)
        self.socket = os.path.join(self.flashctl.local, "run", "postgres")
        self.sale = 0

    def run(self, *command, ok=(0,), addressed=True):
        """Runs a command on the stores by their addresses, as on a real system."""
        environment = dict(self.flashctl.environment, NO_COLOR="1")
        if addressed:
            environment["REDIS_URL"] = "unix://" + os.path.join(self.flashctl.local, "run", "redis.sock")
            environment["POSTGRES_URL"] = f"host={self.socket} user=postgres dbname=postgres"
        started = time.monotonic()
        result = subprocess.run([self.options.binary, *command], env=environment, capture_output=True, text=True,
                                check=False)
        taken = (time.monotonic() - started) * 1000
        if result.returncode not in ok:
            raise Failure(f"{' '.join(command)} ended with {result.returncode}: {result.stderr}{result.stdout[-2000:]}")
        return taken, result.stdout

    def psql(self, *arguments):
        command = [program("psql"), "-XqAt", "-h", self.socket, "-U", "postgres", "-v", "ON_ERROR_STOP=1", *arguments,
                   "postgres"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Failure(f"psql: {result.stderr}")
        return result.stdout.strip()

    def generate(self):
        """A sale that opened two hours ago and closes in four: it is still selling."""
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
        self.run("seed-sale", "--name", NAME, "--image-url", "https://example.com/item.png", "--stock", "10000",
                 "--limit", "10", "--start", start.strftime("%Y-%m-%dT%H:%M:%SZ"), "--duration", "6h", "--hold", "90m")
        self.sale = self.flashctl.sale_id(NAME)
        self.flashctl.wait_for_drain(self.sale)
        self.psql("-v", f"sale={self.sale}", "-v", f"attempts={self.options.attempts}", "-f",
                  os.path.join(HERE, "attempts.sql"))
        # Redis is behind the records now: the next handshake rebuilds it from them.
        self.run("rotate-hour")
        self.flashctl.wait_for_drain(self.sale)

    def finish(self):
        """Ends the sale as its time would, and waits until its last holds have lapsed."""
        closes = self.flashctl.sql(f"update sales set closes_at = clock_timestamp() where id = {self.sale} "
                                   "returning (extract(epoch from closes_at) * 1000000)::bigint")
        self.flashctl.redis("HSET", f"fs:{{{self.sale}}}:sale", "closes_us", closes)
        deadline = time.monotonic() + 600
        while self.flashctl.sql(f"select finished_at from sales where id = {self.sale}") == "":
            if time.monotonic() > deadline:
                raise Failure("the sale was not finished within 600 s")
            self.run("rotate-hour", ok=(0, 75))
            time.sleep(5)


def subjects(bench):
    """Who and what is asked for: a busy user, one with purchases, one of one try, a hold, a unit."""
    sale = bench.sale
    buyer = bench.psql("-c", f"select user_id from purchases where sale_id = {sale} and unit = 5000")
    hold = bench.psql("-c", f"select encode(hold_id, 'hex') from purchases where sale_id = {sale} and unit = 7777")
    return [
        ("inspect-user", "greedy", "who holds and has bought all that one may"),
        ("inspect-user", buyer, "a buyer"),
        ("inspect-user", "user4711", "who came too late"),
        ("explain", "greedy", "the same user's timeline"),
        ("explain", buyer, "the buyer's timeline"),
        ("explain", "mallory", "a banned user"),
        ("explain", hold, "a hold"),
        ("explain", "9000", "a unit"),
    ]


def measure(bench, asked):
    rows = []
    for command, subject, what in asked:
        call = (command, subject, "--sale", str(bench.sale), "-o", "json")
        bench.run(*call)
        times = [bench.run(*call)[0] for _ in range(bench.options.runs)]
        name = "HOLD" if len(subject) == 32 else subject
        rows.append((f"`{command} {name}`, {what}", min(times), statistics.median(times), max(times)))
        say(f"  {command} {subject}: {min(times):.0f} / {statistics.median(times):.0f} / {max(times):.0f} ms")
    return rows


def plans(bench, buyer):
    """The queries as the commands send them, with the same settings."""
    sale = bench.sale
    settings = ("set enable_seqscan = off; set jit = off; set max_parallel_workers_per_gather = 0; "
                "explain (analyze, buffers, costs off) ")
    queries = {
        "the attempts of a user": f"select epoch, seq, idx, at, item_id, user_id, outcome from attempts "
                                  f"where sale_id = {sale} and user_id = '{buyer}'",
        "the ledger of a user": f"select * from ledger where sale_id = {sale} and user_id = '{buyer}' "
                                "order by epoch desc, seq desc, idx desc limit 50001",
        "a hold": f"select * from ledger where sale_id = {sale} and kind = 'held' and hold_id = "
                  f"(select hold_id from purchases where sale_id = {sale} and unit = 7777)",
        "a unit that only the ledger has": f"select hold_id from ledger where sale_id = {sale} and unit = 9000 "
                                           "and kind = 'purchased'",
        "what operators did": f"select * from ledger where sale_id = {sale} and kind in "
                              "('control', 'opened', 'rebuilt', 'reconciled') "
                              "order by epoch desc, seq desc, idx desc limit 1000",
    }
    return {name: bench.psql("-c", settings + query) for name, query in queries.items()}


KINDS = ("none", "blocks", "btree")


def copies(bench):
    """COPY of a million rows without an index, with that of the users of blocks, and with a B-tree on the user."""
    files = os.path.join(bench.flashctl.folder, "rows")
    # Files of psql, not of the server, which may be another account's.
    bench.psql("-c", f"create table copied (like attempts_s{bench.sale}); create table source as select * from "
                     f"attempts_s{bench.sale} order by seq, idx limit {COPIED}")
    for number in range(COPIED // PORTION):
        bench.psql("-c", f"\\copy (select * from source offset {number * PORTION} limit {PORTION}) "
                         f"to '{files}.{number}' (format binary)")
    blocks = bench.psql("-c", f"select pg_get_indexdef('attempts_s{bench.sale}_blocks'::regclass)")
    times = {kind: [] for kind in KINDS}
    for number in range(bench.options.rounds):
        # Who goes first changes, so that a machine that slows down favours nobody.
        for kind in KINDS[number % 3:] + KINDS[:number % 3]:
            times[kind].append(copy(bench, kind, files, blocks[blocks.index(" USING"):]))
    size = bench.psql("-c", f"select pg_relation_size('attempts_s{bench.sale}_blocks'), "
                            f"pg_relation_size('attempts_s{bench.sale}')").split("|")
    found = {"megabytes": [int(part) / 1e6 for part in size]}
    for kind in KINDS[1:]:
        pairs = list(zip(times[kind], times["none"]))
        ratio = statistics.median(mine / other for mine, other in pairs)
        more = statistics.median(mine - other for mine, other in pairs) / COPIED * 1e6
        found[kind] = (ratio, more)
        say(f"  COPY with {kind}: {ratio:.2f} times as long, {more:.2f} us more a row")
    return found


def copy(bench, kind, files, blocks):
    """Seconds for the million rows in portions, summarized after each as by the drain."""
    bench.psql("-c", "truncate copied; drop index if exists copied_index")
    if kind == "blocks":
        bench.psql("-c", f"create index copied_index on copied{blocks}")
    if kind == "btree":
        bench.psql("-c", "create index copied_index on copied (user_id)")
    bench.psql("-c", "checkpoint")
    script = os.path.join(bench.flashctl.folder, "copy.sql")
    with open(script, "w", encoding="utf-8") as file:
        for part in range(COPIED // PORTION):
            file.write(f"\\copy copied from '{files}.{part}' (format binary)\n")
            if kind == "blocks":
                file.write("select brin_summarize_new_values('copied_index');\n")
    started = time.monotonic()
    bench.psql("-f", script)
    return time.monotonic() - started


def table(rows):
    lines = ["| command | min | median | max |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {name} | {low:.0f} ms | **{mid:.0f} ms** | {high:.0f} ms |"
                              for name, low, mid, high in rows])


def listing(found):
    return "\n\n".join(f"{name[0].upper()}{name[1:]}:\n\n```\n{plan}\n```" for name, plan in found.items())


def document(bench, live, finished, copied):
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    kind = "debug" if "/debug/" in bench.options.binary else "release"
    (blocks, more), (tree, more_tree) = copied["blocks"], copied["btree"]
    return f"""# What happened to this buyer

Written by `make bench-inspect` on {day}, with a {kind} build. `flashctl inspect-user` and `flashctl explain` are
wanted within {LIMIT} ms on a sale with ten million attempts, also while it sells.

## Measured

A sale with {bench.options.attempts:,} attempts of 400,000 users, a stock of 10,000 and 9,200 purchases
(`bench/attempts.sql`). Times are of the whole process, from its start to its end, {bench.options.runs} runs each.

While the sale sells (load of the machine {live[2]:.1f}):

{table(live[0])}

After it is finished (load {finished[2]:.1f}):

{table(finished[0])}

What the index costs the drain while the sale sells, beside COPY without an index, {COPIED:,} rows in portions of
{PORTION:,}, median of {bench.options.rounds} rounds in turn:

| COPY | time | more a row | of a core at 60,000 attempts/s |
|---|---|---|---|
| with the filters of blocks, summarizing included | {blocks:.2f} | {more:.2f} µs | {more * 6:.0f} % |
| with a B-tree on the user, which is not made | {tree:.2f} | {more_tree:.2f} µs | {more_tree * 6:.0f} % |

The index has {copied["megabytes"][0]:.0f} MB, the table {copied["megabytes"][1]:.0f} MB.

## How

- Everything about a user, a hold or a unit is read by a key of Redis or an index of Postgres. Nothing scans a key of
  a serving Redis.
- While a sale sells, its attempts have no B-tree. They have a BRIN index (`text_bloom_ops`): for every 16 blocks of
  the table a filter of the users in them. COPY only sees that its blocks have none yet; the drain has it made for
  what it has written every 100,000 rows. Rows without one yet are read by whoever looks.
- When a sale is finished, its attempts get a B-tree on the user.
- The units free, held and sold in front of each attempt are counted in one pass over the ledger of the sale, up to
  500,000 rows of it; a longer one is not counted, and the timeline says so.

## Plans while the sale sells

{listing(live[1])}

## Plans after it is finished

{listing(finished[1])}

## Repeat it

    make bench-inspect

generates the sale in a private Redis and Postgres, measures, and writes this file; some minutes. Machine: \
{report.machine()};
PostgreSQL {report.number_in(report.version("psql", "--version"))}, \
Redis {report.number_in(report.version("redis-server", "--version"))}.
"""


def main():
    options = arguments()
    if not os.access(options.binary, os.X_OK):
        sys.exit(f"{options.binary} is missing; make build makes it")
    folder = tempfile.mkdtemp(prefix="flashctl-bench-", dir="/tmp")
    os.chmod(folder, 0o711)
    bench = Bench(options, folder)
    server = bench.flashctl.serve(free_port())
    try:
        server.wait_ready()
        say("generating")
        bench.generate()
        asked = subjects(bench)
        say("while it sells")
        live = (measure(bench, asked), plans(bench, asked[1][1]), os.getloadavg()[0])
        say("verify")
        bench.run("verify", "--sale", str(bench.sale))
        say("COPY with indexes and without")
        copied = copies(bench)
        say("finishing")
        bench.finish()
        finished = (measure(bench, asked), plans(bench, asked[1][1]), os.getloadavg()[0])
        server.stop()
    except Failure as failure:
        sys.exit(f"The measurement failed: {failure}\nLogs and data: {folder}")
    finally:
        server.kill()
    if not options.keep:
        shutil.rmtree(folder)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(document(bench, live, finished, copied))
    slow = [row for row in live[0] + finished[0] if row[2] > LIMIT]
    for name, _, median, _ in slow:
        say(f"Missed: {name} took {median:.0f} ms")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
