"""Verifies webhooks as their receivers do, from the senders' documents alone.

Reads one JSON object a line: scheme, secret, headers (pairs), body (base64),
now (Unix seconds). Prints "ok" or the reason, a line each.
"""

import base64
import hashlib
import hmac
import json
import sys


def field(message, name):
    found = [v for n, v in message["headers"] if n.lower() == name]
    if len(found) != 1:
        raise ValueError(f"{name} stands there {len(found)} times")
    return found[0]


def mac(key, text):
    return hmac.new(key, text, hashlib.sha256)


def fresh(message, stamp):
    if abs(message["now"] - int(stamp)) > 300:
        raise ValueError(f"signed at {stamp}")


def github(message, body):
    return field(message, "x-hub-signature-256"), "sha256=" + mac(message["secret"].encode(), body).hexdigest()


def shopify(message, body):
    digest = mac(message["secret"].encode(), body).digest()
    return field(message, "x-shopify-hmac-sha256"), base64.b64encode(digest).decode()


def slack(message, body):
    stamp = field(message, "x-slack-request-timestamp")
    fresh(message, stamp)
    text = b"v0:" + stamp.encode() + b":" + body
    return field(message, "x-slack-signature"), "v0=" + mac(message["secret"].encode(), text).hexdigest()


def stripe(message, body):
    parts = [p.partition("=") for p in field(message, "stripe-signature").split(",")]
    stamp = [v for k, _, v in parts if k == "t"][0]
    fresh(message, stamp)
    want = mac(message["secret"].encode(), stamp.encode() + b"." + body).hexdigest()
    given = [v for k, _, v in parts if k == "v1"]
    return want if want in given else " ".join(given), want


def standard(message, body):
    stamp = field(message, "webhook-timestamp")
    fresh(message, stamp)
    key = base64.b64decode(message["secret"].removeprefix("whsec_"))
    text = f"{field(message, 'webhook-id')}.{stamp}.".encode() + body
    want = "v1," + base64.b64encode(mac(key, text).digest()).decode()
    given = field(message, "webhook-signature").split(" ")
    return want if want in given else " ".join(given), want


SCHEMES = {f.__name__: f for f in (github, shopify, slack, stripe, standard)}

for line in sys.stdin:
    message = json.loads(line)
    try:
        given, want = SCHEMES[message["scheme"]](message, base64.b64decode(message["body"]))
        print("ok" if hmac.compare_digest(given, want) else f"{given!r} is not over this body")
    except Exception as e:
        print(f"{type(e).__name__}: {e}")
