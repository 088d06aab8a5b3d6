package control

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClientReadsWhatTheBackendSays(t *testing.T) {
	b := newFakeBackend()
	c, ctx := startServer(t, b, nil).client, t.Context()

	status, err := c.Status(ctx)
	want := b.Status()
	want.Relays = []Relay{}
	check(t, "status", status, &want, err)
	relays, err := c.Relays(ctx)
	check(t, "relays", relays, b.Relays(), err)
	claims, err := c.Claims(ctx)
	check(t, "claims", claims, b.Claims(), err)
	routes, err := c.Routes(ctx)
	check(t, "routes", routes, []Route{}, err)
}

func check(t *testing.T, what string, got, want any, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestCredentialsAreSetAndNeverShown(t *testing.T) {
	const secret = "whsec_3f9a-do-not-show"
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	c, ctx := srv.client, t.Context()
	for _, name := range []string{"github", "relay/mine", "a/../b", "x y%2Fz"} {
		if err := c.SetCredential(ctx, name, secret+"\n"); err != nil {
			t.Fatalf("set %q: %v", name, err)
		}
		if got := b.secrets[name]; got != secret+"\n" {
			t.Errorf("value of %q arrived as %q", name, got)
		}
	}
	list, err := c.Credentials(ctx)
	if err != nil || len(list) != 4 || list[1].Name != "github" || list[1].Fingerprint != "beef" {
		t.Errorf("list %+v, %v", list, err)
	}
	for _, request := range []string{
		"GET /v1/credentials HTTP/1.1\r\nHost: homehook\r\n\r\n",
		"PUT /v1/credentials/github HTTP/1.1\r\nHost: homehook\r\nContent-Length: 22\r\n\r\n" + secret,
		"PUT /v1/credentials/%2Fbad HTTP/1.1\r\nHost: homehook\r\nContent-Length: 22\r\n\r\n" + secret,
		"POST /v1/credentials/github HTTP/1.1\r\nHost: homehook\r\nContent-Length: 22\r\n\r\n" + secret,
	} {
		if _, body := exchange(t, srv.path, request); strings.Contains(body, secret) {
			t.Errorf("the value is in the answer to %.40q: %s", request, body)
		}
	}
	if err := c.RemoveCredential(ctx, "relay/mine"); err != nil {
		t.Errorf("remove: %v", err)
	}
	if err := c.RemoveCredential(ctx, "relay/mine"); !errors.Is(err, ErrNotFound) {
		t.Errorf("second remove: %v, want ErrNotFound", err)
	}
	if err := c.SetCredential(ctx, "/bad", "x"); !errors.Is(err, ErrInvalid) {
		t.Errorf("bad name: %v, want ErrInvalid", err)
	}
}

func TestCredentialSize(t *testing.T) {
	tests := []struct {
		name string
		size int
		want int // 0 is success
	}{
		{"empty", 0, http.StatusBadRequest},
		{"one byte", 1, 0},
		{"largest", 16 << 10, 0},
		{"too large", 16<<10 + 1, http.StatusRequestEntityTooLarge},
		{"far too large", 8 << 20, http.StatusRequestEntityTooLarge},
	}
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			delete(b.secrets, "x")
			err := c.SetCredential(t.Context(), "x", strings.Repeat("s", tt.size))
			if tt.want == 0 {
				if err != nil || len(b.secrets["x"]) != tt.size {
					t.Errorf("%v; stored %d bytes", err, len(b.secrets["x"]))
				}
				return
			}
			if p := asProblem(t, err); p.Status != tt.want {
				t.Errorf("problem %+v, want status %d", p, tt.want)
			}
			if _, ok := b.secrets["x"]; ok {
				t.Error("something was stored")
			}
		})
	}
}

func TestCutOffCredentialIsNotStored(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	c := rawConn(t, srv.path)
	if _, err := c.Write([]byte("PUT /v1/credentials/x HTTP/1.1\r\nHost: homehook\r\nContent-Length: 10\r\n\r\nhalf")); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if err := srv.stop(); err != nil { // waits for the request
		t.Fatal(err)
	}
	if len(b.secrets) != 0 {
		t.Errorf("half a value was stored: %v", b.secrets)
	}
}

