"""Watches the live page in a headless Chromium, as a person would, while a load test runs.

live_page.py SCENARIO PAGE SHOP PROGRAM PID ITEM: the addresses of the second listener and of the shop, the built
flashctl, the process id of the server, and the name of what it sells. Ends with 0 when the page was what it should be.
"""
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from browser import PATIENCE, Browser, BrowserFailure

WIDTHS = (320, 360, 390, 768, 1280)


def expect(condition, what):
    if not condition:
        raise BrowserFailure(what)


def number(text):
    """A number as the page writes it; nil when there is none."""
    digits = text.replace(",", "")
    return int(digits) if digits.isdigit() else None


class Watch:
    def __init__(self, browser, page, shop, program, pid, item):
        self.browser = browser
        self.address = page
        self.shop = shop
        self.program = program
        self.pid = int(pid)
        self.item = item

    def open(self, width=1280, height=900, live=True, **scheme):
        page = self.browser.page(width, height, **scheme)
        page.open(self.address)
        if live:
            page.until("live", lambda: page.text("link") == "live")
            page.until("a stock", lambda: number(page.text("free")) is not None)
        return page

    def sale(self):
        with urllib.request.urlopen(f"{self.shop}/sale", timeout=PATIENCE) as answer:
            return json.load(answer)

    def load(self, requests, *more):
        return subprocess.Popen(
            [self.program, "loadtest", "--target", self.shop, "--requests", str(requests), "--connections", "20",
             "-o", "json", *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def clean(self, page):
        """Nothing went wrong in it, and it asked nobody else."""
        expect(page.complaints() == [], f"the console said {page.complaints()}")
        foreign = [url for url in page.requests() if not url.startswith((self.address, "data:"))]
        expect(foreign == [], f"it asked {foreign}")


def load(watch):
    """The numbers of the page are those of the shop, while it is busy and afterwards."""
    page = watch.open()
    before = watch.sale()
    expect(number(page.text("free")) == before["stock_remaining"], "the stock is not that of /sale")
    expect(page.text("phase") == "selling", page.text("phase"))
    stock = before["stock"]
    run = watch.load(3 * stock, "--purchases", "60", "--rate", f"{stock // 8}/s")
    seen = set()
    while run.poll() is None:
        parts = tuple(map(number, page.texts("free", "held", "sold")))
        expect(None in parts or sum(parts) == stock, f"{parts} are not {stock}")
        rate = number(page.text("checkouts-now"))
        if rate:
            seen.add(rate)
        time.sleep(0.2)
    output, talk = run.communicate()
    # 97: the machine was busy with other tests, and the numbers of the load test are not to be trusted.
    expect(run.returncode in (0, 97), f"the load test ended with {run.returncode}: {talk}")
    expect(seen, "no second had checkouts")
    refused = json.loads(output)["metrics"]["refusals.count"]
    after = watch.sale()
    wanted = (after["stock_remaining"], after["items_held"], after["items_sold"])
    page.until(f"{wanted}", lambda: tuple(map(number, page.texts("free", "held", "sold"))) == wanted)
    expect(wanted[0] == 0 and wanted[2] > 0, f"it sold {wanted}")
    expect(page.text("phase") == "sold out", page.text("phase"))
    page.until(f"{refused:,} sold out", lambda: f"{refused:,} sold out" in page.text("totals"))
    for chart in ("stock", "checkouts", "purchases"):
        paths = page.evaluate(f"document.querySelectorAll('#{chart}-chart path.area').length")
        expect(paths > 0, f"the chart of {chart} has no area")
    times = page.evaluate("document.querySelectorAll('#checkout-time-chart path.line').length")
    expect(times >= 2, "the chart of the time to answer has no lines")
    page.until("the sentence", lambda: "held and" in page.text("summary"))
    watch.clean(page)


def layout(watch):
    """It fits every width, in light and dark, with everything unfolded, and a name is never markup."""
    for dark in (False, True):
        page = watch.open(dark=dark, reduced_motion=dark)
        for width in WIDTHS:
            page.resize(width, 800)
            for opened in (False, True):
                page.evaluate(f"document.querySelectorAll('details').forEach(d => d.open = {str(opened).lower()})")
                time.sleep(0.2)
                expect(page.overflow() <= 0, f"{page.overflow()} pixels too wide at {width}, unfolded: {opened}")
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        expect((sum(map(int, background[4:-1].split(","))) < 300) == dark, f"{background} with dark {dark}")
        moves = page.evaluate("getComputedStyle(document.querySelector('.bar i')).transitionDuration")
        expect((moves == "0s") == dark, f"the bar moves for {moves}")
        expect(watch.item in page.text("item"), f"{page.text('item')} is not {watch.item}")
        expect(page.evaluate("document.querySelectorAll('img, iframe, link[rel=stylesheet]').length") == 0, "markup")
        page.evaluate("document.querySelector('input[value=\"600\"]').click()")
        expect(page.evaluate("document.querySelector('input:checked').value") == "600", "the window")
        expect(page.evaluate("document.querySelectorAll('#checkouts-chart tbody').length") == 1, "no numbers")
        watch.clean(page)
        page.close()


def reading(watch):
    """What a screen reader finds has a role and a name, and what changes is said rarely."""
    page = watch.open()
    found = page.names()
    roles = [role for role, _ in found]
    for role in ("banner", "main", "contentinfo", "heading", "table", "img", "radio", "status"):
        expect(role in roles or (role == "img" and "image" in roles), f"there is no {role} among {sorted(set(roles))}")
    nameless = [role for role, name in found
                if role in ("img", "image", "table", "region", "radio", "heading") and not name]
    expect(nameless == [], f"without a name: {nameless}")
    headings = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    expect(headings[0] == 1 and all(b - a <= 1 for a, b in zip(headings, headings[1:])), f"headings {headings}")
    page.evaluate("""
        window.said = [];
        new MutationObserver(() => window.said.push(performance.now()))
            .observe(document.getElementById('summary'), { childList: true, characterData: true, subtree: true });
        0""")
    # It would go on for hours.
    with watch.load(10 ** 6, "--rate", "40/s") as run:
        try:
            time.sleep(25)
        finally:
            run.kill()
    said = page.evaluate("window.said")
    expect(len(said) <= 3, f"it was said {len(said)} times in 25 s")
    expect(all(later - earlier > 9000 for earlier, later in zip(said, said[1:])), f"said at {said}")
    watch.clean(page)


def trouble(watch):
    """Old numbers are never shown as new ones, and the page comes back by itself."""
    page = watch.open()
    os.kill(watch.pid, signal.SIGSTOP)
    try:
        page.until("stale", lambda: page.evaluate("document.body.classList.contains('stale')"))
        page.until("an age", lambda: " old" in page.text("age"))
        page.until("given up", lambda: page.text("link") == "connection lost, trying again")
    finally:
        os.kill(watch.pid, signal.SIGCONT)
    page.until("live again", lambda: page.text("link") == "live")
    expect(page.text("age") == "" and not page.evaluate("document.body.classList.contains('stale')"), "still stale")
    crowd(watch)
    os.kill(watch.pid, signal.SIGTERM)
    page.until("the end", lambda: "trying again" in page.text("link") and " old" in page.text("age"))


def crowd(watch):
    """One too many is told so, and gets its turn."""
    host, port = watch.address.removeprefix("http://").rstrip("/").split(":")
    with contextlib.ExitStack() as sockets:
        deadline = time.monotonic() + PATIENCE
        answer = b"HTTP/1.1 200"
        while answer.startswith(b"HTTP/1.1 200") and time.monotonic() < deadline:
            reader = sockets.enter_context(socket.create_connection((host, int(port)), timeout=PATIENCE))
            reader.sendall(b"GET /events HTTP/1.1\r\n\r\n")
            answer = reader.recv(64)
        expect(answer.startswith(b"HTTP/1.1 503"), f"{answer}")
        late = watch.open(live=False)
        late.until("the reason", lambda: "pages watch this server already" in late.text("link"))
    late.until("its turn", lambda: late.text("link") == "live")
    late.close()


SCENARIOS = {"load": load, "layout": layout, "reading": reading, "trouble": trouble}


def main():
    scenario, *rest = sys.argv[1:]
    os.environ.setdefault("HOME", tempfile.gettempdir())
    try:
        with Browser() as browser:
            SCENARIOS[scenario](Watch(browser, *rest))
    except BrowserFailure as failure:
        sys.exit(f"{scenario}: {failure}")


if __name__ == "__main__":
    main()
