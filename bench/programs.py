"""The programs of a measurement: flashctl, nginx and wrk. Every command line and flag is in this file."""

import contextlib
import datetime
import http.client
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
START_LIMIT = 180
STOP_LIMIT = 60


class Failure(Exception):
    """A measurement that cannot be trusted, or a program that does not do its part."""


def program(name, *elsewhere):
    path = shutil.which(name) or next((p for p in elsewhere if os.access(p, os.X_OK)), None)
    if path is None:
        raise Failure(f"{name} is not installed; make bench-deps installs it")
    return path


# Ports that were given out: a server that is not up yet, or is down for a while, does not hold its own.
given_ports = set()


def free_port():
    """A port that this program gives out only once, and that the kernel gives to no connection meanwhile."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="utf-8") as file:
        first_of_kernel = int(file.read().split()[0])
    while True:
        port = random.randrange(10_000, max(first_of_kernel, 30_000))
        if port in given_ports:
            continue
        given_ports.add(port)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def raise_file_limit():
    """2,000 connections need more than the usual 1,024 files, on both sides."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16384 if hard == resource.RLIM_INFINITY else min(hard, 16384)
    if wanted < 4096:
        raise Failure(f"only {hard} open files are allowed; raise the hard limit (ulimit -Hn) to 4096 or more")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Flashctl:
    """`flashctl serve --local` on a state folder of its own, and the other commands beside it."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.local = os.path.join(folder, "state", "flashctl", "local")
        self.environment = dict(os.environ, XDG_STATE_HOME=os.path.join(folder, "state"), LOG_LEVEL="warning")
        for name in ("REDIS_URL", "POSTGRES_URL", "PORT"):
            self.environment.pop(name, None)

    def serve(self, port, *arguments, prefix=(), environment=()):
        """Starts a server; `prefix` is a command that runs it, `environment` what it gets besides."""
        log = open(os.path.join(self.folder, f"serve-{port}.log"), "ab")
        command = [*prefix, self.binary, "serve", "--local", "--port", str(port), *arguments]
        process = subprocess.Popen(command, env={**self.environment, **dict(environment)}, stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL)
        return Server(process, port, log.name)

    def seed(self, name, stock, hours=6):
        # A little in the past: the sale is open at once, and as the one that started last it is the current one.
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=2)
        command = [
            self.binary, "seed-sale", "--local",
            "--name", name,
            "--image-url", "https://example.com/item.png",
            "--stock", str(stock),
            "--limit", "10",
            "--start", start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "--duration", f"{hours}h",
            "--hold", "2h",
        ]
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Failure(f"{' '.join(command)} failed ({result.returncode}): {result.stderr or result.stdout}")

    def sql(self, statement):
        command = [
            program("psql"), "-XqAt", "-h", os.path.join(self.local, "run", "postgres"), "-U", "postgres",
            "-v", "ON_ERROR_STOP=1", "-c", statement, "postgres",
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def redis(self, *arguments):
        command = [program("redis-cli"), "-s", os.path.join(self.local, "run", "redis.sock"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def sale_id(self, name):
        return int(self.sql(f"select id from sales where item_name = '{name}'"))

    def wait_for_drain(self, sale, limit=120):
        """Seconds until Postgres holds everything that the two streams of the sale hold."""
        started = time.monotonic()
        while True:
            behind = [stream for stream in ("ledger", "attempts") if not self.is_drained(sale, stream)]
            if not behind:
                return time.monotonic() - started
            if time.monotonic() - started > limit:
                raise Failure(f"{behind} of sale {sale} not drained within {limit} s")
            time.sleep(0.05)

    def is_drained(self, sale, stream):
        facts = self.redis("XINFO", "STREAM", f"fs:{{{sale}}}:{stream}").splitlines()
        last = facts[facts.index("last-generated-id") + 1]
        cursor = self.sql(f"select last_id from journal_cursor where sale_id = {sale} and stream = '{stream}'")
        return cursor == last or self.redis("XRANGE", f"fs:{{{sale}}}:{stream}", f"({cursor}", "+", "COUNT", "1") == ""


class Server:
    """A running `flashctl serve`."""

    def __init__(self, process, port, log):
        self.process = process
        self.port = port
        self.log = log

    def request(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait(self, what, check):
        deadline = time.monotonic() + START_LIMIT
        while True:
            if self.process.poll() is not None:
                raise Failure(f"flashctl serve ended with {self.process.returncode}:\n{self.log_tail()}")
            try:
                if check():
                    return
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                pass
            if time.monotonic() > deadline:
                raise Failure(f"{what}: not within {START_LIMIT} s:\n{self.log_tail()}")
            time.sleep(0.02)

    def wait_ready(self):
        self.wait("ready", lambda: self.request("GET", "/readyz")[0] == 200)

    def wait_for_sale(self, name):
        self.wait(f"sale {name} is the current one", lambda: name in self.request("GET", "/sale")[1])

    def peak_memory(self):
        """VmHWM in megabytes: the most that was ever resident."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024

    def log_tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-15:])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=STOP_LIMIT)
        if code != 0:
            raise Failure(f"flashctl serve ended with {code} after SIGTERM:\n{self.log_tail()}")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Nginx:
    """One worker that refuses everything with the given body."""

    def __init__(self, folder, body):
        self.folder = os.path.join(folder, "nginx")
        self.port = free_port()
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(HERE, "nginx.conf"), encoding="utf-8") as template:
            text = template.read()
        if set(body) & set("'$\\"):
            raise Failure(f"nginx would change this body: {body}")
        for name, value in (("DIRECTORY", self.folder), ("PORT", str(self.port)), ("BODY", body)):
            text = text.replace(f"@{name}@", value)
        self.configuration = os.path.join(self.folder, "nginx.conf")
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write(text)
        self.process = None

    def start(self):
        command = [
            program("nginx", "/usr/sbin/nginx"), "-p", self.folder, "-c", self.configuration,
            "-e", os.path.join(self.folder, "error.log"), "-g", "daemon off;",
        ]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Failure(f"nginx does not listen; see {self.folder}/error.log") from error
                time.sleep(0.02)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=STOP_LIMIT)


def wrk(script, port, seconds, connections, *arguments):
    """One run with one thread; returns what the script's `done` printed, and the rate."""
    command = [
        program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
        "-s", os.path.join(HERE, script), f"http://127.0.0.1:{port}", "--", *arguments,
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in result.stdout.splitlines() if line.startswith("RESULT ")]
    if result.returncode != 0 or not lines:
        raise Failure(f"{' '.join(command)} failed: {result.stderr or result.stdout}")
    facts = json.loads(lines[0].removeprefix("RESULT "))
    if facts["network_errors"]:
        raise Failure(f"{facts['network_errors']} network errors in {' '.join(command)}")
    facts["rate"] = facts["requests"] / (facts["microseconds"] / 1e6)
    return facts
