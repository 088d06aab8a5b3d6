package agent

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// clock tells whether this machine knows what time it is: by the most that any
// relay's clock differs, by certificates that do not count at this time, and by
// what cannot be later than now.
func (d *doctor) clock(verdicts []*Verdict) {
	now := time.Now()
	if what, when := d.latest(now); what != "" {
		d.problem(checkClock, "", fmt.Sprintf("the clock of this machine says %s, which is before %s (%s)", minute(now), what, minute(when)), setClock(""))
		return
	}
	rank := map[string]int{FindingOK: 1, FindingWarning: 2, FindingProblem: 3}
	var most Finding
	from := ""
	for _, v := range verdicts {
		if v == nil {
			continue
		}
		for _, f := range v.Steps {
			switch {
			case f.byClock:
				f.State, f.Text = FindingWarning, fmt.Sprintf("it is %s here, and the certificate of the relay does not count then", minute(now))
				f.Remedy = setClock("if that is not the time")
			case f.Step != StepClock:
				continue
			}
			if rank[f.State] > rank[most.State] {
				most, from = f, v.Relay
			}
		}
	}
	switch {
	case rank[most.State] > 0:
		d.tell(checkClock, from, most.State, most.Text, most.Remedy)
	case len(verdicts) == 0:
		d.skip(checkClock, "", "there is no relay to compare it with")
	default:
		d.skip(checkClock, "", "no relay says what time it is there")
	}
}

// latest is what is of a later time than now, by more than an hour; "" for
// nothing, as it should be.
func (d *doctor) latest(now time.Time) (what string, when time.Time) {
	late := now.Add(time.Hour)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil && t.After(late) {
				return "this program was made", t
			}
		}
	}
	for path, what := range map[string]string{d.History: "the history was last written", d.Config: "the configuration was last written"} {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(late) {
			return what, info.ModTime()
		}
	}
	return "", time.Time{}
}

// setClock is how a clock is set, if that is so; "" for always.
func setClock(when string) string {
	remedy := "set the clock of this machine"
	switch runtime.GOOS {
	case "linux":
		remedy += " and let it be kept right: timedatectl set-ntp true"
	case "darwin":
		remedy += ": sudo sntp -sS time.apple.com"
	case "windows":
		remedy += ": w32tm /resync"
	}
	if when == "" {
		return remedy
	}
	return when + ", " + remedy
}

// minute is a time for people, the same wherever they are.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
