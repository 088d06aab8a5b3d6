package ptth_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
	"homehook/ptth"
)

func TestParseOffer(t *testing.T) {
	const up = "Connection: Upgrade\r\n"
	plain := ptth.Offer{Dialect: ptth.Dialect10, Version: "PTTH/1.0"}
	old := ptth.Offer{Dialect: ptth.Dialect09, Version: "PTTH/0.9"}
	draft := ptth.Offer{Dialect: ptth.DialectPTTH, Version: "ptth"}
	tests := []struct {
		name, fields string
		want         ptth.Offer
		status       int // of the refusal; -1 for no offer at all
	}{
		{"plain", "Upgrade: PTTH/1.0\r\n" + up, plain, 0},
		{"small letters", "upgrade: ptth/1.0\r\nconnection: upgrade\r\n", plain, 0},
		{"mixed letters", "Upgrade: Ptth/1.0\r\nConnection: UPGRADE\r\n", plain, 0},
		{"in a list", "Upgrade: websocket, PTTH/1.0 ,h2c\r\nConnection: keep-alive, Upgrade\r\n", plain, 0},
		{"list without spaces", "Upgrade: a/1,PTTH/1.0\r\n" + up, plain, 0},
		{"two fields", "Upgrade: websocket\r\nUpgrade: PTTH/1.0\r\n" + up, plain, 0},
		{"older version first", "Upgrade: PTTH/0.9, PTTH/1.0\r\n" + up, old, 0},
		{"newer protocol first", "Upgrade: ptth, PTTH/1.0\r\n" + up, draft, 0},
		{"unknown version first", "Upgrade: PTTH/2.0, PTTH/1.0\r\n" + up, plain, 0},
		{"no version", "Upgrade: ptth\r\n" + up, draft, 0},
		{"no version, in capitals", "Upgrade: PTTH\r\n" + up, draft, 0},
		{"older version", "Upgrade: PTTH/0.9\r\n" + up, old, 0},
		{"older version, no Connection", "Upgrade: PTTH/0.9\r\n", old, 0},
		{"older version, small letters", "upgrade: ptth/0.9\r\n", old, 0},
		{"two Connection fields", "Upgrade: PTTH/1.0\r\nConnection: close\r\nConnection: upgrade\r\n", plain, 0},

		{"no fields", "", ptth.Offer{}, -1},
		{"another protocol", "Upgrade: websocket\r\n" + up, ptth.Offer{}, -1},
		{"name that begins alike", "Upgrade: PTTHX/1.0\r\n" + up, ptth.Offer{}, -1},
		{"name that ends alike", "Upgrade: XPTTH/1.0\r\n" + up, ptth.Offer{}, -1},
		{"named elsewhere", "X-Upgrade: PTTH/1.0\r\n" + up, ptth.Offer{}, -1},
		{"empty", "Upgrade:\r\n" + up, ptth.Offer{}, -1},

		{"newer version", "Upgrade: PTTH/2.0\r\n" + up, ptth.Offer{}, 426},
		{"longer version", "Upgrade: PTTH/1.00\r\n" + up, ptth.Offer{}, 426},
		{"empty version", "Upgrade: PTTH/\r\n" + up, ptth.Offer{}, 426},
		{"shorter version", "Upgrade: PTTH/1\r\n" + up, ptth.Offer{}, 426},
		{"space in the token", "Upgrade: PTTH / 1.0\r\n" + up, ptth.Offer{}, -1},

		{"no Connection", "Upgrade: PTTH/1.0\r\n", ptth.Offer{}, 426},
		{"no version, no Connection", "Upgrade: ptth\r\n", ptth.Offer{}, 426},
		{"other Connection", "Upgrade: PTTH/1.0\r\nConnection: keep-alive\r\n", ptth.Offer{}, 426},

		{"ping", "Upgrade: PTTH/1.0\r\nPTTH-Ping: 20\r\n" + up, ptth.Offer{Dialect: ptth.Dialect10, Version: "PTTH/1.0", Ping: 20 * time.Second}, 0},
		{"ping too often", "Upgrade: PTTH/1.0\r\nPTTH-Ping: 1\r\n" + up, ptth.Offer{Dialect: ptth.Dialect10, Version: "PTTH/1.0", Ping: 5 * time.Second}, 0},
		{"ping of nonsense", "Upgrade: PTTH/1.0\r\nPTTH-Ping: soon\r\n" + up, plain, 0},
		{"ping of zero", "Upgrade: PTTH/1.0\r\nPTTH-Ping: 0\r\n" + up, plain, 0},
		{"ping below zero", "Upgrade: PTTH/1.0\r\nPTTH-Ping: -5\r\n" + up, plain, 0},
		{"ping too rarely", "Upgrade: PTTH/1.0\r\nPTTH-Ping: 3601\r\n" + up, plain, 0},
		{"links", "Upgrade: PTTH/1.0\r\nPTTH-Max-Conns: 32\r\n" + up, ptth.Offer{Dialect: ptth.Dialect10, Version: "PTTH/1.0", MaxLinks: 32, Ours: true}, 0},
		{"too many links", "Upgrade: PTTH/1.0\r\nPTTH-Max-Conns: 65537\r\n" + up, plain, 0},
		{
			"both", "ptth-max-conns:4\r\nUpgrade: PTTH/1.0\r\nptth-ping: 30\r\n" + up,
			ptth.Offer{Dialect: ptth.Dialect10, Version: "PTTH/1.0", MaxLinks: 4, Ping: 30 * time.Second, Ours: true},
			0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ptth.ParseOffer(sent(t, "POST /ptth/a HTTP/1.1\r\n"+tt.fields+"\r\n"))
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			var e *http1.Error
			switch {
			case tt.status == -1 && err != ptth.ErrNoOffer:
				t.Errorf("got %v, want %v", err, ptth.ErrNoOffer)
			case tt.status == 0 && err != nil:
				t.Errorf("got %v", err)
			case tt.status > 0 && (!errors.As(err, &e) || e.Status != tt.status):
				t.Errorf("got %v, want status %d", err, tt.status)
			}
		})
	}
}

