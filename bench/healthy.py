"""Servers under load in which nothing is broken: no rule may fire, and none may be close to it unseen."""

import datetime
import json
import os
import shutil
import subprocess
import time

from programs import HERE, Failure
from report import machine
from shop import Shop
from watching import Prometheus, seconds

DASHBOARD = os.path.join(os.path.dirname(HERE), "deploy", "grafana", "flashctl.json")
# A sale for the whole time, and small ones that begin meanwhile, are sold out, and go on refusing.
SMALL_STOCK = 5000
SMALL_EVERY = 150

# What the rules look at, at its worst: name, expression over the time of the run, decimals, unit.
WORST = [
    ("99th percentile of checkouts, 30 s", "max(max_over_time(job:flashctl_checkout_duration_seconds:p99_30s[{t}]))", 3,
     "s"),
    ("share of failed checkouts or purchases", "max(max_over_time(job:flashctl_failures:ratio_rate30s[{t}]))", 4, ""),
    ("age of the oldest entry of a journal", "max(max_over_time(flashctl_journal_lag_seconds[{t}]))", 2, "s"),
    ("clocks apart", "max(max_over_time(abs(flashctl_clock_skew_seconds)[{t}:5s]))", 4, "s"),
    ("age of the last recount", "max(max_over_time(min(flashctl_verify_age_seconds)[{t}:5s]))", 0, "s"),
    ("level of any check", "max(max_over_time(flashctl_check_level[{t}]))", 0, ""),
    ("memory of Redis, of its maxmemory", "max(max_over_time(flashctl_redis_memory_bytes{{kind='used'}}[{t}])) / "
     "max(flashctl_redis_memory_bytes{{kind='limit'}})", 3, ""),
    ("open files, of those allowed", "max(max_over_time(process_open_fds{{job='flashctl'}}[{t}])) / "
     "min(process_max_fds{{job='flashctl'}})", 3, ""),
    ("series of one server", "max(max_over_time(scrape_samples_scraped{{job='flashctl'}}[{t}]))", 0, ""),
    ("one scrape", "max(max_over_time(scrape_duration_seconds{{job='flashctl'}}[{t}]))", 3, "s"),
]


def load(shop, index, rate, duration):
    command = [
        shop.flashctl.binary, "loadtest", "--target", f"http://127.0.0.1:{shop.ports[index][0]}", "--rate", f"{rate}/s",
        "--duration", f"{duration}s", "--connections", "200", "--purchases", "50", "-o", "json",
    ]
    # Files, as nobody reads meanwhile: the summary is larger than a pipe.
    with open(summary_path(shop, index), "wb") as summary, open(talk_path(shop, index), "wb") as talk:
        return subprocess.Popen(command, env=shop.flashctl.environment, stdin=subprocess.DEVNULL, stdout=summary,
                                stderr=talk)


def summary_path(shop, index):
    return os.path.join(shop.folder, f"load-{index}.json")


def talk_path(shop, index):
    return os.path.join(shop.folder, f"load-{index}.log")


def read_summary(shop, index, code):
    # 97: the generator was late, which says nothing of the servers.
    if code not in (0, 97):
        with open(talk_path(shop, index), encoding="utf-8") as talk:
            raise Failure(f"the load test ended with {code}: {talk.read()[-2000:]}")
    with open(summary_path(shop, index), encoding="utf-8") as summary:
        return json.load(summary)


def watch(shop, prometheus, loads, duration):
    """Until the loads end: seeds the small sales; what fires ends the run."""
    pending, sales = set(), 0
    began = time.monotonic()
    while any(process.poll() is None for process in loads):
        firing = prometheus.firing()
        if firing:
            raise Failure(f"{sorted(firing)} fired after {time.monotonic() - began:.0f} s; logs: {shop.folder}")
        pending |= prometheus.pending()
        if time.monotonic() - began > SMALL_EVERY * (sales + 0.4):
            sales += 1
            shop.seed(f"Small {sales}", SMALL_STOCK, 60)
        if time.monotonic() - began > duration + 120:
            raise Failure("the load tests do not end")
        time.sleep(1)
    return pending, sales


def silent_panels(prometheus):
    """How many queries the dashboard has, and the panels of those that have brought nothing."""
    with open(DASHBOARD, encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    queries, silent = 0, []
    for panel in panels:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "1m").replace("$job", "flashctl")
            queries += 1
            if not prometheus.query(expression.replace("$instance", ".+")):
                silent.append(panel["title"])
    return queries, silent


def healthy(binary, text, rate):
    duration = seconds(text)
    shop = Shop(binary, rate=0)
    prometheus = None
    loads = []
    try:
        prometheus = Prometheus(shop.folder, shop.admin_ports, fast=False)
        loads = [load(shop, index, rate // len(shop.ports), duration) for index in range(len(shop.ports))]
        pending, sales = watch(shop, prometheus, loads, duration)
        summaries = [read_summary(shop, index, process.returncode) for index, process in enumerate(loads)]
        window = f"{duration}s"
        fired = prometheus.query(f'max_over_time(ALERTS{{alertstate="firing"}}[{window}])')
        if fired:
            raise Failure(f"fired meanwhile: {sorted(alert['metric']['alertname'] for alert in fired)}")
        worst = [(name, prometheus.number(expression.format(t=window)), decimals, unit)
                 for name, expression, decimals, unit in WORST]
        scrapes = prometheus.number(f'sum(count_over_time(up{{job="flashctl"}}[{window}]))')
        queries, silent = silent_panels(prometheus)
        outcomes = prometheus.query("sum by (outcome) (flashctl_attempts_total)")
        check = subprocess.run([binary, "verify", "--local"], env=shop.flashctl.environment, capture_output=True,
                               text=True, check=False)
        if check.returncode != 0:
            raise Failure(f"flashctl verify ended with {check.returncode}: {check.stderr}")
        return dict(text=text, rate=rate, pending=sorted(pending), sales=sales, worst=worst, scrapes=scrapes,
                    queries=queries, silent=silent,
                    outcomes={one["metric"]["outcome"]: int(float(one["value"][1])) for one in outcomes},
                    requests=sum(summary["totals"]["completed"] for summary in summaries))
    finally:
        for process in loads:
            process.terminate()
            process.wait()
        if prometheus:
            prometheus.stop()
        shop.stop()
        shutil.rmtree(shop.folder, ignore_errors=True)


def healthy_table(measured):
    outcomes = ", ".join(f"{name} {count:,}" for name, count in sorted(measured["outcomes"].items()))
    lines = [
        f"{datetime.date.today()}, {machine()}: {measured['text']} at {measured['rate']} requests/s over two servers, "
        f"{measured['requests']:,} answers ({outcomes}), {measured['sales']} sales of {SMALL_STOCK:,} units that began "
        f"meanwhile; {measured['scrapes']:.0f} scrapes. **Fired: none.** Pending for a moment: "
        f"{', '.join(measured['pending']) or 'none'}. `flashctl verify` afterwards: everything holds.", "",
        "| what the rules look at | at its worst |", "|---|---:|",
    ]
    for name, value, decimals, unit in measured["worst"]:
        lines.append(f"| {name} | {'-' if value is None else f'{value:,.{decimals}f} {unit}'.strip()} |")
    lines += ["", f"Of the {measured['queries']} queries of the dashboard {len(measured['silent'])} brought nothing"
              + (": " + ", ".join(measured["silent"]) if measured["silent"] else "") + "."]
    return "\n".join(lines)
