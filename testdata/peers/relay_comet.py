"""Test relay for the COMET fallback at /comet/{name}: JSON by default, message/http
when Accept asks for it. A poll is held for 3 s. An upgrade attempt is a poll."""

import base64
import json
import re
import threading
from collections import defaultdict

from peers import Reply, Request, has_body, parse_head, serve
from relays import RESERVED, UNAUTHORIZED, Mailbox, authorized, claim_of, listen, text

HOLD = 3
DROPPED = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect",
           "transfer-encoding", "content-length"}
claims = defaultdict(Mailbox)
lock = threading.Lock()


def connection(sock):
    host, port = sock.getpeername()
    serve(sock, sock.makefile("rb"), lambda request: handle(sock, request), f"{host}:{port}")


def handle(sock, request):
    if match := re.fullmatch(r"/comet/([a-z0-9-]+)", request.target, re.I):
        return poll(sock, request, match[1].lower())
    name, target = claim_of(request, claims)
    if name in RESERVED:
        return text(404, "this relay has no such endpoint")
    return mailbox(name).ask(request, target)


def mailbox(name):
    with lock:
        return claims[name]


def poll(sock, request, name):
    if not authorized(request):
        return UNAUTHORIZED
    if request.method != "POST":
        return text(405, "polls are POST requests", ("Allow", "POST"))
    as_text = re.search(r"message/http|text/plain", request.get("accept", "")) is not None
    try:
        accept_reply(mailbox(name), request)
    except (ValueError, KeyError, TypeError) as err:
        return text(400, f"the reply is not valid: {err}")
    delivery = mailbox(name).take(sock, HOLD)
    if delivery is None:
        return Reply(204) if as_text else Reply(200, [("Content-Type", "application/json")], b"{}")
    headers = end_to_end(delivery.request.headers)
    if as_text:
        lines = [f"{delivery.request.method} {delivery.target} HTTP/1.1"] + [f"{n}: {v}" for n, v in headers]
        entity = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + delivery.request.body
        return Reply(200, [("Content-Type", "message/http"), ("Message-Id", delivery.id)], entity)
    event = {"message-id": delivery.id, "method": delivery.request.method, "request-uri": delivery.target,
             "http-version": "PTTH/0.9", "headers": headers, **encoded(delivery.request.body)}
    return Reply(200, [("Content-Type", "application/json")], json.dumps(event).encode())


def accept_reply(box, request):
    """Takes the reply that a poll carries, if any; one that nobody waits for is ignored."""
    if not request.body:
        return
    if request.get("message-id"):
        head, _, body = request.body.partition(b"\r\n\r\n")
        start, headers = parse_head(head)
        version, status = start.split(" ")[:2]
        if not version.startswith("HTTP/1."):
            raise ValueError(start)
        box.answer(request.get("message-id"), reply_of(int(status), headers, body))
        return
    answer = json.loads(request.body)
    if not isinstance(answer, dict):
        raise ValueError("not an object")
    if "message-id" not in answer:
        return
    body = answer.get("body", "").encode()
    if answer.get("body-encoding") == "base64":
        body = base64.b64decode(answer["body"], validate=True)
    if not isinstance(answer["status"], int) or not re.match(r"PTTH/|HTTP/1\.", answer["http-version"]):
        raise ValueError("status or http-version")
    box.answer(answer["message-id"], reply_of(answer["status"], answer["headers"], body))


def reply_of(status, headers, body):
    return Reply(status, end_to_end(headers), *([body] if has_body(status) else []))


def end_to_end(headers):
    return [(n, v) for n, v in headers if n.lower() not in DROPPED]


def encoded(body):
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "body-encoding": "base64"}


listen(connection)
