package control

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseQuery(t *testing.T) {
	tests := []struct {
		name, raw string
		want      Query
		err       string // part of the error; empty is none
	}{
		{name: "nothing", raw: "", want: Query{Limit: DefaultLimit}},
		{name: "empty values", raw: "claim=&status=&since=&limit=&state=", want: Query{Limit: DefaultLimit}},
		{
			name: "all", raw: "claim=garage&route=a+b&state=waiting&method=POST&status=404&since=2026-01-31T08:00:00Z&until=2026-01-31T09:00:00.5%2B01:00&search=%22x%22&limit=1000&cursor=c",
			want: Query{
				Claim: "garage", Route: "a b", State: Waiting, Method: "POST", Status: 404, Since: time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC),
				Until: time.Date(2026, 1, 31, 8, 0, 0, 5e8, time.UTC), Search: `"x"`, Limit: 1000, Cursor: "c",
			},
		},
		{name: "unknown", raw: "stat=dead", err: `query parameter "stat" is not valid: there is none by that name`},
		{name: "twice", raw: "claim=a&claim=b", err: `query parameter "claim" is not valid: it stands there 2 times`},
		{name: "state", raw: "state=lost", err: `query parameter "state" is not valid: it is one of received, running`},
		{name: "status low", raw: "status=99", err: "a number from 100 to 599"},
		{name: "status word", raw: "status=ok", err: "a number from 100 to 599"},
		{name: "limit zero", raw: "limit=0", err: "a number from 1 to 1000"},
		{name: "limit high", raw: "limit=1001", err: "a number from 1 to 1000"},
		{name: "since", raw: "since=yesterday", err: "a time such as"},
		{name: "until before since", raw: "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", err: `earlier than "since"`},
		{name: "long", raw: "search=" + strings.Repeat("x", maxParameter+1), err: "longer than 1024 bytes"},
		{name: "encoding", raw: "claim=%zz", err: "check their encoding"},
		{name: "semicolon", raw: "claim=a;route=b", err: "check their encoding"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseQuery(tt.raw)
			if tt.err != "" {
				if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want ErrInvalid with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParseQuery holds that what is accepted survives the way through Values.
func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{"", "claim=a&limit=3", "since=2026-01-31T08:00:00Z", "state=dead&search=%00%ff", "a=b", "%", "status=404&cursor=x%26y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("error %v is not ErrInvalid", err)
			}
			return
		}
		again, err := parseQuery(q.Values().Encode())
		if err != nil {
			t.Fatalf("%+v is refused: %v", q, err)
		}
		if diff := cmp.Diff(q, again); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
	})
}
