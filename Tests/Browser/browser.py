"""A headless Chromium, driven through the pipes of its DevTools protocol: no port, no library."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

# A machine that runs other tests may be slow.
PATIENCE = 120.0


class BrowserFailure(Exception):
    """The browser does not do its part, or the page is not what it should be."""


class Browser:
    """One Chromium with a profile of its own; ends with the `with` block."""

    def __init__(self, program=None):
        program = program or shutil.which("chromium") or shutil.which("google-chrome")
        if program is None:
            raise BrowserFailure("chromium is not installed")
        self.folder = tempfile.mkdtemp(prefix="flashctl-browser-")
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()
        # The browser expects its pipes as files 3 and 4. Copies far above them come first: either pipe may be there.
        command = [
            "/bin/bash", "-c", 'exec 3<&"$0" 4>&"$1" "${@:2}"', str(to_browser), str(from_browser),
            program, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self.folder}", "--no-sandbox",
            "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "about:blank",
        ]
        log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            command, pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=dict(os.environ, HOME=self.folder))
        log.close()
        os.close(to_browser)
        os.close(from_browser)
        self.unread = b""
        self.number = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.send("Browser.close")
            self.process.wait(timeout=10)
        except (BrowserFailure, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.output)
        os.close(self.input)
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, method, session=None, **parameters):
        """Calls a method and returns its result; events that come meanwhile are kept."""
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for answer in self.receive(0.5):
                if answer.get("id") != number:
                    self.events.append(answer)
                elif "error" in answer:
                    raise BrowserFailure(f"{method}: {answer['error']}")
                else:
                    return answer["result"]
        raise BrowserFailure(f"{method}: no answer within {PATIENCE} s")

    def receive(self, seconds):
        """Whole messages that have come within so many seconds."""
        if not select.select([self.input], [], [], seconds)[0]:
            return []
        read = os.read(self.input, 1 << 20)
        if not read:
            raise BrowserFailure("the browser has ended")
        *whole, self.unread = (self.unread + read).split(b"\0")
        return [json.loads(message) for message in whole]

    def page(self, width, height, dark=False, reduced_motion=False):
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self, session, target, width, height, dark, reduced_motion)


class Page:
    """One tab of a size and a colour scheme. It remembers what the console said and what was asked of the network."""

    def __init__(self, browser, session, target, width, height, dark, reduced_motion):
        self.browser = browser
        self.session = session
        self.target = target
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.send(f"{domain}.enable")
        self.resize(width, height)
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"},
        ]
        self.send("Emulation.setEmulatedMedia", features=features)

    def send(self, method, **parameters):
        return self.browser.send(method, self.session, **parameters)

    def resize(self, width, height):
        self.width = width
        mobile = width < 600
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, mobile=mobile,
                  deviceScaleFactor=2 if mobile else 1)

    def open(self, address):
        """Goes there, and waits until the document is there: before that none of its elements is."""
        failure = self.send("Page.navigate", url=address).get("errorText")
        if failure:
            raise BrowserFailure(f"{address}: {failure}")
        self.until("a document", lambda: self.evaluate(
            "location.href !== 'about:blank' && document.readyState !== 'loading'"))

    def evaluate(self, expression):
        """The value of an expression of JavaScript, which may be a promise."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserFailure(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def text(self, identifier):
        return self.texts(identifier)[0]

    def texts(self, *identifiers):
        """Texts of one moment: read one after the other, they may be of two seconds."""
        return self.evaluate(f"{json.dumps(identifiers)}.map((id) => document.getElementById(id).textContent)")

    def until(self, what, check, seconds=PATIENCE):
        """Waits until `check()` is true; returns what it returned."""
        deadline = time.monotonic() + seconds
        while True:
            found = check()
            if found:
                return found
            if time.monotonic() > deadline:
                said = self.evaluate("document.body.innerText")
                raise BrowserFailure(f"{what}: not within {seconds} s; the page says:\n{said}")
            time.sleep(0.1)

    def collect(self, *methods):
        """Events of this page of these kinds, since the start."""
        # Whatever is on its way arrives before this answer.
        self.evaluate("0")
        return [event["params"] for event in self.browser.events
                if event.get("sessionId") == self.session and event.get("method") in methods]

    def complaints(self):
        """What the console and the browser have complained about."""
        said = [f"exception: {event['exceptionDetails']}" for event in self.collect("Runtime.exceptionThrown")]
        said += [f"console: {event}" for event in self.collect("Runtime.consoleAPICalled")]
        said += [f"log: {event['entry']}" for event in self.collect("Log.entryAdded")]
        return said

    def requests(self):
        """Addresses that the page has asked the network for."""
        return [event["request"]["url"] for event in self.collect("Network.requestWillBeSent")]

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")

    def to_front(self):
        """A page behind another one is hidden, and does not draw."""
        self.send("Page.bringToFront")

    def screenshot(self, path, top=0, height=None):
        """The whole page to its end, or so much of it."""
        end = self.send("Page.getLayoutMetrics")["cssContentSize"]["height"]
        clip = {"x": 0, "y": top, "width": self.width, "height": min(height or end, end - top), "scale": 1}
        image = self.send("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))

    def names(self):
        """Role and name of everything that a screen reader finds."""
        nodes = self.send("Accessibility.getFullAXTree")["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes
                if not node.get("ignored") and "role" in node]

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)
