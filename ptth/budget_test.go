package ptth

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homehook/http1"
)

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(10, 5*time.Second)
		first := b.Take(8)
		began := time.Now()
		if b.Take(3) != nil || time.Since(began) != 5*time.Second {
			t.Errorf("more than there is, after %v", time.Since(began))
		}
		time.AfterFunc(time.Second, func() { first.Keep(7) })
		if second := b.Take(3); second == nil {
			t.Error("nothing of what was given back")
		} else {
			second.Give()
			second.Give()
		}
		synctest.Wait() // the timer has done with the grant
		first.Give()
		if all := b.Take(10); all == nil || b.left != 0 {
			t.Errorf("left %d of 10", b.left)
		}
	})
	var none *Budget
	none.Take(1 << 40).Give()
}

// TestLongEvents holds the memory of events in bounds: what the text of a body
// may grow to, and that the budget is asked and gets everything back.
func TestLongEvents(t *testing.T) {
	for _, body := range []string{
		strings.Repeat("\x01", 1<<20), strings.Repeat("\"\\\n\t", 1<<18), strings.Repeat("é\u2028", 1<<18), strings.Repeat("\xff", 1<<20),
		"\b\f\n\r\t\x00\x1f\x7f\"\\/<>&é\u2028", "",
	} {
		got := encodeEvent("m1", request(t, "POST / HTTP/1.1\nX: a\n"), []byte(body))
		if len(got) > 2*len(body)+256 || cap(got) > len(got)+len(got)/8+64 {
			t.Errorf("%d bytes in %d for a body of %d", len(got), cap(got), len(body))
		}
		if _, r, err := decodeEvent(got); err != nil || !json.Valid(got) || bodyOf(t, r.Body) != body {
			t.Errorf("%.20q does not come back: %v", body, err)
		}
	}
}

// TestObjectBudget reads replies on a budget, which has everything back when
// the exchange is over, however that went.
func TestObjectBudget(t *testing.T) {
	long := `{"message-id":"m1","status":200,"body":"` + strings.Repeat("a", 1<<20) + `"}`
	tests := []struct {
		name, text string
		waits      bool // somebody does
		held       int64
	}{
		{"a long reply", long, true, 1 << 20},
		{"nobody waits", long, false, 0},
		{"a bad reply", strings.Replace(long, "200", "20", 1), true, 0},
		{"no object", long[1:], true, 0},
	}
	for _, tt := range tests {
		for _, n := range []int64{int64(len(tt.text)), -1} {
			t.Run(tt.name, func(t *testing.T) {
				budget := NewBudget(64<<20, time.Millisecond)
				var replies Replies
				a := &Awaited{answer: make(chan pollReply, 1), over: make(chan struct{})}
				if tt.waits {
					a = replies.expect("m1", []byte("GET"))
				}
				text, grant, err := ReadObject(storedBody(strings.NewReader(tt.text), n), budget)
				if err != nil || string(text) != tt.text || budget.left >= 64<<20-objectTimes<<20 {
					t.Fatalf("%v, left %d", err, budget.left)
				}
				replies.Object(text, grant)
				if held := 64<<20 - budget.left; held != tt.held {
					t.Errorf("%d bytes are held", held)
				}
				a.end()
				if budget.left != 64<<20 {
					t.Errorf("%d bytes were lost", 64<<20-budget.left)
				}
			})
		}
	}
	full := NewBudget(1<<20, time.Millisecond)
	if _, _, err := ReadObject(storedBody(strings.NewReader(long), -1), full); err != ErrNoRoom || full.left != 1<<20 {
		t.Errorf("on a used-up budget: %v, left %d", err, full.left)
	}
	if _, _, err := ReadObject(storedBody(strings.NewReader(long), MaxObject+1), nil); !errors.Is(err, http1.ErrBodyTooLarge) {
		t.Errorf("announced too long: %v", err)
	}
}

// TestManyMembers ends the reading of an object that is all names.
func TestManyMembers(t *testing.T) {
	var b bytes.Buffer
	for i := range maxMembers + 1 {
		b.WriteString(`,"` + strings.Repeat("a", i+1) + `":1`)
	}
	b.Bytes()[0] = '{'
	if _, err := readMembers(append(b.Bytes(), '}')); err == nil {
		t.Error("more members than there may be")
	}
}
