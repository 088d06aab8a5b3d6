"""Test agent for parked PTTH/1.0: POST /ptth/NAME?park without Content-Length; each
204 is answered by the same POST on the same connection. A 101 says that a caller
is there: the next parked connection is opened, and this one is served with
keep-alive until it closes. 75 s of silence while parked means a dead relay."""

import socket
import threading

from peers import agent_arguments, echo, forever, parse_head, read_head, ready, serve

HOST, PORT, PREFIX, NAME, TOKEN = agent_arguments()
POST = (f"POST {PREFIX}/ptth/{NAME}?park HTTP/1.1\r\nHost: {HOST}:{PORT}\r\n"
        f"Upgrade: PTTH/1.0\r\nConnection: Upgrade\r\n"
        f"Authorization: Bearer {TOKEN}\r\n\r\n").encode()


def park():
    """Waits parked until a 101, then leaves the connection to a thread of its own."""
    sock = socket.create_connection((HOST, PORT), timeout=75)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = sock.makefile("rb")
        while True:
            sock.sendall(POST)
            head = read_head(stream)
            if not head:
                raise OSError("relay closed a parked connection")
            start, headers = parse_head(head)
            status = start.split(" ")[1]
            if status == "101":
                break
            if status != "204":
                raise ValueError(f"relay answered {status} to the upgrade")
            ready()
    except BaseException:
        sock.close()
        raise
    if dict((n.lower(), v) for n, v in headers).get("upgrade") != "PTTH/1.0":
        raise ValueError("101 without Upgrade: PTTH/1.0")
    sock.settimeout(None)
    threading.Thread(target=work, args=(sock, stream), daemon=True).start()


def work(sock, stream):
    try:
        serve(sock, stream, echo)
    except OSError:
        pass  # the caller or the relay went away
    finally:
        stream.close()
        sock.close()


forever(park)
