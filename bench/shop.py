"""Servers on private stores, with buyers, in which something can be broken."""

import glob
import http.client
import os
import signal
import subprocess
import tempfile
import threading
import time

from programs import Failure, Flashctl, free_port, program

STOCK = 1_000_000
FILLER = 100_000_000


class Buyer(threading.Thread):
    """Checks out and pays for one in three, about so often a second; what fails is asked again by the next one."""

    number = 0

    def __init__(self, port, rate):
        super().__init__(daemon=True)
        Buyer.number += 1
        self.port, self.rate, self.name_of_users = port, rate, f"buyer{Buyer.number}"
        self.ends = threading.Event()

    def run(self):
        connection, count = None, 0
        while not self.ends.wait(1 / self.rate):
            count += 1
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                body = self.ask(connection, f"/checkout?user_id={self.name_of_users}-{count}&id=7")
                if count % 3 == 0 and b'"code":"' in body:
                    code = body.split(b'"code":"')[1].split(b'"')[0].decode()
                    self.ask(connection, f"/purchase?code={code}")
            except (OSError, http.client.HTTPException):
                if connection:
                    connection.close()
                connection = None

    @staticmethod
    def ask(connection, path):
        connection.request("POST", path)
        return connection.getresponse().read()


class Shop:
    """`count` servers; each option goes to all of them. Ends everything that it has started."""

    def __init__(self, binary, count=2, options=(), prefix=(), sale_minutes=360, rate=60):
        self.folder = tempfile.mkdtemp(prefix="flashctl-alerts-")
        # As root, postgres runs as another user, who has to get in.
        os.chmod(self.folder, 0o711)
        self.flashctl = Flashctl(binary, self.folder)
        self.options, self.prefix = options, prefix
        self.ports = [(free_port(), free_port()) for _ in range(count)]
        self.servers = []
        self.buyers = []
        try:
            self.servers = [self.start(index) for index in range(count)]
            self.sale = self.seed("Alerts", STOCK, sale_minutes)
            self.servers[-1].wait_for_sale("Alerts")
            # Without a limit Redis is warned of, rightly.
            self.flashctl.redis("CONFIG", "SET", "maxmemory", "1gb")
            self.buyers = [Buyer(port, rate / 4) for port, _ in self.ports for _ in range(4) if rate]
            for buyer in self.buyers:
                buyer.start()
        except Exception:
            self.stop()
            raise

    @property
    def admin_ports(self):
        return [admin for _, admin in self.ports]

    def start(self, index, environment=()):
        port, admin = self.ports[index]
        server = self.flashctl.serve(port, "--host", "127.0.0.1", "--admin-port", str(admin), *self.options,
                                     prefix=self.prefix, environment=environment)
        server.wait_ready()
        return server

    def restart(self, index, environment=()):
        self.servers[index].kill()
        self.servers[index] = self.start(index, environment)

    def seed(self, name, stock, minutes, start=-2):
        """A sale that begins so many seconds from now."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + start))
        command = [
            self.flashctl.binary, "seed-sale", "--local", "--name", name, "--image-url", "https://example.com/item.png",
            "--stock", str(stock), "--start", at, "--duration", f"{minutes}m", "--hold", "2h",
        ]
        result = subprocess.run(command, env=self.flashctl.environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Failure(f"{' '.join(command)} failed ({result.returncode}): {result.stderr or result.stdout}")
        return self.flashctl.sale_id(name)

    def processes(self, store):
        """Those that work in the data folder of `redis` or `postgres`."""
        folder = os.path.realpath(os.path.join(self.flashctl.local, store))
        found = []
        for path in glob.glob("/proc/[0-9]*/cwd"):
            try:
                if os.path.realpath(os.readlink(path)) == folder:
                    found.append(int(path.split("/")[2]))
            except OSError:
                pass
        if not found:
            raise Failure(f"{store} does not run in {folder}")
        return found

    def signal(self, store, number):
        for pid in self.processes(store):
            os.kill(pid, number)

    def kill_redis(self):
        self.signal("redis", signal.SIGKILL)

    def start_redis(self):
        """With its settings and data, as `flashctl serve --local` has written them."""
        log = open(os.path.join(self.folder, "redis.log"), "ab")
        configuration = os.path.join(self.flashctl.local, "redis.conf")
        self.redis_process = subprocess.Popen([program("redis-server"), configuration, "--maxmemory", "1gb"],
                                              stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def limit_memory(self, share):
        """Sets maxmemory so that this share of it is used; large enough that buyers change little of that."""
        self.flashctl.redis("SETRANGE", "filler", str(FILLER), "x")
        self.flashctl.redis("CONFIG", "SET", "maxmemory", str(int(self.used_memory() / share)))

    def unlimit_memory(self):
        self.flashctl.redis("CONFIG", "SET", "maxmemory", "1gb")
        self.flashctl.redis("UNLINK", "filler")

    def used_memory(self):
        lines = self.flashctl.redis("INFO", "memory").splitlines()
        return int(next(line for line in lines if line.startswith("used_memory:")).split(":")[1])

    def lock(self, statement):
        """Keeps the locks of a statement until `unlock`."""
        command = [
            program("psql"), "-Xq", "-h", os.path.join(self.flashctl.local, "run", "postgres"), "-U", "postgres",
            "-c", f"begin; {statement}; select pg_sleep(3600)", "postgres",
        ]
        environment = dict(os.environ, PGAPPNAME="fault")
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def unlock(self, process):
        self.flashctl.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'fault'")
        process.wait(timeout=30)

    def stop(self):
        for buyer in self.buyers:
            buyer.ends.set()
        for server in self.servers:
            server.process.send_signal(signal.SIGCONT)
            server.process.terminate()
        for server in self.servers:
            server.process.wait(timeout=120)
