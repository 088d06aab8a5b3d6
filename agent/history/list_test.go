package history

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// sample stores ten deliveries that differ in what queries look at.
func sample(t *testing.T) *Journal {
	t.Helper()
	j := openTest(t, Options{})
	for n := range 10 {
		r := done(n, Succeeded)
		switch n {
		case 1:
			r.Claim, r.State, r.Status = "shed", Dead, 500
		case 2:
			r.Route, r.Method = "deploy", "PUT"
		case 3:
			r.Path = "/100%_sure"
		case 4:
			r.Query = "token=Grün"
		case 5:
			r.Head = []byte("GET / HTTP/1.1\r\nX-Tool: Needle\r\n\r\n")
		case 6:
			r.Body = []byte("a haystack with a needle, \xff\xfe and more")
		case 7:
			r.Log[0].Output = []byte("stderr: NEEDLE not found\n")
		case 8:
			r.Log[0].ResponseBody = []byte("needle in the response is not searched")
			r.Body = []byte("bin\x00needle behind a zero byte")
		case 9:
			r.State, r.Log = Running, nil
		}
		check(t, j.Finish(r))
	}
	return j
}

func TestList(t *testing.T) {
	j := sample(t)
	at := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }
	for _, tt := range []struct {
		name string
		q    Query
		want []int
	}{
		{"everything, newest first", Query{}, []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
		{"claim", Query{Claim: "shed"}, []int{1}},
		{"route", Query{Route: "deploy"}, []int{2}},
		{"method", Query{Method: "PUT"}, []int{2}},
		{"state dead", Query{State: Dead}, []int{1}},
		{"state running", Query{State: Running}, []int{9}},
		{"state succeeded", Query{State: Succeeded, Until: at(3)}, []int{2, 0}},
		{"status", Query{Status: 500}, []int{1}},
		{"since and until", Query{Since: at(2), Until: at(5)}, []int{4, 3, 2}},
		{"until within a microsecond", Query{Until: at(1).Add(time.Nanosecond)}, []int{0}},
		{"empty span", Query{Since: at(5), Until: at(5)}, nil},
		{"filters combine", Query{Claim: "shed", State: Dead, Status: 500, Search: "hook"}, []int{1}},
		{"filters exclude", Query{Claim: "shed", State: Succeeded}, nil},
		{"no such claim", Query{Claim: "shed' OR 1=1 --"}, nil},
		{"search path", Query{Search: "hook/4"}, []int{4}},
		{"search query", Query{Search: "TOKEN=Gr"}, []int{4}},
		{"search beyond ASCII", Query{Search: "Grün"}, []int{4}},
		{"search head, body, output", Query{Search: "needle"}, []int{7, 6, 5}},
		{"search behind binary", Query{Search: "and more"}, []int{6}},
		{"search is no pattern: percent", Query{Search: "100%_s"}, []int{3}},
		{"search within a word", Query{Search: "eedle"}, nil},
		{"search the beginning of the last word", Query{Search: "needle no"}, []int{7}},
		{"search whole words before the last", Query{Search: "nee not"}, nil},
		{"search terms in several contents", Query{Search: "post needle"}, []int{7, 6}},
		{"search is no pattern: underscore", Query{Search: "hook_"}, nil},
		{"search is no pattern: backslash", Query{Search: `\`}, nil},
		{"search and filter", Query{Search: "needle", Since: at(6)}, []int{7, 6}},
		{"search nothing", Query{Search: "no such text"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			diff(t, list(t, j, tt.q), testIDs(tt.want...))
			tt.q.Limit = 1 // one delivery a page finds the same
			diff(t, list(t, j, tt.q), testIDs(tt.want...))
		})
	}
}

func TestListFields(t *testing.T) {
	j := openTest(t, Options{})
	_, r := full()
	check(t, j.Finish(r))
	page, next, err := j.List(t.Context(), Query{})
	check(t, err)
	diff(t, page, []Delivery{r.Delivery})
	if next != "" {
		t.Errorf("cursor %q after the last page", next)
	}
}

func TestListLimit(t *testing.T) {
	j := openTest(t, Options{})
	add(t, j, 1, 1200)
	for _, tt := range []struct {
		limit, want int
		more        bool
	}{
		{0, 50, true}, {-1, 50, true}, {7, 7, true}, {1000, 1000, true}, {5000, 1000, true},
	} {
		page, next, err := j.List(t.Context(), Query{Limit: tt.limit})
		check(t, err)
		if len(page) != tt.want || (next != "") != tt.more {
			t.Errorf("limit %d: %d deliveries, cursor %q", tt.limit, len(page), next)
		}
	}
	page, next, err := j.List(t.Context(), Query{Limit: 200, Until: epoch.Add(201 * time.Second)})
	check(t, err)
	if len(page) != 200 || next != "" { // a page that the last delivery fills
		t.Errorf("%d deliveries, cursor %q", len(page), next)
	}
}

func TestPagingUnderInserts(t *testing.T) {
	j := openTest(t, Options{})
	add(t, j, 1, 100)
	var got []string
	q := Query{Limit: 7}
	for round := 0; ; round++ {
		page, next, err := j.List(t.Context(), q)
		check(t, err)
		for _, d := range page {
			got = append(got, d.ID)
		}
		if next == "" {
			break
		}
		q.Cursor = next
		add(t, j, 101+10*round, 110+10*round)
	}
	var want []string
	for n := 100; n >= 1; n-- {
		want = append(want, testID(n))
	}
	diff(t, got, want)
}

func TestBadQueries(t *testing.T) {
	j := openTest(t, Options{})
	for name, q := range map[string]Query{
		"cursor":          {Cursor: "nonsense"},
		"negative cursor": {Cursor: encodeCursor(-1)},
		"long search":     {Search: strings.Repeat("x", 1001)},
	} {
		if _, _, err := j.List(t.Context(), q); !errors.Is(err, ErrQuery) {
			t.Errorf("%s: %v, want ErrQuery", name, err)
		}
	}
	if _, _, err := j.List(t.Context(), Query{Search: strings.Repeat("%", 1000)}); err != nil {
		t.Errorf("longest search: %v", err)
	}
}

func FuzzCursor(f *testing.F) {
	for _, seq := range []int64{0, 1, seqOf(epoch), 1<<63 - 1} {
		f.Add(encodeCursor(seq))
	}
	f.Add("")
	f.Add("AQ")
	f.Add("Av__________")
	f.Add("AQAAAAAAAAAA\n")
	f.Fuzz(func(t *testing.T, s string) {
		seq, err := decodeCursor(s)
		if err != nil {
			if !errors.Is(err, ErrQuery) {
				t.Errorf("error %v is not ErrQuery", err)
			}
			return
		}
		if seq < 0 || encodeCursor(seq) != s {
			t.Errorf("%q stands for %d, which is %q", s, seq, encodeCursor(seq))
		}
	})
}
