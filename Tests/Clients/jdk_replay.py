"""The bytes that the JDK's HttpClient sends by default, over one kept connection for each lane: it asks for h2c with
each request, and sends the next one over the same connection unless the answer says that it ends."""

import socket
import threading
import urllib.parse

import lanes

FIELDS = (
    "Connection: Upgrade, HTTP2-Settings\r\nContent-Length: 0\r\nHost: {host}\r\n"
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n"
    "User-Agent: Java-http-client/17.0.15\r\n\r\n"
)


class Connection:
    def __init__(self):
        self.file = None

    def post(self, url):
        parts = urllib.parse.urlsplit(url)
        # As pools do it: the end of a connection that waits is noticed before the next request.
        if self.file is not None and self.ended():
            self.close()
        if self.file is None:
            try:
                self.socket = socket.create_connection((parts.hostname, parts.port))
            except ConnectionRefusedError as failure:
                raise lanes.Refused from failure
            self.file = self.socket.makefile("rb")
        head = f"POST {parts.path}?{parts.query} HTTP/1.1\r\n" + FIELDS.format(host=parts.netloc)
        try:
            self.socket.sendall(head.encode())
            return self.answer()
        except OSError:
            self.close()
            raise

    def ended(self):
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        finally:
            self.socket.setblocking(True)

    def answer(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("the connection ended without an answer")
        fields = {}
        for field in iter(self.file.readline, b"\r\n"):
            name, _, value = field.decode().partition(":")
            fields[name.lower()] = value.strip()
        body = self.file.read(int(fields["content-length"]))
        if fields.get("connection") == "close":
            self.close()
        return int(line.split()[1]), body

    def close(self):
        self.file.close()
        self.socket.close()
        self.file = None


def make():
    local = threading.local()

    def post(url):
        if not hasattr(local, "connection"):
            local.connection = Connection()
        return local.connection.post(url)

    return post


lanes.run("jdkbytes", make)