// TestParseOfferOf offers some dialects only.
func TestParseOfferOf(t *testing.T) {
	const up = "Connection: Upgrade\r\n"
	tests := []struct {
		name, fields string
		dialects     []string
		want         string // the token; "" for 426
	}{
		{"first not offered", "Upgrade: ptth, PTTH/1.0\r\n" + up, []string{ptth.Dialect10, ptth.Dialect09}, "PTTH/1.0"},
		{"second not offered", "Upgrade: ptth, PTTH/1.0\r\n" + up, []string{ptth.DialectPTTH}, "ptth"},
		{"none offered", "Upgrade: PTTH/0.9, PTTH/1.0\r\n" + up, []string{ptth.DialectPTTH}, ""},
		{"all offered", "Upgrade: PTTH/0.9\r\n", nil, "PTTH/0.9"},
		{"not offered, no Connection", "Upgrade: PTTH/1.0\r\n", []string{ptth.Dialect09}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ptth.ParseOffer(sent(t, "POST /ptth/a HTTP/1.1\r\n"+tt.fields+"\r\n"), tt.dialects...)
			var e *http1.Error
			if got.Version != tt.want || tt.want == "" && (!errors.As(err, &e) || e.Status != 426) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// TestAccept holds the bytes of the switch, which old agents compare to the
// letter.
func TestAccept(t *testing.T) {
	const switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n"
	const offer = "Upgrade: PTTH/1.0\r\nConnection: Upgrade\r\n"
	tests := []struct {
		name, send, want string // how the answer begins
		link             bool
	}{
		{"no length", "POST /ptth/a HTTP/1.1\r\nHost: h\r\n" + offer + "\r\n", switched, true},
		{"length 0", "POST /ptth/a HTTP/1.1\r\nHost: h\r\n" + offer + "Content-Length: 0\r\n\r\n", switched, true},
		{"no Host", "POST /ptth/a HTTP/1.1\r\n" + offer + "\r\n", switched, true},
		{"GET", "GET /ptth/a HTTP/1.1\r\nHost: h\r\n" + offer + "\r\n", switched, true},
		{"OPTIONS", "OPTIONS /ptth/a HTTP/1.1\r\nHost: h\r\n" + offer + "\r\n", switched, true},
		{"body", "POST /ptth/a HTTP/1.1\r\nHost: h\r\n" + offer + "Content-Length: 5\r\n\r\nhello", switched, true},
		{"chunked body", "POST /ptth/a HTTP/1.1\r\nHost: h\r\n" + offer + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", switched, true},
		{"largest body", "POST /ptth/a HTTP/1.1\r\nHost: h\r\n" + offer + "Content-Length: 65536\r\n\r\n" + strings.Repeat("x", 65536), switched, true},
		{"larger body", "POST /ptth/a HTTP/1.1\r\nHost: h\r\n" + offer + "Content-Length: 65537\r\n\r\n" + strings.Repeat("x", 65537), "HTTP/1.1 413 ", false},
		{"larger chunked body", "POST /ptth/a HTTP/1.1\r\nHost: h\r\n" + offer + "Transfer-Encoding: chunked\r\n\r\n13880\r\n" +
			strings.Repeat("x", 80000) + "\r\n0\r\n\r\n", "HTTP/1.1 413 ", false},
		{"no offer", "POST /ptth/a HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400 ", false},
		{"older version", "POST /ptth/a HTTP/1.1\r\nUpgrade: PTTH/0.9\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/0.9\r\n\r\n", true},
		{"other version", "POST /ptth/a HTTP/1.1\r\nHost: h\r\nUpgrade: PTTH/2.0\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.1 426 ", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRelay(t, nil)
			a := rawDial(t, r.url.Host)
			a.send(tt.send)
			got := make([]byte, len(tt.want))
			if n, err := io.ReadFull(a.r, got); string(got) != tt.want {
				t.Fatalf("got %q, %v; want %q", got[:n], err, tt.want)
			}
			if !tt.link {
				return
			}
			link := closing(t, within(t, r.links, "link"))
			if s := link.Check(); s != http1.PeerSilent {
				t.Errorf("the new link is in state %d", s)
			}
			if link.RemoteAddr() != a.LocalAddr().String() || link.IdleSince().IsZero() {
				t.Errorf("remote %s, idle since %v", link.RemoteAddr(), link.IdleSince())
			}
		})
	}
}

// TestBytesBehindUpgrade: what an agent sends before it is asked makes the
// link unusable, rather than an answer to the first request.
func TestBytesBehindUpgrade(t *testing.T) {
	r := newRelay(t, nil)
	a := rawDial(t, r.url.Host)
	a.send("POST / HTTP/1.1\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
	link := closing(t, within(t, r.links, "link"))
	if s := link.Check(); s != http1.PeerSpoke {
		t.Errorf("state %d, want %d", s, http1.PeerSpoke)
	}
}
