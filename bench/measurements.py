"""What is measured. Each function returns plain numbers; a result that cannot be trusted raises Failure."""

import os
import socket
import statistics
import sys
import time

from programs import Failure, Nginx, free_port, wrk


def say(text):
    print(text, file=sys.stderr, flush=True)


def sold_out(flashctl, server, options):
    """(a) Refusals of a sold-out sale, each journaled and drained to Postgres while the load runs, beside nginx."""
    name = "Benchmark: sold out"
    flashctl.seed(name, stock=1)
    server.wait_for_sale(name)
    sale = flashctl.sale_id(name)
    status, _ = server.request("POST", "/checkout?user_id=first&id=1")
    if status != 201:
        raise Failure(f"the first checkout of a new sale was answered {status}")
    status, body = server.request("POST", "/checkout?user_id=second&id=1")
    if status != 409:
        raise Failure(f"a checkout of a sold-out sale was answered {status}")
    nginx = Nginx(flashctl.folder, body)
    nginx.start()
    try:
        ours, theirs, drains, answered = [], [], [], 2
        for target in (server.port, nginx.port):
            facts = wrk("checkout.lua", target, options.warmup, options.connections, "warmup")
            answered += facts["requests"] if target == server.port else 0
        flashctl.wait_for_drain(sale)
        for number in range(options.rounds):
            # Who goes first changes, so that a machine that warms up or slows down favours nobody.
            order = ("nginx", "flashctl") if number % 2 == 0 else ("flashctl", "nginx")
            for target in order:
                if target == "nginx":
                    theirs.append(refusals(nginx.port, options, f"n{number}")["rate"])
                else:
                    facts = refusals(server.port, options, f"f{number}")
                    ours.append(facts["rate"])
                    answered += facts["requests"]
                    drains.append(flashctl.wait_for_drain(sale))
            say(f"  round {number + 1}: flashctl {ours[-1]:,.0f}/s, nginx {theirs[-1]:,.0f}/s, "
                f"ratio {ours[-1] / theirs[-1]:.3f}, drained {drains[-1]:.1f} s later")
    finally:
        nginx.stop()
    check_attempts(flashctl, sale, answered, options)
    ratios = [mine / other for mine, other in zip(ours, theirs)]
    return {
        "ratio": statistics.median(ratios),
        "spread": (min(ratios), max(ratios)),
        "rate": statistics.median(ours),
        "nginx": statistics.median(theirs),
        "drain_seconds": max(drains),
    }


def refusals(port, options, name):
    facts = wrk("checkout.lua", port, options.seconds, options.connections, name)
    if facts["refused"] != facts["requests"]:
        raise Failure(f"{facts['requests'] - facts['refused']} of {facts['requests']} requests were not refused")
    return facts


def check_attempts(flashctl, sale, answered, options):
    """Every answer is on record as sold out; requests that wrk cut off at the end of a round may be there besides."""
    rows = flashctl.sql(f"select outcome, count(*) from attempts where sale_id = {sale} group by 1 order by 1")
    counts = {line.split("|")[0]: int(line.split("|")[1]) for line in rows.splitlines()}
    cut_off = options.connections * (options.rounds + 1)
    if set(counts) - {"H", "S"} or counts.get("H") != 1:
        raise Failure(f"other outcomes than one held and the rest sold out: {counts}")
    if not answered <= sum(counts.values()) <= answered + cut_off:
        raise Failure(f"{answered} answers, but {sum(counts.values())} attempts on record")
    say(f"  {answered:,} answers, {sum(counts.values()):,} attempts in Postgres")


