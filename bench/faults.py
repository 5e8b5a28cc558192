"""What is broken on purpose, the alerts that must fire for it and nothing else, and how it is put right again."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

from programs import HERE, Failure

FILES = 4000
# More than 85 %, and fewer than the connections that a server takes with so many files.
OPEN = 3550
SHIFTED_CLOCK = "+5s"


class Fault:
    """`break_it` is a context manager: what is behind its `yield` puts things right."""

    def __init__(self, text, expected, break_it, **shop):
        self.text, self.expected, self.break_it, self.shop = text, set(expected), break_it, shop


FAULTS = []


def fault(text, *expected, **shop):
    def register(break_it):
        FAULTS.append(Fault(text, expected, contextlib.contextmanager(break_it), **shop))
        return break_it
    return register


@fault("both servers are stopped (SIGSTOP)", "FlashctlNoServer")
def no_server(shop):
    for server in shop.servers:
        server.process.send_signal(signal.SIGSTOP)
    yield
    for server in shop.servers:
        server.process.send_signal(signal.SIGCONT)


@fault("one server of two is killed", "FlashctlServerDown")
def server_down(shop):
    shop.servers[1].kill()
    yield
    shop.servers[1] = shop.start(1)


@fault("one server is killed and started again, three times", "FlashctlServerRestarts")
def restarts(shop):
    for _ in range(3):
        shop.restart(1)
        time.sleep(2)
    yield


@fault("Redis is stopped (SIGSTOP)", "FlashctlRedisDown")
def redis_stopped(shop):
    shop.signal("redis", signal.SIGSTOP)
    yield
    shop.signal("redis", signal.SIGCONT)


@fault("Redis is killed, and started again by hand", "FlashctlRedisDown", "FlashctlRecovery")
def redis_killed(shop):
    shop.kill_redis()
    # The recovery is not there before Redis is.
    time.sleep(40)
    shop.start_redis()
    yield


@fault("FLUSHALL", "FlashctlRecovery")
def flush(shop):
    shop.flashctl.redis("FLUSHALL")
    yield


@fault("Postgres is stopped (SIGSTOP)", "FlashctlPostgresDown")
def postgres_stopped(shop):
    shop.signal("postgres", signal.SIGSTOP)
    yield
    shop.signal("postgres", signal.SIGCONT)


@fault("CONFIG SET maxmemory-policy allkeys-lru", "FlashctlCheckCritical")
def eviction(shop):
    shop.flashctl.redis("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    yield
    shop.flashctl.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")


@fault("CONFIG SET appendonly no", "FlashctlCheckCritical")
def no_file(shop):
    shop.flashctl.redis("CONFIG", "SET", "appendonly", "no")
    yield
    shop.flashctl.redis("CONFIG", "SET", "appendonly", "yes")


@fault("CONFIG SET appendfsync no", "FlashctlCheckWarning")
def no_fsync(shop):
    shop.flashctl.redis("CONFIG", "SET", "appendfsync", "no")
    yield
    shop.flashctl.redis("CONFIG", "SET", "appendfsync", "everysec")


@fault("a row of purchases is deleted", "FlashctlInvariantViolated")
def lost_purchase(shop):
    row = f"sale_id = {shop.sale} and unit = 1"
    shop.flashctl.sql(f"create table kept as select * from purchases where {row}; delete from purchases where {row}")
    yield
    shop.flashctl.sql("insert into purchases select * from kept; drop table kept")


@fault("an entry that is none of ours is in the journal", "FlashctlDeadLetters")
def poison(shop):
    shop.flashctl.redis("XADD", f"fs:{{{shop.sale}}}:attempts", "*", "x", "no entry of ours")
    yield
    shop.flashctl.sql("update dead_letter set repaired_at = now()")


@fault("somebody keeps the cursor of the ledger locked", "FlashctlDrainStalled")
def stalled(shop):
    lock = shop.lock(f"select 1 from journal_cursor where sale_id = {shop.sale} and stream = 'ledger' for update")
    yield
    shop.unlock(lock)


@fault("Postgres takes 15 ms for each row of the attempts", "FlashctlDrainBehind")
def behind(shop):
    shop.flashctl.sql(
        "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.015); return new; end';"
        f" create trigger slow before insert on attempts_s{shop.sale} for each row execute function slow()"
    )
    yield
    shop.flashctl.sql(f"drop trigger slow on attempts_s{shop.sale}; drop function slow")


@fault("maxmemory is just above what Redis uses (95 %)", "FlashctlOverloaded")
def overloaded(shop):
    shop.limit_memory(0.95)
    yield
    shop.unlimit_memory()


@fault("maxmemory is a third above what Redis uses (78 %)", "FlashctlRedisMemory")
def memory(shop):
    shop.limit_memory(0.78)
    yield
    shop.unlimit_memory()


@contextlib.contextmanager
def stuttering(shop, stopped, running):
    """Redis stands still for so many seconds, again and again."""
    ends = threading.Event()

    def stutter():
        while not ends.is_set():
            shop.signal("redis", signal.SIGSTOP)
            time.sleep(stopped)
            shop.signal("redis", signal.SIGCONT)
            ends.wait(running)

    thread = threading.Thread(target=stutter, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


@fault("Redis stands still for 1.35 s of every 1.6 s", "FlashctlErrors")
def errors(shop):
    with stuttering(shop, 1.35, 0.25):
        yield


@fault("Redis stands still for 0.75 s of every 1.1 s", "FlashctlSlowCheckouts")
def slow(shop):
    with stuttering(shop, 0.75, 0.35):
        yield


@fault(f"the clock of one server is wrong by {SHIFTED_CLOCK}", "FlashctlExpiryPaused")
def clock(shop):
    # It moves the wall clock of that process alone: see Tests/CClock.
    library = os.path.join(os.path.dirname(shop.flashctl.binary), "libCClock.so")
    if not os.path.exists(library):
        raise Failure(f"{library} is missing: swift build --product CClock")
    shop.restart(1, {"LD_PRELOAD": library, "CLOCK_SHIFT": SHIFTED_CLOCK})
    yield
    shop.restart(1)


@fault("a table that the recount reads is locked", "FlashctlVerifyStale")
def not_counted(shop):
    # That of the next hour: nothing is drained into it.
    last = shop.flashctl.sql("select max(id) from sales where hourly and opens_at > now()")
    lock = shop.lock(f"lock table attempts_s{last} in access exclusive mode")
    yield
    shop.unlock(lock)


LIMITED = {"count": 1, "prefix": ("bash", "-c", f'ulimit -n {FILES}; exec "$0" "$@"'), "rate": 20}


@contextlib.contextmanager
def crowded(shop, count):
    """So many connections that ask for next to nothing."""
    crowd = subprocess.Popen([sys.executable, os.path.join(HERE, "crowd.py"), str(shop.ports[0][0]), str(count)],
                             stdin=subprocess.DEVNULL)
    try:
        yield
        if crowd.poll() is not None:
            raise Failure(f"the crowd of {count} connections ended with {crowd.returncode}")
    finally:
        crowd.terminate()
        crowd.wait()


@fault(f"{OPEN} connections to a server that may open {FILES} files", "FlashctlOpenFiles", **LIMITED)
def open_files(shop):
    with crowded(shop, OPEN):
        yield


@fault(f"{FILES} connections to a server that may open {FILES} files", "FlashctlConnectionsRefused", **LIMITED)
def refused(shop):
    with crowded(shop, FILES):
        yield


@fault("the last sale comes to its end, and nobody rotates", "FlashctlNoNextSale", options=("--no-rotate",),
       sale_minutes=11)
def no_next_sale(shop):
    # Ten minutes before the end are a minute away.
    yield
    shop.seed("Next", 100, 60, start=60)
