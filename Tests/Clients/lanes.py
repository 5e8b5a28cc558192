"""What the clients in Python share: scenarios as lanes that run at once, and what came of them as JSON."""

import collections
import itertools
import json
import os
import sys
import threading
import time


class Refused(Exception):
    """Nobody listened: the request was not sent."""


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.answers = collections.Counter()
        self.failures = collections.Counter()
        self.refused = 0

    def take(self, ask):
        """Counts one request; its answer as (status, body), or nothing."""
        try:
            status, body = ask()
        except Refused:
            with self.lock:
                self.refused += 1
            return None
        except Exception as failure:  # Whatever a library calls it: it is counted under its name, and ends the run red.
            with self.lock:
                self.failures[f"{type(failure).__name__}: {failure}"[:160]] += 1
            return None
        with self.lock:
            self.answers[str(status)] += 1
        return status, body

    def print(self):
        print(json.dumps({"answers": self.answers, "refused": self.refused, "failures": self.failures}))


def run(name, make):
    """Runs the scenario of the command line. `make()` returns a function that posts to a URL: (status, body)."""
    url, scenario, *arguments = sys.argv[1:]
    tally = Tally()
    users = itertools.count()

    def checkout(post):
        return tally.take(lambda: post(f"{url}/checkout?user_id={name}-{time.time_ns()}-{next(users)}&id=1"))

    def buy(post, count):
        for _ in range(count):
            answer = checkout(post)
            if answer and answer[0] == 201:
                code = json.loads(answer[1])["code"]
                tally.take(lambda: post(f"{url}/purchase?code={code}"))

    def pause(seconds):
        post = make()
        checkout(post)
        time.sleep(seconds)
        checkout(post)

    def steady(post, end):
        while not os.path.exists(end):
            if checkout(post) is None:
                time.sleep(0.02)
            time.sleep(0.002)

    if scenario == "sequence":
        lanes = [threading.Thread(target=buy, args=(make(), int(arguments[0])))]
    elif scenario == "crowd":
        post, count = make(), int(arguments[1])
        lanes = [threading.Thread(target=buy, args=(post, int(arguments[0]) // count)) for _ in range(count)]
    elif scenario == "pauses":
        lanes = [threading.Thread(target=pause, args=(int(text) / 1000,)) for text in arguments[0].split(",")]
    else:
        post = make()
        lanes = [threading.Thread(target=steady, args=(post, arguments[0])) for _ in range(int(arguments[1]))]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    tally.print()
