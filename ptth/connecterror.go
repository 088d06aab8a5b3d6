package ptth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"homehook/http1"
)

// ConnectError says in words for its owner why a relay cannot be reached.
// Nothing but a TLS handshake or a request to a proxy was sent.
type ConnectError struct {
	Step   string // one of the Step constants
	Detail string // a clause; text of the peer in it is printable ASCII
	Remedy string // what to do about it, as an order; never ""

	// Lasting says that another try will fail too until somebody does
	// something about it.
	Lasting bool

	Err error // the cause; nil where it may hold a password
}

var _ error = (*ConnectError)(nil)

// Error returns the detail.
func (e *ConnectError) Error() string { return e.Detail }

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// unreachable explains why there is no TCP connection to addr.
func unreachable(whose, addr string, err error) error {
	host, _, _ := net.SplitHostPort(addr)
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		e := &ConnectError{Step: StepDNS, Err: err}
		if dns.IsNotFound {
			e.Detail = fmt.Sprintf("no address is known for the %s's name %s", whose, host)
			e.Remedy = "check the spelling of the " + whose + "'s address, and the DNS server of this machine"
			return e
		}
		e.Detail = fmt.Sprintf("look up %s: %s", host, reasonOf(err))
		e.Remedy = "check the network and the DNS server of this machine"
		return e
	}
	return &ConnectError{
		Step: StepTCP, Err: err,
		Detail: fmt.Sprintf("connect to %s %s: %s", whose, addr, reasonOf(err)),
		Remedy: "check address and port, that the " + whose + " runs, and that no firewall is in the way",
	}
}

// reasonOf is an error of the network without the steps that lead to it, which
// are told already.
func reasonOf(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, http1.ErrIdleClosed) {
		return "the connection was closed"
	}
	op, ok := errors.AsType[*net.OpError](err)
	if !ok {
		if errors.Is(err, context.DeadlineExceeded) {
			return "no answer in time"
		}
		return err.Error()
	}
	if op.Timeout() {
		return "no answer in time"
	}
	// Systems name the call that failed: "connect: connection refused".
	text := op.Err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return text
}

// insecure explains why the peer at addr is not trusted.
func insecure(whose, addr string, err error) error {
	host, _, _ := net.SplitHostPort(addr)
	e := &ConnectError{Step: StepTLS, Err: err}
	if e.certificate(whose, host, err) {
		e.Lasting = true
		return e
	}
	if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		e.Detail = fmt.Sprintf("%s %s does not speak TLS", whose, addr)
		if string(plain.RecordHeader[:4]) == "HTTP" {
			e.Detail += " but HTTP in the clear"
		}
		e.Remedy = "check the port; write http:// only for a " + whose + " that has no TLS"
		return e
	}
	e.Detail = fmt.Sprintf("agree on TLS with %s %s: %s", whose, addr, printable(reasonOf(err)))
	e.Remedy = "check the port, and that nothing between here and the " + whose + " breaks TLS"
	return e
}

// certificate fills in what is wrong with the peer's certificate, if that is
// what is wrong.
func (e *ConnectError) certificate(whose, host string, err error) bool {
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired {
		e.expired(whose, host, bad.Cert)
		return true
	}
	if bad, ok := errors.AsType[x509.HostnameError](err); ok {
		e.Detail = fmt.Sprintf("the certificate of %s %s is not for that name but for %s", whose, host, Names(bad.Certificate))
		e.Remedy = "write the address with a name that the certificate has, if it is the same " + whose
		return true
	}
	if bad, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		e.Detail = fmt.Sprintf("the certificate of %s %s is signed by an authority that is not known here", whose, host)
		if c := bad.Cert; c != nil && c.Issuer.String() == c.Subject.String() {
			e.Detail = fmt.Sprintf("the certificate of %s %s is signed by itself", whose, host)
		} else if c != nil && c.Issuer.CommonName != "" {
			e.Detail += fmt.Sprintf(" (%s)", printable(c.Issuer.CommonName))
		}
		e.Remedy = "set ca: of the relay to the PEM file of its root"
		if whose != "relay" {
			e.Remedy = "add the root of the " + whose + " to those of this machine"
		}
		return true
	}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		e.Detail = fmt.Sprintf("the certificate of %s %s does not hold: %s", whose, host, printable(bad.Err.Error()))
		e.Remedy = "tell whoever runs the " + whose
		return true
	}
	return false
}

func (e *ConnectError) expired(whose, host string, c *x509.Certificate) {
	now := time.Now()
	if now.Before(c.NotBefore) {
		e.Detail = fmt.Sprintf("the certificate of %s %s counts from %s on only; here it is %s", whose, host, day(c.NotBefore), day(now))
	} else {
		e.Detail = fmt.Sprintf("the certificate of %s %s expired on %s; here it is %s", whose, host, day(c.NotAfter), day(now))
	}
	e.Remedy = "set the clock of this machine if it is wrong; else tell whoever runs the " + whose
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// Names lists the names that a certificate is for, the first few of many, in
// printable ASCII.
func Names(c *x509.Certificate) string {
	const few = 6
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name at all"
	}
	text := printable(strings.Join(names[:min(few, len(names))], ", "))
	if more := len(names) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Stripped reports whether the relay asks for just what it was sent: something
// on the way takes the field Upgrade out of requests.
func (e *RefusedError) Stripped() bool { return e.stripped() }
