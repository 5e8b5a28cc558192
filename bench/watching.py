"""A Prometheus of its own with the real rules, for as long as one fault lasts."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.parse
import urllib.request

import yaml

from programs import HERE, STOP_LIMIT, Failure, free_port, program

DEPLOY = os.path.join(os.path.dirname(HERE), "deploy", "prometheus")
RULES = os.path.join(DEPLOY, "flashctl.rules.yml")
CONFIGURATION = os.path.join(DEPLOY, "prometheus.yml")

# Faults are not waited for as long as in production: durations below LONG are divided by SHORT_FACTOR, the others by
# LONG_FACTOR. Servers look at checks every 10 s all the same, which is why the first factor is small.
LONG = 300
SHORT_FACTOR = 2
LONG_FACTOR = 10
# Half an hour without a recount; servers count every 54 to 66 s.
THRESHOLDS = {
    "flashctl_verify_age_seconds) > 1800": "flashctl_verify_age_seconds) > 150",
    "flashctl_build_info) > 1800": "flashctl_build_info) > 150",
}
UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(text):
    found = re.fullmatch(r"(\d+)([smh])", text)
    if not found:
        raise Failure(f"the rules have a duration that is not understood: {text}")
    return int(found.group(1)) * UNITS[found.group(2)]


def scaled(text):
    value = seconds(text)
    return f"{max(1, value // (LONG_FACTOR if value >= LONG else SHORT_FACTOR))}s" if value else "0s"


def rules():
    with open(RULES, encoding="utf-8") as file:
        return yaml.safe_load(file)


def alerts():
    """The alerts of the rules, in their order."""
    return [rule for group in rules()["groups"] for rule in group["rules"] if "alert" in rule]


def scaled_rules():
    content = rules()
    unused = set(THRESHOLDS)
    for group in content["groups"]:
        for rule in group["rules"]:
            for old, new in THRESHOLDS.items():
                if old in rule["expr"]:
                    rule["expr"] = rule["expr"].replace(old, new)
                    unused.discard(old)
            rule["expr"] = re.sub(r"\[(\d+[smh])\]", lambda found: f"[{scaled(found.group(1))}]", rule["expr"])
            if "for" in rule:
                rule["for"] = scaled(rule["for"])
    if unused:
        raise Failure(f"the rules have no threshold {unused}")
    return content


class Prometheus:
    """Scrapes these admin ports; `fast` looks every second and scales the rules, otherwise everything is as shipped."""

    def __init__(self, folder, ports, fast):
        self.folder = os.path.join(folder, "prometheus")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.port = free_port()
        with open(CONFIGURATION, encoding="utf-8") as file:
            configuration = yaml.safe_load(file)
        if fast:
            configuration["global"] = dict(scrape_interval="1s", scrape_timeout="1s", evaluation_interval="1s")
        configuration["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{port}" for port in ports]
        self.write("prometheus.yml", configuration)
        self.write("flashctl.rules.yml", scaled_rules() if fast else rules())
        self.log = os.path.join(self.folder, "log")
        command = [
            program("prometheus"), f"--config.file={self.folder}/prometheus.yml", "--log.level=warn",
            f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait_until_scraped(len(ports))

    def write(self, name, content):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            yaml.safe_dump(content, file, width=10_000)

    def wait_until_scraped(self, targets, limit=60):
        deadline = time.monotonic() + limit
        while True:
            try:
                if len(self.query('up{job="flashctl"} == 1')) == targets:
                    return
            except (OSError, ValueError):
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"Prometheus does not scrape {targets} servers; see {self.log}")
            time.sleep(0.2)

    def get(self, path, **parameters):
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return self.get("query", query=expression)["result"]

    def number(self, expression):
        """The only value of an expression; None when there is none."""
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else None

    def firing(self):
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"] if alert["state"] == "firing"}

    def pending(self):
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"] if alert["state"] == "pending"}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=STOP_LIMIT)
