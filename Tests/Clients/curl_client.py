"""curl, which keeps its connections within one process."""

import collections
import json
import os
import re
import subprocess
import sys
import time

REFUSED = 7
# Behind each body: how the transfer ended.
FORMAT = "\\n%{exitcode} %{http_code}\\n"


def start(urls, *options):
    """curl with all of these, one after the other."""
    command = ["curl", "--silent", "--no-progress-meter", "--write-out", FORMAT, "--request", "POST", *options]
    for url in urls:
        command += [url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class Tally:
    def __init__(self):
        self.answers = collections.Counter()
        self.failures = collections.Counter()
        self.refused = 0
        self.codes = []

    def take(self, process):
        text, _ = process.communicate()
        # Of transfers at the same time the bodies may stand in one line.
        self.codes += re.findall(r'"code":"([^"]+)"', text)
        for code, status in re.findall(r"^(\d+) (\d{3})$", text, re.M):
            if code == "0":
                self.answers[status] += 1
            elif int(code) == REFUSED:
                self.refused += 1
            else:
                self.failures[f"curl ended with {code}"] += 1

    def print(self):
        print(json.dumps({"answers": self.answers, "refused": self.refused, "failures": self.failures}))


def main():
    url, scenario, *arguments = sys.argv[1:]
    tally = Tally()
    # Its own globbing makes the numbers, so that one process asks them all.
    checkout = f"{url}/checkout?user_id=curl-{time.time_ns()}-[1-{{}}]&id=1"
    if scenario in ("sequence", "crowd"):
        many = ["--parallel", "--parallel-immediate", "--parallel-max", arguments[1]] if scenario == "crowd" else []
        tally.take(start([checkout.format(arguments[0])], *many))
        tally.take(start([f"{url}/purchase?code={code}" for code in tally.codes], *many))
    elif scenario == "pauses":
        # Pauses are rates to curl: so many an hour.
        rates = [f"{round(3_600_000 / int(text))}/h" for text in arguments[0].split(",")]
        processes = [
            start([f"{url}/checkout?user_id=curl-{time.time_ns()}-{lane}-[1-2]&id=1"], "--rate", rate)
            for lane, rate in enumerate(rates)
        ]
        for process in processes:
            tally.take(process)
    else:
        while not os.path.exists(arguments[0]):
            processes = [
                start([f"{url}/checkout?user_id=curl-{time.time_ns()}-{lane}-[1-50]&id=1"], "--rate", "100/s")
                for lane in range(int(arguments[1]))
            ]
            for process in processes:
                tally.take(process)
    tally.print()


main()
