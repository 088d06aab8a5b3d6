"""Test relay for ReverseHttp. The access point is /reversehttp; a poll is held for
3 s and a 204 names a new next URL, while the old one stays pollable. Polling a URL
on which a request was delivered is a mistake: 404 and a line on stderr. Like the
Erlang relay it creates a registration again from the name and token in an unknown
URL, and it hands chunked bodies on de-chunked under their Transfer-Encoding field."""

import itertools
import re
import sys
import threading
import time
import urllib.parse

from peers import Reply, get, has_body, parse_head, serve
from relays import RESERVED, UNAUTHORIZED, Mailbox, authorized, claim_of, listen, text

HOLD = 3
FRAMING = {"transfer-encoding", "content-length", "connection", "keep-alive"}
OPEN_TO_PAGES = [("Access-Control-Allow-Origin", "*"),
                 ("Access-Control-Expose-Headers", "Link, Location, Requesting-Client")]
lock = threading.Lock()
claims = {}
ids = itertools.count(int(time.time() * 1000))


class Registration(Mailbox):
    def __init__(self, name, token, lease=300):
        super().__init__()
        self.name, self.token, self.lease = name, token, lease
        self.last_poll = time.monotonic()
        self.delivered = {}  # request URL id -> delivery id; None once answered
        self.deleted = False

    def expired(self):
        return not self.polls and time.monotonic() > self.last_poll + self.lease

    def private(self, host):
        return f"http://{host}/reversehttp/{self.name}/{urllib.parse.quote(self.token, safe='')}"


def connection(sock):
    host, port = sock.getpeername()
    serve(sock, sock.makefile("rb"), lambda request: handle(sock, request), f"{host}:{port}")


def handle(sock, request):
    path, _, query = request.target.partition("?")
    if path.rstrip("/") == "/reversehttp" or path.startswith("/reversehttp/"):
        reply = agent_request(sock, request, path, query)
        return Reply(reply.status, reply.headers + OPEN_TO_PAGES, *reply.pieces)
    name, _ = claim_of(request, claims)
    if name in RESERVED:
        return text(404, "this relay has no such endpoint")
    registration = claims.get(name)
    if registration is None or registration.expired():
        time.sleep(5)  # one may come
        registration = claims.get(name)
    if registration is None:
        return text(504, f"nothing is connected for {name}")
    return registration.ask(request, request.target)


def agent_request(sock, request, path, query):
    if request.method == "OPTIONS":  # a browser asks before it sends message/http
        return Reply(204, [("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE"),
                           ("Access-Control-Allow-Headers", "Content-Type, Accept, Authorization")])
    parts = [urllib.parse.unquote(p) for p in path.split("/")[2:] if p]
    if not parts:
        return claim(request, query) if request.method == "POST" else text(405, "claims are POST requests")
    if len(parts) not in (2, 3):
        return text(404, "no such URL")
    name, token = parts[:2]
    with lock:
        registration = claims.setdefault(name, Registration(name, token))
    if registration.token != token:
        return text(403, "another token holds this name")
    if len(parts) == 2:
        return manage(registration, request)
    return poll(sock, registration, request, parts[2]) if request.method == "GET" \
        else take_reply(registration, request, parts[2])


def claim(request, query):
    form = dict(urllib.parse.parse_qsl(query) + urllib.parse.parse_qsl(request.body.decode()))
    name, token, lease = form.get("name", "").lower(), form.get("token", ""), form.get("lease", "60")
    if not (authorized(request) or token == sys.argv[2]):
        return UNAUTHORIZED
    if not re.fullmatch(r"[a-z0-9-]+", name) or not token or not lease.isdigit():
        return text(400, "name, token or lease is missing or wrong")
    with lock:
        old = claims.get(name)
        if old and not old.expired() and old.token != token:
            return text(403, "another token holds this name")
        fresh = old is None or old.expired()
        registration = claims[name] = Registration(name, token) if fresh else old
        registration.lease = max(30, int(lease))
    host = request.get("host")
    links = f'<{registration.private(host)}/{next(ids)}>; rel="first", <http://{host}/{name}/>; rel="related"'
    return Reply(201 if fresh else 204, [("Link", links), ("Location", registration.private(host))])


def poll(sock, registration, request, url_id):
    if url_id in registration.delivered:
        print(f"poll of {url_id}, on which a request was delivered", file=sys.stderr, flush=True)
        return text(404, "a request was already delivered on this URL")
    delivery = registration.take(sock, HOLD)
    if registration.deleted:
        return text(410, "the registration was deleted")
    following = ("Link", f'<{registration.private(request.get("host"))}/{next(ids)}>; rel="next"')
    if delivery is None:
        return Reply(204, [following])
    registration.delivered[url_id] = delivery.id
    caller = delivery.request
    return Reply(200, [("Content-Type", "message/http"), ("Requesting-Client", caller.client), following],
                 caller.raw + caller.body)


def take_reply(registration, request, url_id):
    if not request.body:
        return text(400, "the reply is empty")
    head, _, body = request.body.partition(b"\r\n\r\n")
    try:
        start, headers = parse_head(head)
        version, status = start.split(" ")[:2]
        reply = Reply(int(status), headers, *([body] if has_body(int(status)) else []))
    except ValueError:
        version = ""
    if not version.startswith("HTTP/1.") or "chunked" in get(headers, "transfer-encoding", ""):
        return text(400, "the reply is not one identity-coded HTTP response")
    bodiless_length = None if body else get(headers, "content-length")  # an answer to HEAD
    reply.headers = [(n, v) for n, v in headers if n.lower() not in FRAMING]
    if bodiless_length and has_body(reply.status):
        reply.headers.append(("Content-Length", bodiless_length))
    wanted = registration.answer(registration.delivered.get(url_id), reply)
    return text(202, "accepted") if wanted else text(404, "nobody waits for this reply")


def manage(registration, request):
    if request.method == "GET":
        state = urllib.parse.urlencode({"name": registration.name, "lease": registration.lease})
        return Reply(200, [("Content-Type", "application/x-www-form-urlencoded")], state.encode())
    if request.method == "DELETE":
        with lock, registration.changed:
            claims.pop(registration.name, None)
            registration.deleted = True
            registration.changed.notify_all()
        return Reply(204)
    return text(405, "GET or DELETE")


listen(connection)
