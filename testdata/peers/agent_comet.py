"""Test agent for the COMET fallback: POSTs to /comet/NAME, two in parallel. Each
answer carries at most one event; the reply to it is the entity of the next POST.
COMET_TEXT=1 selects message/http entities instead of JSON."""

import base64
import http.client
import json
import os
import threading

from peers import Request, agent_arguments, echo, forever, has_body, parse_head, ready

HOST, PORT, PREFIX, NAME, TOKEN = agent_arguments()
TEXT = os.environ.get("COMET_TEXT") == "1"


class Poller:
    """One of the parallel polls; it keeps its reply until a POST got through."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(HOST, PORT, timeout=90)
        self.headers, self.body = {}, b""

    def step(self):
        ready()
        headers = {"Authorization": f"Bearer {TOKEN}", **self.headers}
        if TEXT:
            headers["Accept"] = "message/http"
        try:
            self.connection.request("POST", f"{PREFIX}/comet/{NAME}", self.body, headers)
            response = self.connection.getresponse()
            entity = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        self.headers, self.body = {}, b""
        if response.status not in (200, 204):
            raise ValueError(f"relay answered {response.status} to a poll")
        if entity and TEXT:
            self.answer_message(response.headers["Message-Id"], entity)
        elif entity:
            self.answer_event(json.loads(entity))

    def answer_message(self, message_id, entity):
        head, _, body = entity.partition(b"\r\n\r\n")
        start, headers = parse_head(head)
        method, target, _ = start.split(" ")
        reply = echo(Request(method, target, headers, body))
        lines = [f"HTTP/1.1 {reply.status} Echoed"] + [f"{n}: {v}" for n, v in reply.headers]
        if has_body(reply.status):
            lines.append(f"Content-Length: {len(reply.body)}")
        self.headers = {"Content-Type": "message/http", "Message-Id": message_id}
        self.body = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.body += b"" if method == "HEAD" else reply.body

    def answer_event(self, event):
        if "message-id" not in event:  # {} = no event
            return
        body = event["body"].encode()
        if event.get("body-encoding") == "base64":
            body = base64.b64decode(event["body"])
        headers = [(n, v) for n, v in event["headers"]]
        reply = echo(Request(event["method"], event["request-uri"], headers, body))
        answer = {"message-id": event["message-id"], "http-version": "PTTH/0.9",
                  "status": reply.status, "reason": "Echoed", "headers": reply.headers}
        content = b"" if event["method"] == "HEAD" else reply.body
        try:
            answer["body"] = content.decode("utf-8")
        except UnicodeDecodeError:
            answer.update({"body": base64.b64encode(content).decode(), "body-encoding": "base64"})
        self.headers = {"Content-Type": "application/json"}
        self.body = json.dumps(answer).encode()


threading.Thread(target=forever, args=(Poller().step,), daemon=True).start()
forever(Poller().step)
