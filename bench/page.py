#!/usr/bin/env python3
"""Photographs the live page before, during and after a sale, for people to look at.

Twelve pictures: three moments, at the width of a desk and of a telephone, in light and dark. They are not kept in the
repository. It fails when a picture cannot be trusted: the console has complained, or the page is wider than its window.
"""

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
import time

from programs import HERE, Failure, Flashctl, free_port, raise_file_limit

ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "Tests", "Browser"))
from browser import Browser  # noqa: E402

VIEWS = [("desk", 1280, 900), ("phone", 390, 800)]
# A telephone in pieces: its page is long, and a picture of it would be shrunk to nothing.
PIECE = 1300


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build", "release", "flashctl"))
    parser.add_argument("--output", default=os.path.join(ROOT, ".build", "page"), help="folder of the pictures")
    parser.add_argument("--stock", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=3000, help="checkouts per second")
    parser.add_argument("--seconds", type=int, default=75, help="how long they come")
    return parser.parse_args()


class Photographer:
    def __init__(self, options, folder):
        self.options = options
        self.flashctl = Flashctl(options.binary, folder)
        self.admin = free_port()
        self.flashctl.environment["FLASHCTL_ADMIN_PORT"] = str(self.admin)

    def seed(self, name, stock, start, duration, *more):
        text = start.strftime("%Y-%m-%dT%H:%M:%SZ")
        command = [
            self.options.binary, "seed-sale", "--local", "--name", name, "--image-url", "https://example.com/i.png",
            "--stock", str(stock), "--start", text, "--duration", duration, *more,
        ]
        result = subprocess.run(command, env=self.flashctl.environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Failure(f"seed-sale failed: {result.stderr}")

    def load(self, server, *more):
        command = [
            self.options.binary, "loadtest", "--target", f"http://127.0.0.1:{server.port}", "-o", "json", *more,
        ]
        return subprocess.Popen(command, env=self.flashctl.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def shoot(self, moment):
        """All views of one moment. They watch together, as several people would."""
        with Browser() as browser:
            pages = []
            for name, width, height in VIEWS:
                for dark in (False, True):
                    page = browser.page(width, height, dark=dark)
                    page.open(f"http://127.0.0.1:{self.admin}/")
                    pages.append((f"{moment}-{name}-{'dark' if dark else 'light'}", page, width))
            for name, page, width in pages:
                page.to_front()
                page.until("live", lambda page=page: page.text("link") == "live")
                page.until("holds", lambda page=page: page.text("lapsing-60") != "–" or moment == "before")
                time.sleep(1)
                if page.complaints() or page.overflow() > 0:
                    raise Failure(f"{name}: {page.complaints()}, {page.overflow()} pixels too wide")
                self.keep(page, name, width)

    def keep(self, page, name, width):
        height = page.evaluate("document.documentElement.scrollHeight")
        if width > 600:
            page.screenshot(os.path.join(self.options.output, f"{name}.png"))
            return
        for number, top in enumerate(range(0, height, PIECE), 1):
            page.screenshot(os.path.join(self.options.output, f"{name}-{number}.png"), top, PIECE)

    def run(self):
        # Hourly sales would always be selling; they come with the end of the first sale.
        self.flashctl.environment["FLASHCTL_ROTATE"] = "false"
        server = self.flashctl.serve(free_port())
        try:
            server.wait("listening", lambda: server.request("GET", "/livez")[0] == 200)
            now = datetime.datetime.now(datetime.timezone.utc)
            # A short sale that is past by the end, for the table.
            self.seed("Brass Kettle", 500, now, "15s", "--hold", "5s")
            server.wait_for_sale("Brass Kettle")
            self.load(server, "--requests", "4000", "--rate", "400/s", "--purchases", "95").wait()
            self.run_sale(server)
            server.stop()
        finally:
            server.kill()

    def run_sale(self, server):
        opens = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=50)
        self.seed("Silver Lamp", self.options.stock, opens, "30m", "--hold", "45s")
        time.sleep(20)
        self.shoot("before")
        server.wait_for_sale("Silver Lamp")
        load = self.load(server, "--preset", "hour", "--spike-at", "now", "--rate", f"{self.options.rate}/s",
                         "--duration", f"{self.options.seconds}s")
        time.sleep(self.options.seconds * 0.4)
        if load.poll() is not None:
            raise Failure(f"the load test has ended too early, with {load.returncode}")
        self.shoot("during")
        load.wait()
        command = [self.options.binary, "rotate-hour", "--local"]
        subprocess.run(command, env=self.flashctl.environment, capture_output=True, check=False)
        time.sleep(20)
        self.shoot("after")


def main():
    options = arguments()
    raise_file_limit()
    os.makedirs(options.output, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="flashctl-page-") as folder:
        # As root, postgres runs as another user, who has to get in.
        os.chmod(folder, 0o711)
        Photographer(options, folder).run()
    print(f"{len(os.listdir(options.output))} pictures in {options.output}")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench/page.py: {failure}")
