package agent

import (
	"math/rand/v2"
	"time"

	"homehook/routes"
)

// pauses are those between the attempts of a delivery for which nobody waits.
var pauses = [...]time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
}

const (
	// spread is by how much a pause is lengthened or shortened at random, so
	// that what failed together does not come back together.
	spread = 0.2

	// longestPause is the longest there is.
	longestPause = 24 * time.Hour * 12 / 10

	// longestAsked is how long a handler may ask to wait.
	longestAsked = 24 * time.Hour

	// longestUnchecked is how long a delivery waits for a credential.
	longestUnchecked = 7 * 24 * time.Hour
)

// pauseAfter is the pause behind a failed attempt, counted from 1, and whether
// there is to be another attempt. What the handler asks for counts if it is
// longer.
func pauseAfter(attempt int, asked time.Duration) (time.Duration, bool) {
	if attempt < 1 || attempt > len(pauses) {
		return 0, false
	}
	pause := pauses[attempt-1]
	pause += time.Duration((rand.Float64()*2 - 1) * spread * float64(pause))
	return max(pause, min(asked, longestAsked)), true
}

// pauseUntil is how long it is to a time that was fixed by a clock which may
// have been wrong, or may be wrong now: never longer than a pause can be.
func pauseUntil(now, due time.Time) time.Duration {
	return min(max(due.Sub(now), 0), longestPause)
}

// mayPass reports whether a failure may be over at the next attempt. Nobody but
// the history sees how a script of a background route ends, so any failure of
// it is tried again.
func mayPass(route *routes.Route, res *routes.Result) bool {
	return res.Retry || route.Background() && res.Handler == "script" && res.Err != nil
}

// mayPassBy is mayPass as far as the status of an answer tells, before its
// handler has ended.
func mayPassBy(route *routes.Route, status int) bool {
	switch route.Kind() {
	case "forward":
		return status >= 500 || status == 408 || status == 425 || status == 429
	case "script":
		return status == 503 || status >= 400 && route.Background()
	case "respond":
		return false
	}
	return status >= 500
}

// pauseUnchecked is the pause of a delivery that waits for a credential, and
// whether it is to wait on. It ends at once when a credential is set.
func pauseUnchecked(now, received time.Time) (time.Duration, bool) {
	age := now.Sub(received)
	return min(max(age/4, pauses[0]), time.Hour), age < longestUnchecked
}
