"""Checks a claim that the echo application serves: sends its calls to the public URL
and compares every answer. One line per failure, a summary, exit 1 on failure.

    python3 check.py URL_OF_CLAIM [--dialect D] [--basic] [--wait S] [--host VALUE] [--requests N]
"""

import argparse
import http.client
import os
import random
import re
import sys
import threading
import time
import urllib.parse

# Dialects in which the length of an answer to HEAD may get lost on the way.
LENGTHLESS_HEAD = ("comet", "reversehttp")


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.getheaders()
        self.body = response.read()

    def all(self, name):
        """The values of a field in order, as one comma list."""
        return ", ".join(v for n, v in self.headers if n.lower() == name.lower())


class Checker:
    def __init__(self, options):
        self.options = options
        url = urllib.parse.urlsplit(options.url)
        self.address = url.hostname, url.port or 80
        self.host = url.netloc
        self.prefix = url.path.rstrip("/")
        self.checks, self.failures, self.lock = 0, [], threading.Lock()

    def connect(self):
        # The peers' ports are on loopback, whatever the claim's host name says.
        host = "127.0.0.1" if self.address[0].endswith(".localhost") else self.address[0]
        return http.client.HTTPConnection(host, self.address[1], timeout=70)

    def expect(self, what, got, want):
        with self.lock:
            self.checks += 1
            if got != want:
                shown = [repr(v) if len(repr(v)) < 160 else f"{repr(v)[:60]}… ({len(v)})" for v in (got, want)]
                self.failures.append(f"{what}: got {shown[0]}, want {shown[1]}")

    def call(self, method, target, body=None, headers=None, connection=None, **more):
        """One exchange; the answer's X-Saw and X-Host are checked too."""
        kept = connection or self.connect()
        try:
            kept.request(method, self.prefix + target, body, {"Host": self.host, **(headers or {})}, **more)
            answer = Answer(kept.getresponse())
        finally:
            if connection is None:
                kept.close()
        saw = answer.all("X-Saw")
        what = f"{method} {target[:60]}"
        self.expect(f"{what}: X-Saw's method", saw.split(" ")[0], method)
        self.expect(f"{what}: X-Saw's target {saw[:80]!r} ends as sent", saw.endswith(target), True)
        want_host = self.host if self.options.host is None else self.options.host
        self.expect(f"{what}: X-Host", answer.all("X-Host"), want_host)
        return answer

    def text(self, method, target, status, wanted, **more):
        answer = self.call(method, target, **more)
        self.expect(f"{method} {target}: status", answer.status, status)
        self.expect(f"{method} {target}: body", answer.body, wanted)
        return answer

    def wait(self):
        """Repeats a call until the claim answers at all."""
        end = time.monotonic() + self.options.wait
        while True:
            try:
                connection = self.connect()
                connection.request("GET", self.prefix + "/hello", headers={"Host": self.host})
                if connection.getresponse().status == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            if time.monotonic() > end:
                return
            time.sleep(0.1)

    def basics(self):
        answer = self.text("GET", "/some/path?x=1&y=%20z", 200, b"hello")
        self.expect("hello: Content-Type", answer.all("Content-Type"), "text/plain")
        self.text("GET", "/a%2Fb/%7Euser/x//y;v=1?q=a+b&&=%E2%82%AC", 200, b"hello")
        answer = self.text("POST", "/deep/echo?x=1", 200, b'{"a": "\xc3\xa9"}', body=b'{"a": "\xc3\xa9"}')
        self.expect("echo: Content-Type", answer.all("Content-Type"), "application/octet-stream")
        self.text("PUT", "/echo", 200, b"", body=b"")
        self.text("GET", "/empty", 204, b"")
        everything = bytes(range(256))
        self.text("POST", "/echo", 200, everything, body=everything)

    def bodies(self):
        big = random.Random(1).randbytes(1 << 20)
        self.text("POST", "/echo", 200, big, body=big)
        pieces = [big[i:i + 30_000] for i in range(0, 300_000, 30_000)]
        self.text("POST", "/echo", 200, big[:300_000], body=iter(pieces), encode_chunked=True,
                  headers={"Transfer-Encoding": "chunked"})
        self.text("POST", "/echo", 200, big[:5000], body=big[:5000], headers={"Expect": "100-continue"})
        self.text("GET", "/chunked", 200, b"".join(b"chunk%d\n" % i for i in range(10)))
        for size in (0, 1, 100_000, 1 << 20):
            cycle = bytes((i * 7 + 3) % 256 for i in range(256))
            self.text("GET", f"/binary?n={size}", 200, (cycle * (size // 256 + 1))[:size])

    def fields(self):
        answer = self.text("GET", "/cookies", 200, b"cookies")
        cookies = [v for n, v in answer.headers if n.lower() == "set-cookie"]
        # A relay may put the path of a cookie below that of the claim.
        cookies = [re.sub(r"Path=/\S*", "Path=/", c) for c in cookies]
        self.expect("cookies: Set-Cookie fields", cookies, ["a=1; Path=/", "b=2; Path=/"])
        self.expect("cookies: X-Multi fields", answer.all("X-Multi"), "one, two")
        for status in (200, 201, 302, 400, 404, 418, 500, 503):
            self.text("GET", f"/status/{status}", status, b"status %d" % status)
        self.text("GET", "/status/304", 304, b"")

    def heads(self):
        connection = self.connect()
        answer = self.text("HEAD", "/head", 200, b"", connection=connection)
        lengths = ("1234", "", "0") if self.options.dialect in LENGTHLESS_HEAD else ("1234",)
        self.expect(f"HEAD: Content-Length {answer.all('Content-Length')!r}",
                    answer.all("Content-Length") in lengths, True)
        self.text("GET", "/head", 200, b"x" * 1234, connection=connection)
        self.text("GET", "/empty", 204, b"", connection=connection)
        self.text("DELETE", "/again", 200, b"hello", connection=connection)
        connection.close()

    def slow(self):
        begin = time.monotonic()
        self.parallel(4, lambda i: self.text("GET", f"/slow?ms={300 + i}", 200, b"slow"), 4)
        self.expect("slow: waited", time.monotonic() - begin >= 0.3, True)

    def many(self):
        """Own bodies come back, also when many calls share the links."""
        local = threading.local()

        def one(i):
            if i % 3 == 0 or not hasattr(local, "connection"):
                local.connection = self.connect()
            body = b"call %d " % i + os.urandom(i * 37 % 4000)
            self.text("POST", f"/r{i}/echo", 200, body, body=body, connection=local.connection)

        self.parallel(self.options.requests, one, 8)

    def parallel(self, count, call, width):
        numbers, lock = iter(range(count)), threading.Lock()

        def work():
            while True:
                with lock:
                    i = next(numbers, None)
                if i is None:
                    return
                self.guard(f"call {i}", lambda: call(i))

        threads = [threading.Thread(target=work) for _ in range(width)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def guard(self, what, check):
        try:
            check()
        except (OSError, http.client.HTTPException) as err:
            self.expect(what, f"{type(err).__name__}: {err}", "an answer")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url", help="public URL of the claim")
    parser.add_argument("--dialect", default="", help="comet and reversehttp may lose the length of HEAD")
    parser.add_argument("--basic", action="store_true", help="only /echo, /empty and hello")
    parser.add_argument("--wait", type=float, default=10, help="seconds until the claim must answer (10)")
    parser.add_argument("--host", help="Host that the agent must see, if not the caller's own")
    parser.add_argument("--requests", type=int, default=200, help="calls in the parallel part (200)")
    options = parser.parse_args()
    checker = Checker(options)
    checker.wait()
    parts = [checker.basics, checker.many]
    if not options.basic:
        parts[1:1] = [checker.bodies, checker.fields, checker.heads, checker.slow]
    begin = time.monotonic()
    for part in parts:
        checker.guard(part.__name__, part)
    for failure in checker.failures:
        print(failure)
    verdict = "failed" if checker.failures else "ok"
    print(f"{verdict}: {checker.checks} checks, {len(checker.failures)} failures, "
          f"{time.monotonic() - begin:.1f} s")
    sys.exit(1 if checker.failures else 0)


main()
