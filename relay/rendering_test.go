package relay

import (
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"homehook/relay/queue"
)

func parseCookie(line string) (*http.Cookie, error) { return http.ParseSetCookie(line) }

func TestDeliveryID(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 456_789_012, time.UTC)
	var ids []string
	seen := map[string]bool{}
	for i := range 1000 {
		var id deliveryID
		id.set(at.Add(time.Duration(i) * time.Millisecond))
		u, err := uuid.Parse(id.String())
		if err != nil || u.Version() != 7 || u.Variant() != uuid.RFC4122 {
			t.Fatalf("%s: %v, version %d", &id, err, u.Version())
		}
		sec, nsec := u.Time().UnixTime()
		if got := time.Unix(sec, nsec); got.Sub(at.Add(time.Duration(i)*time.Millisecond)).Abs() > time.Millisecond {
			t.Fatalf("%s says %v", &id, got)
		}
		if seen[id.String()] {
			t.Fatalf("%s came twice", &id)
		}
		seen[id.String()] = true
		ids = append(ids, id.String())
	}
	if !slices.IsSorted(ids) {
		t.Error("ids are not in order of time")
	}
}

func TestDeliveryIDCostsNothing(t *testing.T) {
	var id deliveryID
	now := time.Now()
	if n := testing.AllocsPerRun(100, func() { id.set(now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSource(t *testing.T) {
	tests := []struct{ addr, forwarded, plain string }{
		{"192.0.2.1", "for=192.0.2.1", "192.0.2.1"},
		{"2001:db8::1", `for="[2001:db8::1]"`, "2001:db8::1"},
		{"", "for=unknown", "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.addr, func(t *testing.T) {
			var ip netip.Addr
			if tt.addr != "" {
				ip = netip.MustParseAddr(tt.addr)
			}
			s := newSource(ip, false)
			if string(s.forwardedFor) != tt.forwarded || string(s.addr) != tt.plain {
				t.Errorf("got %s and %s", s.forwardedFor, s.addr)
			}
		})
	}
}

func TestNewToken(t *testing.T) {
	shape := regexp.MustCompile(`^hh_[a-z2-7]{32}$`)
	seen := map[string]bool{}
	for range 100 {
		token := newToken()
		if !shape.MatchString(token) || seen[token] {
			t.Fatalf("token %q", token)
		}
		seen[token] = true
	}
}

// FuzzSettings reads any body of a PUT: it is refused, or means something
// that the relay can do.
func FuzzSettings(f *testing.F) {
	for _, s := range []string{
		"", "{}", `{"answer":"through","max_body":5}`, `{"answer":"hold","hold_ms":12000}`, `{"max_body":-1}`,
		`{"answer":"store","accepted":{"status":204,"headers":[["A","b"]]},"sender":{"preset":"meta","verify_token_sha256":"00"},"queue":{"max_items":1}}`, `{"max_body":1e99}`, "[]", "null", `{"Answer":"through"}x`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		set, err := readSettings(strings.NewReader(body))
		if err != nil {
			if r := asRefusal(err); r.status != 400 {
				t.Fatalf("refused with %d", r.status)
			}
			return
		}
		rec := claimRecord{Answer: set.Answer, MaxBody: set.MaxBody, More: set.moreSettings}
		p := newPlan(&rec, poolLimits{queue: queue.Limits{Items: 100, Bytes: 100, Age: time.Hour}})
		if set.MaxBody < 0 || p.hold <= 0 || p.hold > maxHold || p.accepted.status/100 != 2 ||
			p.limits.Items < 1 || p.limits.Items > 100 || p.limits.Bytes < 1 || p.limits.Bytes > 100 || p.limits.Age <= 0 {
			t.Fatalf("accepted %+v, which comes to %+v", set, p)
		}
	})
}
