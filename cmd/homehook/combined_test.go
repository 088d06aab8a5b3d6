package main

import (
	"strings"
	"testing"

	"homehook/agent/control"
	"homehook/http1"
)

// TestCombinedIsWhatTheSenderGot: of an answer that is not kept the size is not
// that of another one.
func TestCombinedIsWhatTheSenderGot(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		want   string
	}{
		{"the handler's answer", 200, `" 200 5 "`},
		{"accepted before", 202, `" 202 - "`},
		{"refused", 401, `" 401 - "`},
	} {
		r := record(oldID, "x", "hello")
		r.Status = tt.status
		if line := string(http1.AppendCombined(nil, entry(r))); !strings.Contains(line, tt.want) {
			t.Errorf("%s: no %s in %s", tt.name, tt.want, line)
		}
	}
}

// TestTellWithoutAStatus: the columns stay in their places.
func TestTellWithoutAStatus(t *testing.T) {
	a, out, _ := newTestApp(t)
	d := record(oldID, "", "").Delivery
	for _, d.Status = range []int{200, 0} {
		if err := a.tellDelivery(&d); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(out.String(), "\n")
	if at := strings.Index(lines[0], control.Succeeded); at < 0 || at != strings.Index(lines[1], control.Succeeded) || !strings.Contains(lines[1], "  -    ") {
		t.Errorf("got\n%s", out)
	}
}
