#!/usr/bin/env python3
"""Keeps so many connections open to a port of this machine until it is ended (SIGTERM): PORT COUNT.

A program of its own, so that it and the buyers do not share one interpreter. A server closes connections that never
ask for anything after 5 s, and idle ones after 60: each connection asks at once and every ASK_EVERY seconds again.
"""

import collections
import socket
import sys
import time

from programs import raise_file_limit

REQUEST = b"GET /livez HTTP/1.1\r\nHost: crowd\r\n\r\n"
ASK_EVERY = 20
# When the server takes no more, it is asked again so much later.
PAUSE = 0.05
TIMEOUT = 2


def ask(connection):
    """Whether the server has answered; a short answer comes in one piece."""
    try:
        connection.sendall(REQUEST)
        return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def connect(port):
    """A connection that was answered, or None: it was refused, or the server has too many."""
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
    except OSError:
        return None
    if ask(connection):
        return connection
    connection.close()
    return None


def keep(port, count):
    # Each with the time at which it has to ask again; the first one is due first.
    open_ones = collections.deque()
    while True:
        while len(open_ones) < count and (connection := connect(port)):
            open_ones.append((time.monotonic() + ASK_EVERY, connection))
        while open_ones and open_ones[0][0] < time.monotonic():
            _, connection = open_ones.popleft()
            if ask(connection):
                open_ones.append((time.monotonic() + ASK_EVERY, connection))
            else:
                connection.close()
        time.sleep(PAUSE)


if __name__ == "__main__":
    raise_file_limit()
    keep(int(sys.argv[1]), int(sys.argv[2]))
