package relay

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"homehook/http1"
)

// peer is an agent or a sender that speaks over one raw connection.
type peer struct {
	t    testing.TB
	nc   net.Conn
	conn *http1.Conn
}

func (tr *testRelay) peer(t testing.TB) *peer {
	t.Helper()
	nc := tr.conn(t)
	return &peer{t: t, nc: nc, conn: http1.NewConn(nc, http1.Limits{HeadTimeout: 15 * time.Second, BodyRate: -1})}
}

// send writes a request; an LF in its head stands for CRLF.
func (p *peer) send(head, body string) {
	p.t.Helper()
	if body != "" {
		head += "Content-Length: " + strconv.Itoa(len(body)) + "\n"
	}
	if _, err := io.WriteString(p.nc, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n"+body); err != nil {
		p.t.Error(err)
	}
}

// answer is a response in the pieces that tests look at.
type answer struct {
	status int
	head   string // with CRLF, without Date and the blank line
	body   string
	fields map[string]string // by names in lower case
}

var dateLine = regexp.MustCompile(`(?m)^Date: .*\r\n`)

// read reads one response.
func (p *peer) read() answer {
	p.t.Helper()
	p.conn.ReadWithin(15 * time.Second)
	res, err := p.conn.ReadResponse([]byte("GET"))
	if err != nil {
		p.t.Error(err)
		return answer{}
	}
	a := answer{status: res.Status, head: dateLine.ReplaceAllString(string(res.Raw()), ""), fields: map[string]string{}}
	for name, value := range res.All() {
		a.fields[strings.ToLower(string(name))] = string(value)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Error(err)
	}
	a.body = string(body)
	return a
}

// ask sends a request and reads its response.
func (p *peer) ask(head, body string) answer {
	p.t.Helper()
	p.send(head, body)
	return p.read()
}

// sendLater sends a request of a sender on a connection of its own and returns
// what gives the response.
func (tr *testRelay) sendLater(t testing.TB, head, body string) func() answer {
	t.Helper()
	p := tr.peer(t)
	p.send(head, body)
	return p.read
}

// waitIdle waits until n links of a claim are at rest.
func (tr *testRelay) waitIdle(t testing.TB, name string, n int) {
	t.Helper()
	waitFor(t, fmt.Sprintf("%d at rest", n), func() bool {
		c := tr.dir.claim([]byte(name))
		return c != nil && atRest(c) == n
	})
}

// waitNone waits until a claim holds nothing of polls any more.
func (tr *testRelay) waitNone(t testing.TB, name string) {
	t.Helper()
	waitFor(t, "nothing left", func() bool {
		c := tr.dir.claim([]byte(name))
		return c == nil || c.links() == 0 && c.replies.Len() == 0 && c.waiting() == 0
	})
}

// binary is a body that is no text.
func binary(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return string(b)
}

func sameBody(t testing.TB, what, got, want string) {
	t.Helper()
	if !bytes.Equal([]byte(got), []byte(want)) {
		t.Errorf("%s: %d bytes, want %d other ones", what, len(got), len(want))
	}
}
