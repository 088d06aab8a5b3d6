"""Shared by the Python test peers: HTTP/1.1 messages on sockets, a small server
loop, and the echo application every agent serves."""

import http.client
import re
import sys
import time
import urllib.parse

LIMIT = 1 << 16  # bytes in one line of a head


class Request:
    """A request as received: headers is a list of (name, value), raw the head's bytes."""

    def __init__(self, method, target, headers, body=b"", raw=b"", client=""):
        self.method, self.target, self.headers = method, target, headers
        self.body, self.raw, self.client = body, raw, client

    def get(self, name, default=None):
        return get(self.headers, name, default)


class Reply:
    """status, headers, pieces of the body; several pieces mean "send in chunks"."""

    def __init__(self, status, headers=(), *pieces):
        self.status, self.headers, self.pieces = status, list(headers), list(pieces)

    @property
    def body(self):
        return b"".join(self.pieces)


def get(headers, name, default=None):
    for n, v in headers:
        if n.lower() == name.lower():
            return v
    return default


def has_body(status):
    return status >= 200 and status not in (204, 304)


def parse_head(raw):
    """Splits a head into its start line and a list of (name, value)."""
    start, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return start, [(n, v.strip()) for n, _, v in pairs]


def read_head(stream):
    """Reads one head's bytes, blank line included; b"" at the end of the stream."""
    raw = b""
    while not raw.endswith(b"\r\n\r\n"):
        line = stream.readline(LIMIT)
        if not line:
            return b""
        if raw or line != b"\r\n":
            raw += line
    return raw


def read_chunks(stream):
    body = b""
    while size := int(stream.readline(LIMIT).split(b";")[0], 16):
        body += stream.read(size)
        stream.readline(LIMIT)
    while stream.readline(LIMIT) not in (b"\r\n", b""):
        pass
    return body


def read_body(stream, headers):
    if (get(headers, "transfer-encoding") or "").lower() == "chunked":
        return read_chunks(stream)
    return stream.read(int(get(headers, "content-length") or 0))


def write_reply(sock, method, reply):
    """Writes a reply with our own framing: a length, or chunks for several pieces."""
    head = [f"HTTP/1.1 {reply.status} {http.client.responses.get(reply.status, 'Other')}"]
    head += [f"{n}: {v}" for n, v in reply.headers]
    pieces = reply.pieces if method != "HEAD" and has_body(reply.status) else []
    named = get(reply.headers, "content-length") is not None
    if len(pieces) > 1:
        head.append("Transfer-Encoding: chunked")
        pieces = [b"%x\r\n%s\r\n" % (len(p), p) for p in pieces if p] + [b"0\r\n\r\n"]
    elif has_body(reply.status) and not named:
        head.append(f"Content-Length: {len(reply.body)}")
    sock.sendall(("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + b"".join(pieces))


def serve(sock, stream, handler, client=""):
    """Serves keep-alive requests with handler(Request) -> Reply until either end stops.
    A handler that returns None has taken the socket over."""
    while raw := read_head(stream):
        start, headers = parse_head(raw)
        method, target, version = start.split(" ")
        if (get(headers, "expect") or "").lower() == "100-continue":
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = read_body(stream, headers)
        reply = handler(Request(method, target, headers, body, raw, client))
        if reply is None:
            return
        write_reply(sock, method, reply)
        if version == "HTTP/1.0" or (get(headers, "connection") or "").lower() == "close":
            return


def echo(request):
    """The echo application: Request -> Reply."""
    path, _, query = request.target.partition("?")
    numbers = dict(urllib.parse.parse_qsl(query))
    saw = [("X-Saw", f"{request.method} {request.target}"), ("X-Host", request.get("host", ""))]
    text, binary = ("Content-Type", "text/plain"), ("Content-Type", "application/octet-stream")

    if match := re.search(r"/status/([2-5]\d\d)$", path):
        status = int(match[1])
        return Reply(status, saw + [text], *([b"status %d" % status] if has_body(status) else []))
    last = path[path.rfind("/"):]
    if last == "/echo":
        return Reply(200, saw + [binary], request.body)
    if last == "/empty":
        return Reply(204, saw)
    if last == "/head":
        return Reply(200, saw + [text], b"x" * 1234)
    if last == "/chunked":
        return Reply(200, saw + [text], *(b"chunk%d\n" % i for i in range(10)))
    if last == "/cookies":
        return Reply(200, saw + [text, ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/"),
                                 ("X-Multi", "one"), ("X-Multi", "two")], b"cookies")
    if last == "/binary":
        return Reply(200, saw + [binary], bytes((i * 7 + 3) % 256 for i in range(int(numbers.get("n", 0)))))
    if last == "/slow":
        time.sleep(int(numbers.get("ms", 0)) / 1000)
        return Reply(200, saw + [text], b"slow")
    return Reply(200, saw + [text], b"hello")


def agent_arguments():
    """(host, port, path prefix, name, token) from RELAY_BASE_URL NAME TOKEN."""
    if len(sys.argv) != 4:
        sys.exit(f"usage: python3 {sys.argv[0]} RELAY_BASE_URL NAME TOKEN")
    url = urllib.parse.urlsplit(sys.argv[1])
    return url.hostname, url.port or 80, url.path.rstrip("/"), sys.argv[2], sys.argv[3]


_announced = []


def ready():
    if not _announced:
        _announced.append(True)
        print("ready", flush=True)


def forever(step):
    """Repeats a step; a failure is reported once and followed by 0.2 s of rest."""
    last = ""
    while True:
        try:
            step()
            last = ""
        except Exception as err:
            if str(err) != last:
                last = str(err)
                print(last, file=sys.stderr, flush=True)
            time.sleep(0.2)
