"""A small ReverseHttp agent: callers reach a handler here through a relay.

    import reversehttp

    def handler(request):
        return 200, [("Content-Type", "text/plain")], b"hello"

    reversehttp.serve("https://relay.example.com/reversehttp", "garage", "secret", handler)

How it works: a claim tells the relay our name; a GET waits for a caller's request;
a POST to the same URL carries our answer back; the GET's Link names the URL to wait
on next. Connections that break, and relays that restart, are met with waiting and
trying again, for ever. Python 3.9 or later, standard library only.

From the command line it echoes: python3 reversehttp.py ACCESS_POINT NAME TOKEN
"""

import dataclasses
import http.client
import random
import re
import sys
import threading
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

POLL_LIMIT = 90  # seconds of silence after which a waiting GET is given up
FIRST_PAUSE = 0.25  # seconds before the second try; doubled up to LONGEST_PAUSE
LONGEST_PAUSE = 10
REPLY_TRIES = 4


@dataclasses.dataclass
class Request:
    """A caller's request. target is the path with its query, headers a list of
    (name, value) in order, body bytes, client the caller's "address:port"."""

    method: str
    target: str
    headers: list
    body: bytes
    client: str

    def header(self, name, default=""):
        for n, v in self.headers:
            if n.lower() == name.lower():
                return v
        return default


def serve(access_point, name, token, handler, lease=60, on_claim=None, on_error=None):
    """Claims name and calls handler(Request) for every request, each on a thread of
    its own. The handler returns (status, headers, body): headers is a list of (name,
    value), body is bytes or str. Runs until an exception such as KeyboardInterrupt.

    token is a secret of your choice, or the relay's token for you; lease is for how
    many seconds the relay keeps the name while nobody polls. on_claim(url) tells the
    public URL, on_error(exception) what went wrong before the next try."""
    _Agent(access_point, name, token, handler, lease, on_claim, on_error).run()


class _Refused(Exception):
    """The relay answered, but with a status that is no help."""

    def __init__(self, what, response, body=b""):
        said = body.decode(errors="replace").partition("\n")[0][:200] or response.reason
        super().__init__(f"the relay refused {what}: {response.status} {said}")
        after = response.headers.get("Retry-After", "")
        self.retry_after = int(after) if after.isdigit() else 0


class _Agent:
    def __init__(self, access_point, name, token, handler, lease, on_claim, on_error):
        self.access_point = access_point
        self.form = urllib.parse.urlencode({"name": name, "token": token, "lease": lease})
        self.handler = handler
        self.on_claim = on_claim or (lambda url: None)
        self.on_error = on_error or (lambda error: None)
        self.request_url = None  # where to wait for the next request; None = claim first

    def run(self):
        pause = FIRST_PAUSE
        while True:
            try:
                if self.request_url is None:
                    self.claim()
                self.poll()
                pause = FIRST_PAUSE
            except (OSError, ValueError, http.client.HTTPException, _Refused) as error:
                self.on_error(error)
                # Agents that lost the same relay should not all come back at the same time.
                rest = pause * (0.5 + random.random() / 2)
                time.sleep(max(rest, getattr(error, "retry_after", 0)))
                pause = min(2 * pause, LONGEST_PAUSE)

    def claim(self):
        response, body = _fetch("POST", self.access_point, self.form.encode(),
                             {"Content-Type": "application/x-www-form-urlencoded"})
        if response.status not in (200, 201, 204):
            raise _Refused("the claim", response, body)
        links = _links(response)
        if "first" not in links:
            raise ValueError("the relay named no request URL; is the access point right?")
        self.request_url = links["first"]
        self.on_claim(links.get("related", ""))

    def poll(self):
        """Waits on the request URL once. A request goes to a thread of its own, so
        that the next poll starts while the handler still works."""
        url = self.request_url
        response, entity = _fetch("GET", url, None, {"Accept": "message/http"})
        if response.status in (403, 404, 410):
            self.request_url = None  # forgotten: claim again
        if response.status not in (200, 204):
            raise _Refused("the poll", response)
        # A 204 says that nobody called; without a Link the old URL stays good.
        self.request_url = _links(response).get("next", url if response.status == 204 else None)
        if response.status == 200:
            client = response.headers.get("Requesting-Client", "")
            threading.Thread(target=self.answer, args=(url, entity, client), daemon=True).start()

    def answer(self, url, entity, client):
        method = ""
        try:
            request = _parse(entity, client)
            method = request.method
            message = _format(method, *self.handler(request))
        except Exception:  # a handler's mistake is the caller's 500, not our end
            traceback.print_exc()
            message = _format(method, 500, [], "The handler failed.\n")
        for tries in range(1, REPLY_TRIES + 1):
            try:
                response, _ = _fetch("POST", url, message, {"Content-Type": "message/http"})
                if not 200 <= response.status < 300:  # 404: the caller has gone
                    self.on_error(_Refused("the answer", response))
                return
            except (OSError, http.client.HTTPException) as error:
                if tries == REPLY_TRIES:
                    self.on_error(error)
                time.sleep(FIRST_PAUSE)


def _fetch(method, url, body, headers):
    """One exchange: (response, entity). A refusal is a response like any other."""
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        response = urllib.request.urlopen(request, timeout=POLL_LIMIT)
    except urllib.error.HTTPError as refusal:
        response = refusal
    with response:
        return response, response.read()


def _links(response):
    """The Link field's `<URL>; rel="name"` parts: {name: absolute URL}."""
    field = ", ".join(response.headers.get_all("Link") or [])
    parts = re.findall(r'<([^>]*)>\s*;\s*rel="?([^",;]*)"?', field)
    return {rel: urllib.parse.urljoin(response.url, url) for url, rel in parts}


def _parse(entity, client):
    """Takes a message/http entity apart. The body is the rest of the entity: framing
    fields inside the message describe the caller's connection."""
    head, blank, body = entity.partition(b"\r\n\r\n")
    if not blank:
        raise ValueError("the relay sent something other than an HTTP request")
    start, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = start.split(" ")
    pairs = [line.partition(":") for line in lines]
    return Request(method, target, [(n, v.strip()) for n, _, v in pairs], body, client)


def _format(method, status, headers, body):
    """Writes one complete response with its length."""
    if isinstance(body, str):
        body = body.encode()
    ours = ("content-length", "transfer-encoding", "connection")
    kept = [(n, v) for n, v in headers if n.lower() not in ours]
    if any(c in f"{n}{v}" for n, v in kept for c in "\r\n"):
        raise ValueError("a response header has a line break in it")
    bodiless = status in (204, 304)
    if not bodiless:
        kept.append(("Content-Length", len(body)))
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}"] + [f"{n}: {v}" for n, v in kept]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if bodiless or method == "HEAD" else head + body


def echo(request):
    """/echo gives the request's body back, /empty answers 204, all else says hello."""
    saw = [("X-Saw", f"{request.method} {request.target}"), ("X-Host", request.header("Host"))]
    path = request.target.partition("?")[0]
    if path.endswith("/echo"):
        return 200, saw + [("Content-Type", "application/octet-stream")], request.body
    if path.endswith("/empty"):
        return 204, saw, b""
    return 200, saw + [("Content-Type", "text/plain")], b"hello"


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: python3 reversehttp.py ACCESS_POINT NAME TOKEN")
    try:
        serve(*sys.argv[1:], echo,
              on_claim=lambda url: print("public URL:", url, flush=True),
              on_error=lambda error: print(error, file=sys.stderr, flush=True))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
