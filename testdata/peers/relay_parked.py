"""Test relay for parked PTTH/1.0 at /ptth/{name}, with or without ?park: 204 with an
empty reason and no fields at once and then every 2 s; 101 only when a caller is
there. From then on it copies bytes both ways, nothing is parsed or rewritten."""

import re
import socket
import threading
import time
from collections import defaultdict

from peers import Request, parse_head, read_head, write_reply
from relays import RESERVED, UNAUTHORIZED, UNCONNECTED, authorized, claim_of, gone, listen, text

HEARTBEAT = 2
NO_CALLER_YET = b"HTTP/1.1 204 \r\n\r\n"
CALLER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n"
changed = threading.Condition()
parked = defaultdict(list)


class Parked:
    """An agent's connection whose POST has no answer yet."""

    def __init__(self, sock):
        self.sock = sock
        self.done = threading.Event()  # set when the caller's thread is finished with it


def connection(sock):
    first = b""
    while b"\r\n\r\n" not in first:
        part = sock.recv(65536)
        if not part:
            return
        first += part
    request = request_of(first.partition(b"\r\n\r\n")[0])
    match = re.fullmatch(r"/ptth/([a-z0-9-]+)(\?.*)?", request.target, re.I)
    if match and upgrades(request):
        agent(sock, request, match[1].lower())
    else:
        caller(sock, request, first)


def request_of(raw):
    start, headers = parse_head(raw)
    method, target, _ = start.split(" ")
    return Request(method, target, headers)


def upgrades(request):
    return "PTTH/1.0" in [t.strip() for t in request.get("upgrade", "").split(",")]


def agent(sock, request, name):
    """Holds one agent's connection. Bytes that came with the first POST are dropped."""
    if not authorized(request):
        write_reply(sock, request.method, UNAUTHORIZED)
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    stream = sock.makefile("rb")
    sock.sendall(NO_CALLER_YET)
    while raw := read_head(stream):
        if not upgrades(request_of(raw)):
            raise ValueError("something other than the repeated upgrade request")
        link = Parked(sock)
        with changed:
            parked[name].append(link)
            changed.notify_all()
            end = time.monotonic() + HEARTBEAT
            while link in parked[name] and time.monotonic() < end:
                changed.wait(end - time.monotonic())
            taken = link not in parked[name]
            if not taken:
                parked[name].remove(link)
        if taken:
            link.done.wait()
            return
        sock.sendall(NO_CALLER_YET)


def caller(sock, request, first):
    name, _ = claim_of(request, parked)
    if name in RESERVED:
        write_reply(sock, request.method, text(404, "this relay has no such endpoint"))
        return
    link = take(name)
    if link is None:
        write_reply(sock, request.method, text(504, f"nothing is connected for {name}"))
        return
    try:
        link.sock.sendall(CALLER + first)
        splice(sock, link.sock)
    finally:
        link.done.set()


def take(name):
    end = time.monotonic() + UNCONNECTED
    with changed:
        while True:
            while parked[name]:
                link = parked[name].pop(0)
                changed.notify_all()
                if not gone(link.sock):
                    return link
                link.done.set()
            if time.monotonic() >= end:
                return None
            changed.wait(end - time.monotonic())


def splice(one, other):
    """Copies both ways until both have ended; an end is passed on as a half-close."""
    back = threading.Thread(target=copy, args=(other, one), daemon=True)
    back.start()
    copy(one, other)
    back.join()


def copy(source, sink):
    try:
        while part := source.recv(65536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already


listen(connection)
