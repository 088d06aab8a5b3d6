package routes

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func closedAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// smtpServer is a mail server that keeps what it gets.
type smtpServer struct {
	addr     string
	tls      *tls.Config // nil for none
	implicit bool
	refuse   map[string]string // verb to answer

	mu    sync.Mutex
	lines []string // commands
	mails []string
}

func newSMTP(t testing.TB, s *smtpServer) *smtpServer {
	t.Helper()
	if s.refuse == nil {
		s.refuse = map[string]string{}
	}
	inner := newServer(t, func(_ *server, nc net.Conn, _ *bufio.Reader) {
		if s.implicit {
			nc = tls.Server(nc, s.tls)
		}
		s.serve(nc, s.implicit)
	})
	s.addr = inner.addr
	return s
}

// serve speaks as much of RFC 5321 as a client asks for.
func (s *smtpServer) serve(nc net.Conn, secure bool) {
	c := textproto.NewConn(nc)
	c.PrintfLine("220 test ESMTP")
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		s.note(line)
		verb, arg, _ := strings.Cut(line, " ")
		if answer, ok := s.refuse[strings.ToUpper(verb)]; ok {
			c.PrintfLine("%s", answer)
			continue
		}
		switch strings.ToUpper(verb) {
		case "EHLO":
			c.PrintfLine("250-test")
			if s.tls != nil && !secure {
				c.PrintfLine("250-STARTTLS")
			}
			c.PrintfLine("250-AUTH XOAUTH2 PLAIN LOGIN")
			c.PrintfLine("250 8BITMIME")
		case "STARTTLS":
			c.PrintfLine("220 go on")
			s.serve(&quietFirst{Conn: tls.Server(nc, s.tls)}, true)
			return
		case "AUTH":
			plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(arg, "PLAIN "))
			s.note("password " + strings.ReplaceAll(string(plain), "\x00", "/"))
			c.PrintfLine("235 welcome")
		case "DATA":
			c.PrintfLine("354 write")
			text, _ := io.ReadAll(c.DotReader())
			s.mu.Lock()
			s.mails = append(s.mails, string(text))
			s.mu.Unlock()
			c.PrintfLine("250 kept")
		case "QUIT":
			c.PrintfLine("221 bye")
			return
		default:
			c.PrintfLine("250 fine")
		}
	}
}

// quietFirst drops the first write: no greeting comes behind STARTTLS.
type quietFirst struct {
	net.Conn
	spoke bool
}

func (q *quietFirst) Write(p []byte) (int, error) {
	if !q.spoke {
		q.spoke = true
		return len(p), nil
	}
	return q.Conn.Write(p)
}

func (s *smtpServer) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

// mailRoute compiles a route that sends to a server, with the roots of a.
func mailRoute(t testing.TB, n NotifySpec, s *smtpServer, a *certifier) *Route {
	t.Helper()
	n.Mail.Server = s.addr
	r := compileOne(t, Spec{Notify: &n})
	m := r.handlers[0].handler.(*notifier).places[0].(*mailer)
	m.implicit = s.implicit
	if a != nil {
		m.tls.RootCAs = x509.NewCertPool()
		m.tls.RootCAs.AddCert(a.cert)
	}
	return r
}

func sendMail(t testing.TB, r *Route, body string) (int, Result) {
	t.Helper()
	x, d, _ := stored(t, "POST /bell HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n", body)
	d.Body, d.Host = []byte(body), &home{secrets: map[string]string{"mail": "hunter2\n"}}
	res := r.Serve(t.Context(), d, x)
	return x.Status, res
}

func TestMail(t *testing.T) {
	a := newCertifier(t)
	_, _, pair := a.issue(t, "127.0.0.1")
	secure := &tls.Config{Certificates: []tls.Certificate{pair}}
	for _, tt := range []struct {
		name string
		s    *smtpServer
		spec MailSpec
		auth bool
	}{
		{"STARTTLS", &smtpServer{tls: secure}, MailSpec{User: "me", Password: "mail"}, true},
		{"TLS at once", &smtpServer{tls: secure, implicit: true}, MailSpec{User: "me", Password: "mail"}, true},
		{"no TLS", &smtpServer{}, MailSpec{Plain: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSMTP(t, tt.s)
			tt.spec.From, tt.spec.To = "Gärtner <a@example.com>", []string{"b@example.com", "c@example.com"}
			r := mailRoute(t, NotifySpec{Title: "Es läutet {json.x}", Text: "{json.x}\n.\nend", Link: "https://cam.example/", Urgent: true, Mail: &tt.spec}, s, a)
			status, res := sendMail(t, r, `{"x": "a\r\nBcc: evil@example.com"}`)
			if status != 204 || res.Err != nil {
				t.Fatalf("%d, %+v", status, res)
			}
			said := strings.Join(s.lines, "\n")
			if strings.Contains(said, "password /me/hunter2") != tt.auth || strings.Count(said, "RCPT TO:") != 2 || strings.Contains(said, "evil") {
				t.Errorf("the server heard:\n%s", said)
			}
			checkMail(t, s.mails)
		})
	}
}

