package main_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"homehook/routes/signature"
)

// sender is somebody who signs in one way.
type sender struct {
	scheme, options string
	with            []string // the same for homehook send
	public          string   // what the route checks with, where that is no secret
}

// ways are the handlers that a sender comes to: all of them, for one that may send the
// secret itself.
func (s *sender) ways() []string {
	if slices.Contains([]string{"basic", "bearer", "github", "gitlab", "graph", "token"}, s.scheme) {
		return []string{"script", "cgi", "forward"}
	}
	return []string{"script"}
}

// senders are one for each scheme that has a secret.
func senders() (all []*sender) {
	for _, name := range signature.Names() {
		s := &sender{scheme: name}
		switch name {
		case "ip":
			continue
		case "hmac", "token":
			s.options, s.with = ", header: X-Shared", []string{"--with", "header=X-Shared"}
		case "basic":
			s.options, s.with = ", user: me", []string{"--with", "user=me"}
		}
		all = append(all, s)
	}
	return all
}

// secret plants what a sender signs with.
func (g *garden) secret(s *sender) string {
	what := "the secret of " + s.scheme
	b := make([]byte, 32)
	rand.Read(b)
	switch s.scheme {
	case "standard", "svix":
		return g.keep(what, "whsec_"+base64.StdEncoding.EncodeToString(b))
	case "adyen":
		return g.keep(what, strings.ToUpper(hex.EncodeToString(b)))
	case "discord":
		key := ed25519.NewKeyFromSeed(b)
		s.public = hex.EncodeToString(key.Public().(ed25519.PublicKey))
		return g.keep(what, hex.EncodeToString(b))
	case "sendgrid":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(g.t, err)
		own, err := x509.MarshalPKCS8PrivateKey(key)
		must(g.t, err)
		all, err := x509.MarshalPKIXPublicKey(key.Public())
		must(g.t, err)
		s.public = base64.StdEncoding.EncodeToString(all)
		return g.keep(what, base64.StdEncoding.EncodeToString(own))
	}
	return g.plant(what)
}

// notifications are a mail server and a push service that say back what they were
// told, as no server should.
func (g *garden) notifications() (mail, push string) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"error": "no access with %s"}`, r.Header.Get("Authorization"))
	}))
	g.t.Cleanup(srv.Close)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(g.t, err)
	g.t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go parrot(c)
		}
	}()
	return ln.Addr().String(), srv.URL
}

// parrot is a mail server that refuses each password, and repeats it.
func parrot(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, "220 parrot\r\n")
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		line := strings.TrimSpace(string(buf[:n]))
		words := strings.Fields(line)
		plain := ""
		if len(words) > 0 {
			b, _ := base64.StdEncoding.DecodeString(words[len(words)-1])
			plain = strings.ReplaceAll(string(b), "\x00", " ")
		}
		if strings.HasPrefix(line, "EHLO") {
			io.WriteString(c, "250-parrot\r\n250 AUTH PLAIN LOGIN\r\n")
			continue
		}
		fmt.Fprintf(c, "535 5.7.8 not with %s, that is %s\r\n", line, plain)
	}
}

func contentType(body string) string {
	if body[0] == '{' {
		return "application/json"
	}
	return "application/x-www-form-urlencoded"
}

// discord signs as only the sender can.
func (g *garden) discord(way string) {
	g.t.Helper()
	seed, err := hex.DecodeString(g.planted["the secret of discord"])
	must(g.t, err)
	now, body := fmt.Sprint(time.Now().Unix()), `{"type": 2}`
	sum := ed25519.Sign(ed25519.NewKeyFromSeed(seed), []byte(now+body))
	if status, answer := g.post("/discord/"+way, body, "X-Signature-Timestamp", now, "X-Signature-Ed25519", hex.EncodeToString(sum)); status != 200 {
		g.t.Errorf("as discord: %d, %s", status, answer)
	}
}