def memory(flashctl, options):
    """(d) The most memory that a fresh server process ever held while 2,000 connections refused at full speed."""
    server = flashctl.serve(free_port())
    try:
        server.wait_ready()
        server.wait_for_sale("Benchmark: sold out")
        facts = wrk("checkout.lua", server.port, options.seconds, options.many, "many")
        if facts["refused"] != facts["requests"]:
            raise Failure(f"{facts['requests'] - facts['refused']} of {facts['requests']} requests were not refused")
        peak = server.peak_memory()
        server.stop()
    finally:
        server.kill()
    say(f"  {peak:.1f} MB at {options.many} connections and {facts['rate']:,.0f} refusals/s")
    return {"megabytes": peak, "rate": facts["rate"], "connections": options.many}


def accepted(flashctl, server, options):
    """(b) Accepted checkouts: every answer is 201 with a code."""
    rates = []
    for number in range(3):
        sale = open_million(flashctl, server, f"Benchmark: a million, round {number + 1}")
        facts = wrk("checkout.lua", server.port, options.seconds, options.connections, f"b{number}")
        if facts["refused"]:
            raise Failure(f"{facts['refused']} of {facts['requests']} checkouts were refused; is the stock used up?")
        rates.append(facts["rate"])
        flashctl.wait_for_drain(sale)
        say(f"  round {number + 1}: {facts['rate']:,.0f} accepted/s, p99 {facts['p99_us'] / 1000:.1f} ms")
    return {"rate": statistics.median(rates)}


def open_million(flashctl, server, name):
    """A sale of its own for each round, so that no round meets the stock of another."""
    flashctl.seed(name, stock=1_000_000)
    server.wait_for_sale(name)
    return flashctl.sale_id(name)


def purchases(flashctl, server, options):
    """(c) Purchases: 200 means a committed row, and the rows are counted afterwards."""
    codes = os.path.join(flashctl.folder, "codes")
    sale = open_million(flashctl, server, "Benchmark: purchases")
    # Twice the time of the purchases, so that the codes last; wrk looks at each answer, which makes it slower.
    wrk("checkout.lua", server.port, 2 * options.seconds, options.connections, "c", codes)
    flashctl.wait_for_drain(sale)
    before = int(flashctl.sql(f"select count(*) from purchases where sale_id = {sale}"))
    facts = wrk("purchase.lua", server.port, options.seconds, options.connections, codes + ".0")
    if facts["exhausted"]:
        raise Failure("the codes were used up before the time was over: purchases are faster than checkouts")
    if facts["other"]:
        raise Failure(f"{facts['other']} purchases were answered neither 200 nor 202")
    flashctl.wait_for_drain(sale)
    rows = int(flashctl.sql(f"select count(*) from purchases where sale_id = {sale}")) - before
    if not facts["bought"] <= rows <= facts["requests"] + options.connections:
        raise Failure(f"{facts['bought']} purchases answered 200, {rows} rows")
    rate = facts["bought"] / (facts["microseconds"] / 1e6)
    say(f"  {rate:,.0f} committed purchases/s, p50 {facts['p50_us'] / 1000:.1f} ms, {facts['pending']} pending")
    return {"rate": rate, "pending": facts["pending"], "p50_ms": facts["p50_us"] / 1000}


def start_time(flashctl, options):
    """(e) From the start of the process, with both stores up, to the first 201."""
    times = []
    for number in range(options.starts):
        port = free_port()
        started = time.monotonic()
        server = flashctl.serve(port)
        try:
            while not first_code(port, f"e{number}"):
                if server.process.poll() is not None or time.monotonic() - started > 30:
                    raise Failure(f"no 201 within 30 s of the start:\n{server.log_tail()}")
                time.sleep(0.001)
            times.append((time.monotonic() - started) * 1000)
            server.stop()
        finally:
            server.kill()
    say(f"  {', '.join(f'{t:.0f}' for t in times)} ms")
    return {"milliseconds": statistics.median(times)}


def first_code(port, user):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            request = f"POST /checkout?user_id={user}&id=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
            connection.sendall(request.encode())
            return connection.recv(16).startswith(b"HTTP/1.1 201")
    except OSError:
        return False
