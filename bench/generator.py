"""The load generator itself, measured. Results that cannot be trusted raise Failure."""

import json
import os
import statistics
import subprocess
import tempfile

from measurements import check_attempts, say
from programs import Failure, Nginx, wrk


def loadtest(flashctl, port, *arguments):
    """One run; returns what it printed as JSON, and the most memory that it held, in megabytes."""
    command = [flashctl.binary, "loadtest", "--target", f"http://127.0.0.1:{port}", "-o", "json", *arguments]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as talk:
        process = subprocess.Popen(
            command, env=flashctl.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=talk)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        talk.seek(0)
        text = output.read()
        if not text:
            raise Failure(f"{' '.join(command)} ended with {process.returncode}: {talk.read()}")
    facts = json.loads(text)
    if facts["metrics"]["errors.count"] or facts["totals"]["unsent"] or facts["totals"]["unanswered"]:
        raise Failure(f"{' '.join(command)}: {facts['verdict']}")
    return facts, usage.ru_maxrss / 1024


def refusals(flashctl, port, *arguments):
    """A closed run of which every answer must be a refusal."""
    facts, memory = loadtest(flashctl, port, "--closed", *arguments)
    if facts["metrics"]["sold_out.count"] != facts["totals"]["sent"]:
        raise Failure(f"not everything was refused: {facts['metrics']}")
    return facts, memory


def generator(flashctl, server, options):
    """(f) Rate beside wrk, and memory after many requests; the sale is sold out, and every answer is on record."""
    name = "Benchmark: generator"
    flashctl.seed(name, stock=1)
    server.wait_for_sale(name)
    sale = flashctl.sale_id(name)
    if server.request("POST", "/checkout?user_id=first&id=1")[0] != 201:
        raise Failure("the first checkout of a new sale was not accepted")
    closed = ["--connections", str(options.connections)]
    ours, theirs, answered = [], [], 1
    for number in range(options.rounds):
        for program in ("wrk", "loadtest") if number % 2 == 0 else ("loadtest", "wrk"):
            if program == "wrk":
                facts = wrk("checkout.lua", server.port, options.seconds, options.connections, f"g{number}")
                answered += facts["requests"]
                theirs.append(facts["rate"])
            else:
                facts, _ = refusals(flashctl, server.port, *closed, "--duration", f"{options.seconds}s")
                answered += facts["totals"]["sent"]
                ours.append(facts["metrics"]["sold_out.rate"])
            flashctl.wait_for_drain(sale)
        say(f"  round {number + 1}: loadtest {ours[-1]:,.0f}/s, wrk {theirs[-1]:,.0f}/s, "
            f"ratio {ours[-1] / theirs[-1]:.3f}")
    facts, memory = refusals(flashctl, server.port, *closed, "--requests", str(options.many_requests))
    answered += facts["totals"]["sent"]
    say(f"  {memory:.1f} MB after {facts['totals']['sent']:,} requests, {facts['metrics']['sold_out.rate']:,.0f}/s")
    flashctl.wait_for_drain(sale)
    check_attempts(flashctl, sale, answered, options)
    ratios = [mine / other for mine, other in zip(ours, theirs)]
    return {
        "ratio": statistics.median(ratios),
        "spread": (min(ratios), max(ratios)),
        "megabytes": memory,
        "requests": facts["totals"]["sent"],
    }


def schedule(flashctl, options):
    """(g) How late requests are sent at 10,000/s to a server that is never the limit: nginx on the other core."""
    nginx = Nginx(flashctl.folder, '{"error":"sold_out","message":"sold out"}')
    nginx.start()
    try:
        lags = []
        for number in range(options.rounds):
            facts, _ = loadtest(
                flashctl, nginx.port, "--yes-i-mean", "127.0.0.1", "--rate", "10000/s",
                "--busy-poll", "--duration", f"{options.seconds}s")
            lags.append(facts["metrics"]["lag.p99"] / 1000)
            say(f"  round {number + 1}: p99 {lags[-1]:.0f} us, {facts['metrics']['achieved.share']:.2f} % of 10,000/s")
    finally:
        nginx.stop()
    return {"microseconds": statistics.median(lags), "spread": (min(lags), max(lags))}