// checkMail looks at the one mail that a server has.
func checkMail(t *testing.T, mails []string) {
	t.Helper()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	m, err := mail.ReadMessage(strings.NewReader(mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != "a@example.com" || from[0].Name != "Gärtner" {
		t.Errorf("from %v, %v", from, err)
	}
	if subject != "Es läutet a  Bcc: evil@example.com" || m.Header.Get("Bcc") != "" || m.Header.Get("Auto-Submitted") != "auto-generated" || m.Header.Get("Importance") != "high" && m.Header.Get("Importance") == "" {
		t.Errorf("subject %q, fields %v", subject, m.Header)
	}
	if id := m.Header.Get("Message-Id"); !strings.HasSuffix(id, "@example.com>") {
		t.Errorf("id %s", id)
	}
	body, _ := io.ReadAll(m.Body)
	want := "a\nBcc: evil@example.com\n.\nend\n\nhttps://cam.example/\n\n-- \nr, delivery 7\n"
	if diff := cmp.Diff(want, strings.ReplaceAll(string(body), "=20", " ")); diff != "" {
		t.Error(diff)
	}
}

func TestMailFails(t *testing.T) {
	a := newCertifier(t)
	_, _, pair := a.issue(t, "127.0.0.1")
	_, _, other := a.issue(t, "mail.example")
	for _, tt := range []struct {
		name  string
		s     *smtpServer
		spec  MailSpec
		why   string
		retry bool
	}{
		{"no TLS there", &smtpServer{}, MailSpec{}, "it has no TLS; if that is meant, say plain: true", false},
		{"another's certificate", &smtpServer{tls: &tls.Config{Certificates: []tls.Certificate{other}}}, MailSpec{}, "certificate", false},
		{"wrong password", &smtpServer{tls: &tls.Config{Certificates: []tls.Certificate{pair}}, refuse: map[string]string{"AUTH": "535 5.7.8 no"}}, MailSpec{User: "me", Password: "mail"}, "it answered 535", false},
		{"no such box", &smtpServer{refuse: map[string]string{"RCPT": "550 5.1.1 no such user"}}, MailSpec{Plain: true}, "no such user", false},
		{"busy", &smtpServer{refuse: map[string]string{"MAIL": "451 4.3.0 try later"}}, MailSpec{Plain: true}, "try later", true},
		{"not taken", &smtpServer{refuse: map[string]string{"DATA": "554 no"}}, MailSpec{Plain: true}, "554", false},
		{"no credential", &smtpServer{}, MailSpec{Plain: true, User: "me", Password: "none"}, `the credential "none" cannot be used`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSMTP(t, tt.s)
			tt.spec.From, tt.spec.To = "a@example.com", []string{"b@example.com"}
			status, res := sendMail(t, mailRoute(t, NotifySpec{Mail: &tt.spec}, s, a), "{}")
			if status != 502 || res.Retry != tt.retry || res.Err == nil || !strings.Contains(res.Err.Error(), tt.why) || len(s.mails) != 0 {
				t.Errorf("%d, %+v", status, res)
			}
			if strings.Contains(fmt.Sprint(res.Err), "hunter2") {
				t.Error("the password is in the reason")
			}
		})
	}
}

// TestMailStops ends while the server says nothing.
func TestMailStops(t *testing.T) {
	came := make(chan struct{})
	s := newServer(t, func(_ *server, nc net.Conn, br *bufio.Reader) {
		close(came)
		io.Copy(io.Discard, br)
	})
	r := compileOne(t, Spec{Notify: &NotifySpec{Mail: &MailSpec{Server: s.addr, From: "a@example.com", To: []string{"b@example.com"}}}})
	x, d, _ := stored(t, saveHead, "")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-came; cancel() }()
	if res := r.Serve(ctx, d, x); x.Status != 503 || res.Failure != FailedStopped || !res.Retry {
		t.Errorf("%d, %+v", x.Status, res)
	}
}
