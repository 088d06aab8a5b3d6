package agent

import (
	"testing"
	"time"
)

func TestPauseAfter(t *testing.T) {
	for n, want := range pauses {
		for range 100 {
			got, more := pauseAfter(n+1, 0)
			if least, most := want*8/10, want*12/10; !more || got < least || got > most {
				t.Fatalf("attempt %d: %s, %v; want %s to %s", n+1, got, more, least, most)
			}
		}
	}
	for _, n := range []int{0, -1, len(pauses) + 1} {
		if d, more := pauseAfter(n, 0); more {
			t.Errorf("attempt %d: %s", n, d)
		}
	}
	for asked, want := range map[time.Duration]time.Duration{
		3 * time.Hour: 3 * time.Hour, 240 * time.Hour: longestAsked,
	} {
		if got, _ := pauseAfter(1, asked); got != want {
			t.Errorf("asked for %s: %s", asked, got)
		}
	}
	if got, _ := pauseAfter(1, time.Second); got < 4*time.Second {
		t.Errorf("asked for one second: %s", got)
	}
}

// TestPauseUntil: whatever clocks did, a delivery is neither stuck nor run in a
// loop.
func TestPauseUntil(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		due  time.Time
		want time.Duration
	}{
		"to come":              {now.Add(time.Minute), time.Minute},
		"past":                 {now.Add(-time.Minute), 0},
		"ten years on":         {now.AddDate(10, 0, 0), longestPause},
		"ten years back":       {now.AddDate(-10, 0, 0), 0},
		"the end of 32 bits":   {time.Unix(1<<31, 0), longestPause},
		"no time":              {time.Time{}, 0},
		"the longest there is": {now.Add(longestPause), longestPause},
	} {
		if got := pauseUntil(now, tt.due); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestPauseUnchecked(t *testing.T) {
	now := time.Now()
	for age, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, time.Minute: 15 * time.Second, 24 * time.Hour: time.Hour, -time.Hour: 5 * time.Second,
	} {
		if got, more := pauseUnchecked(now, now.Add(-age)); got != want || !more {
			t.Errorf("age %s: %s, %v", age, got, more)
		}
	}
	if _, more := pauseUnchecked(now, now.Add(-longestUnchecked)); more {
		t.Error("it waits for ever")
	}
}
