"""Test agent for ReverseHttp with the habits of the old Python client: it claims
once and never again, follows rel="next" only after a delivered request, rests
2 s after a 204 and then polls the same URL, polls the old URL for ever after an
error, uses one connection per step and answers with HTTP/1.0 responses without
Content-Length. One request at a time."""

import http.client
import re
import time
import urllib.parse

from peers import Request, agent_arguments, echo, forever, parse_head, ready

HOST, PORT, PREFIX, NAME, TOKEN = agent_arguments()


def fetch(url, method="GET", body=None, headers=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=90)
    try:
        connection.request(method, parts.path, body, {"Connection": "close", **(headers or {})})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def links(response):
    found = {}
    for part in (response.headers["Link"] or "").split(", "):
        if match := re.fullmatch(r'<(.*)>; rel="(.*)"', part):
            found[match[2]] = match[1]
    return found


class Agent:
    url = None

    def step(self):
        if self.url is None:
            self.url = self.claim()
            ready()
        response, entity = fetch(self.url, headers={"Accept": "message/http"})
        if response.status == 204:
            time.sleep(2)
            return
        if response.status != 200:
            raise ValueError(f"relay answered {response.status} to a poll")
        reply_url, self.url = self.url, links(response)["next"]
        self.respond(reply_url, entity)

    def claim(self):
        form = urllib.parse.urlencode({"name": NAME, "token": TOKEN, "lease": 300})
        response, _ = fetch(f"http://{HOST}:{PORT}{PREFIX}/reversehttp", "POST", form,
                            {"Content-Type": "application/x-www-form-urlencoded"})
        if response.status not in (201, 204):
            raise ValueError(f"relay answered {response.status} to the claim")
        return links(response)["first"]

    def respond(self, url, entity):
        head, _, body = entity.partition(b"\r\n\r\n")
        start, headers = parse_head(head)
        method, target, _ = start.split(" ")
        reply = echo(Request(method, target, headers, body))
        lines = [f"HTTP/1.0 {reply.status} Echoed"] + [f"{n}: {v}" for n, v in reply.headers]
        message = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        message += b"" if method == "HEAD" else reply.body
        response, _ = fetch(url, "POST", message, {"Content-Type": "message/http"})
        if response.status != 202:
            raise ValueError(f"relay answered {response.status} to a reply")


forever(Agent().step)
