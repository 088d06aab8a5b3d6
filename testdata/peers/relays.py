"""Shared by the Python test relays: the port, the way from a request to its claim,
and the mailbox in which callers leave requests and polls find them."""

import itertools
import select
import socket
import sys
import threading
import time

from peers import Reply

RESERVED = ("ptth", "comet", "reversehttp", ".well-known")
UNCONNECTED = 5  # seconds a caller waits while nothing polls for its claim
UNANSWERED = 60  # seconds a caller waits for the answer to a delivered request


def listen(handle):
    """Runs handle(sock) on a thread for each connection; PORT comes from argv."""
    server = socket.create_server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), backlog=256)
    print("listening", server.getsockname()[1], flush=True)
    while True:
        sock, _ = server.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=guarded, args=(handle, sock), daemon=True).start()


def guarded(handle, sock):
    try:
        handle(sock)
    except (OSError, ValueError):
        pass  # the peer went away, or spoke something else
    finally:
        sock.close()


def authorized(request):
    """Whether the request has the bearer token of argv, if there is one."""
    return len(sys.argv) < 3 or request.get("authorization") == f"Bearer {sys.argv[2]}"


def text(status, sentence, *headers):
    return Reply(status, [("Content-Type", "text/plain"), *headers], sentence.encode() + b"\n")


UNAUTHORIZED = text(401, "a bearer token is needed", ("WWW-Authenticate", "Bearer"))


def claim_of(request, claims):
    """(name, target without the name) by Host's first label, else by first segment."""
    label = request.get("host", "").split(".")[0].lower()
    if label in claims:
        return label, request.target
    segment = request.target[1:].partition("?")[0].partition("/")[0]
    rest = request.target[1 + len(segment):]
    return segment.lower(), rest if rest.startswith("/") else "/" + rest


def gone(sock):
    """Whether the other end has closed while it had nothing to say."""
    readable, _, _ = select.select([sock], [], [], 0)
    return bool(readable) and not sock.recv(1, socket.MSG_PEEK)


class Delivery:
    numbers = itertools.count(1)

    def __init__(self, request, target):
        self.id = f"m{next(self.numbers)}"
        self.request, self.target = request, target
        self.taken, self.reply = False, None


class Mailbox:
    """The requests of one claim, first in first out, and those being answered."""

    def __init__(self):
        self.changed = threading.Condition()
        self.queue, self.open = [], {}
        self.polls, self.last_poll = 0, 0.0

    def ask(self, request, target):
        """The caller's side: leaves a request and waits for its Reply."""
        delivery = Delivery(request, target)
        asked = time.monotonic()
        with self.changed:
            self.queue.append(delivery)
            self.changed.notify_all()
            while delivery.reply is None:
                now = time.monotonic()
                seen = now if self.polls else max(asked, self.last_poll)
                limit = asked + UNANSWERED if delivery.taken or self.polls else seen + UNCONNECTED
                if now >= limit:
                    break
                self.changed.wait(min(limit - now, 1))
            self.open.pop(delivery.id, None)
            if delivery in self.queue:
                self.queue.remove(delivery)
        return delivery.reply or text(504, "the agent did not answer in time")

    def take(self, sock, hold):
        """A poll's side: the next delivery, or None when the hold time is over."""
        end = time.monotonic() + hold
        with self.changed:
            self.polls += 1
            try:
                while not self.queue and time.monotonic() < end and not gone(sock):
                    self.changed.wait(min(0.5, max(0, end - time.monotonic())))
                if not self.queue or gone(sock):
                    return None
                delivery = self.queue.pop(0)
                delivery.taken = True
                self.open[delivery.id] = delivery
                return delivery
            finally:
                self.polls -= 1
                self.last_poll = time.monotonic()
                self.changed.notify_all()

    def answer(self, delivery_id, reply):
        """Whether the reply was still wanted."""
        with self.changed:
            delivery = self.open.pop(delivery_id, None)
            if delivery:
                delivery.reply = reply
                self.changed.notify_all()
            return delivery is not None
