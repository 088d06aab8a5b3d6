package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// request is what a sender sends. Its bytes are kept for repetitions.
type request struct {
	key     key
	digest  string
	size    int
	message []byte
}

// newRequest puts a request in one piece of bytes.
func newRequest(addr string, k key, digest string, body []byte, chunked bool, fields ...string) *request {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /~%s%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\n%s: %d\r\n",
		k.Claim, k.Path, addr, sizeField, len(body))
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	if !chunked {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(body))
		b.Write(body)
	} else {
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		for rest := body; len(rest) > 0; {
			n := min(len(rest), 20_000)
			fmt.Fprintf(&b, "%x\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		b.WriteString("0\r\n\r\n")
	}
	return &request{key: k, digest: digest, size: len(body), message: b.Bytes()}
}

// answer is what came back, whole.
type answer struct {
	status     int
	retryAfter string
	body       string
	took       time.Duration
}

// wire is one connection of a sender, dialled when it is needed. It never sends
// anything twice by itself, so that an answer belongs to one request.
type wire struct {
	addr    string
	timeout time.Duration
	nc      net.Conn
	br      *bufio.Reader
}

// do sends a request and reads the answer. After an error nobody knows what
// became of the request.
func (w *wire) do(r *request) (answer, error) {
	began := time.Now()
	a, err := w.exchange(r)
	a.took = time.Since(began)
	if err != nil {
		w.close()
	}
	return a, err
}

func (w *wire) exchange(r *request) (a answer, err error) {
	if w.nc == nil {
		if w.nc, err = net.DialTimeout("tcp", w.addr, w.timeout); err != nil {
			return a, err
		}
		w.br = bufio.NewReader(w.nc)
	}
	if err := w.nc.SetDeadline(time.Now().Add(w.timeout)); err != nil {
		return a, err
	}
	wrote := make(chan error, 1)
	// An answer may come before the request is out: a refusal of its size.
	if len(r.message) > 64<<10 {
		go func(nc net.Conn) { _, err := nc.Write(r.message); wrote <- err }(w.nc)
	} else {
		_, err := w.nc.Write(r.message)
		wrote <- err
	}
	res, err := http.ReadResponse(w.br, nil)
	for err == nil && res.StatusCode < 200 {
		res, err = http.ReadResponse(w.br, nil)
	}
	if err != nil {
		w.close()
		<-wrote
		return a, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if res.Close || err != nil {
		w.close()
	}
	if failed := <-wrote; failed != nil {
		w.close()
	}
	return answer{status: res.StatusCode, retryAfter: res.Header.Get("Retry-After"), body: strings.TrimSpace(string(body))}, err
}

func (w *wire) close() {
	if w.nc != nil {
		w.nc.Close()
		w.nc = nil
	}
}
