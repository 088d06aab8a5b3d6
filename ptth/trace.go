package ptth

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
	"time"
)

// The steps of opening a connection, in their order. A proxy has a DNS, a TCP
// and perhaps a TLS step of its own in front.
const (
	StepDNS   = "dns"
	StepTCP   = "tcp"
	StepProxy = "proxy"
	StepTLS   = "tls"
)

// Step is one step of opening a connection, done or failed.
type Step struct {
	Name  string // one of the constants
	Host  string // what was looked up, or talked to, as host or host:port
	Began time.Time
	Took  time.Duration

	// Addresses are those that DNS gave, or the one that the connection
	// leads to.
	Addresses []string

	// Missed are the addresses that could not be reached before another
	// could, with their reasons.
	Missed []error

	// TLS is what the handshake came to; nil for other steps.
	TLS *tls.ConnectionState

	// Err is why the step failed, a [*ConnectError]; nil when it did not.
	Err error
}

// report tells of a step that ends now.
func (d *Dialer) report(s Step) {
	if d.Trace == nil {
		return
	}
	s.Took = time.Since(s.Began)
	d.Trace(s)
}

// dialTrace listens to the net package while it opens one connection. It tries
// several addresses at a time, so its news comes from several goroutines, and
// some only once the winner has been returned.
type dialTrace struct {
	mu       sync.Mutex
	asked    time.Time // when DNS was asked; zero when it was not
	answered time.Time
	found    []net.IPAddr
	lookup   error
	missed   []error
}

// hooks returns the functions that the net package calls.
func (t *dialTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.asked = time.Now()
		},
		DNSDone: func(i httptrace.DNSDoneInfo) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.answered, t.found, t.lookup = time.Now(), i.Addrs, i.Err
		},
		ConnectDone: func(_, _ string, err error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			// One that lost the race is not one that was missed.
			if err != nil && !errors.Is(err, context.Canceled) {
				t.missed = append(t.missed, err)
			}
		},
	}
}

// steps returns what opening the connection nc, nil if none, to addr came to.
func (t *dialTrace) steps(addr string, began time.Time, nc net.Conn, err error) []Step {
	t.mu.Lock()
	defer t.mu.Unlock()
	var steps []Step
	if !t.asked.IsZero() && (t.lookup != nil || len(t.found) > 0) {
		host, _, _ := net.SplitHostPort(addr)
		s := Step{Name: StepDNS, Host: host, Began: t.asked, Took: t.answered.Sub(t.asked)}
		for _, ip := range t.found {
			s.Addresses = append(s.Addresses, ip.String())
		}
		began = t.answered
		if t.lookup != nil {
			s.Err = err
			return append(steps, s)
		}
		steps = append(steps, s)
	}
	s := Step{Name: StepTCP, Host: addr, Began: began, Took: time.Since(began), Err: err}
	if nc != nil {
		s.Addresses = []string{nc.RemoteAddr().String()}
		s.Missed = append(s.Missed, t.missed...)
	}
	return append(steps, s)
}
