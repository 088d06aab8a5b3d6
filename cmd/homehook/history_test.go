package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
)

func TestPastValue(t *testing.T) {
	zone := time.FixedZone("here", 3600)
	now := time.Date(2026, 1, 31, 8, 0, 0, 0, zone)
	tests := []struct {
		in   pastValue
		want time.Time
	}{
		{"", time.Time{}},
		{"2h", now.Add(-2 * time.Hour)},
		{"1h30m", now.Add(-90 * time.Minute)},
		{"3d", now.Add(-72 * time.Hour)},
		{"2026-01-02", time.Date(2026, 1, 2, 0, 0, 0, 0, zone)},
		{"2026-01-02 15:04", time.Date(2026, 1, 2, 15, 4, 0, 0, zone)},
		{"2026-01-02T15:04:05", time.Date(2026, 1, 2, 15, 4, 5, 0, zone)},
		{"2026-01-02T15:04:05.25Z", time.Date(2026, 1, 2, 15, 4, 5, 25e7, time.UTC)},
	}
	for _, tt := range tests {
		got, err := tt.in.at(now)
		if err != nil || !got.Equal(tt.want) {
			t.Errorf("%q: %v, %v; want %v", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []pastValue{"yesterday", "-2h", "2026-13-01", "2h ago"} {
		if got, err := in.at(now); err == nil {
			t.Errorf("%q is taken for %v", in, got)
		}
	}
}

func TestHistoryQuery(t *testing.T) {
	now := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	cmd := historyCmd{Limit: 7, filter: filter{
		Claim: "garage", Route: "r", State: control.Dead, Method: "post", Status: 503,
		Since: "1h", Until: "30m", Search: "text",
	}}
	got, err := cmd.query(now)
	if err != nil {
		t.Fatal(err)
	}
	want := control.Query{
		Claim: "garage", Route: "r", State: control.Dead, Method: "POST", Status: 503, Search: "text",
		Since: now.Add(-time.Hour), Until: now.Add(-30 * time.Minute),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDeliveryTable(t *testing.T) {
	a, out, _ := newTestApp(t)
	at := time.Date(2026, 1, 31, 8, 0, 0, 0, time.Local)
	all := []control.Delivery{
		{ID: "02", State: control.Rejected, Method: "PUT", Path: "/\u202e", Received: at, Status: 404, DurationMS: 0.2},
		{ID: "01", State: control.Running, Method: "POST", Path: "/a", Query: "b=c", Received: at, Route: "r"},
	}
	a.deliveryTable(all, false)
	want := `TIME                 STATE     STATUS  METHOD  PATH     ROUTE     TOOK     ID
2026-01-31 08:00:00  rejected  404     PUT     /\u202e  no route  0.2 ms   02
2026-01-31 08:00:00  running   -       POST    /a?b=c   r         <0.1 ms  01
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	all[1].Claim = "garage"
	a.deliveryTable(all, false)
	if want := "STATUS  CLAIM   METHOD"; !strings.Contains(out.String(), want) {
		t.Errorf("of two claims: no %q in\n%s", want, out)
	}
	out.Reset()
	a.deliveryTable(all[:1], true)
	if !strings.Contains(out.String(), "CLAIM") {
		t.Errorf("asked for: no claim in\n%s", out)
	}
}