func TestDeliveryPages(t *testing.T) {
	b := newFakeBackend()
	b.pages[""] = deliveriesAnswer{Deliveries: []Delivery{{ID: "2"}}, Next: "older&than=2"}
	b.pages["older&than=2"] = deliveriesAnswer{Deliveries: []Delivery{{ID: "1"}}}
	c, ctx := startServer(t, b, nil).client, t.Context()
	q := Query{
		Claim: "garage", Route: "deploy the blog", State: Dead, Method: "POST", Search: "ünïcode & more",
		Status: 500, Since: time.Unix(1e9, 5).UTC(), Until: time.Unix(2e9, 0).UTC(), Limit: 7,
	}
	page, next, err := c.Deliveries(ctx, q)
	check(t, "first page", page, []Delivery{{ID: "2"}}, err)
	check(t, "query", b.query, q, nil)
	page, next, err = c.Deliveries(ctx, Query{Cursor: next})
	check(t, "second page", page, []Delivery{{ID: "1"}}, err)
	check(t, "query", b.query, Query{Cursor: "older&than=2", Limit: DefaultLimit}, nil)
	if next != "" {
		t.Errorf("cursor %q after the last page", next)
	}
	if page, _, err = c.Deliveries(ctx, Query{Cursor: "nothing there"}); err != nil || page == nil || len(page) != 0 {
		t.Errorf("empty page: %v, %v", page, err)
	}
}

func TestDelivery(t *testing.T) {
	b := newFakeBackend()
	want := Record{
		Delivery: Delivery{ID: "0198", Claim: "garage", State: Succeeded, Received: time.Unix(9, 0).UTC(), Attempts: 1, Status: 200},
		Head:     []byte("POST / HTTP/1.1\r\n\r\n"), Body: []byte{0, 0xff, '\n'}, BodyTruncated: true,
		Log: []Attempt{{Number: 1, Handler: "script", Exit: -1, Output: []byte("done"), ResponseHead: []byte{}, ResponseBody: []byte{}}},
	}
	b.records["0198"], b.records["bare"] = want, Record{Delivery: Delivery{ID: "bare"}, Log: []Attempt{{}}}
	srv := startServer(t, b, nil)
	got, err := srv.client.Delivery(t.Context(), "0198")
	check(t, "record", got, &want, err)
	if _, body := exchange(t, srv.path, "GET /v1/deliveries/bare HTTP/1.1\r\nHost: homehook\r\n\r\n"); strings.Contains(body, "null") {
		t.Errorf("null in %s", body)
	}
	if _, err := srv.client.Delivery(t.Context(), "none"); !errors.Is(err, ErrNotFound) || err.Error() != `delivery "none": not found` {
		t.Errorf("%v, want ErrNotFound", err)
	}
}

func TestNamesOnTheWire(t *testing.T) {
	b := newFakeBackend()
	b.pages[""] = deliveriesAnswer{Deliveries: []Delivery{{}}}
	srv := startServer(t, b, nil)
	tests := []struct {
		path  string
		names string
	}{
		{"/v1/status", "version state config config_error relays claims credentials store paused started pid"},
		{"/v1/relays", "name url state dialect error links round_trip_ms"},
		{"/v1/claims", "name relay url answer connected links queued error"},
		{"/v1/deliveries", "id claim relay state method path query remote received size body_sha256 route status duration_ms attempts sender_id duplicate_of replay_of reason next"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			_, body := exchange(t, srv.path, "GET "+tt.path+" HTTP/1.1\r\nHost: homehook\r\n\r\n")
			for _, name := range strings.Fields(tt.names) {
				if !strings.Contains(body, `"`+name+`":`) {
					t.Errorf("no member %q in %s", name, body)
				}
			}
		})
	}
}

func TestBackendErrors(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		text   string
	}{
		{"problem", &Problem{Title: "Service Unavailable", Status: 503, Detail: "the history is being mended", Code: "busy"}, 503, "being mended"},
		{"problem without a status", &Problem{Title: "x"}, 500, "x"},
		{"plain", errors.New("relay mine refused the token"), 500, "relay mine refused the token"},
		{"cancelled", context.Canceled, 503, "the agent is ending"},
		{"too late", context.DeadlineExceeded, 504, "in time"},
	}
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.err = tt.err
			err := c.ReleaseClaim(t.Context(), "garage", false)
			if p := asProblem(t, err); p.Status != tt.status || !strings.Contains(p.Error(), tt.text) {
				t.Errorf("problem %+v, want status %d and %q", p, tt.status, tt.text)
			}
			if _, err := c.Credentials(t.Context()); err == nil {
				t.Error("credentials: no error")
			}
			if _, _, err := c.Deliveries(t.Context(), Query{}); err == nil {
				t.Error("deliveries: no error")
			}
		})
	}
}

func TestReleaseClaim(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	if err := c.ReleaseClaim(t.Context(), "garage", false); err != nil {
		t.Fatal(err)
	}
	check(t, "released", b.released, []string{"garage"}, nil)
}
