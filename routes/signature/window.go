package signature

import (
	"strconv"
	"time"
)

// window is which signed times are refused.
type window uint8

const (
	untimed window = iota // no time is signed, or the sender promises none
	past                  // too old
	both                  // too old, or too far in the future
)

// clock is how a sender writes times.
type clock uint8

const (
	seconds1970 clock = iota // decimal digits alone
	millis                   // since 1970
	rfc3339
	dates   // "Thu 07 Sep 2017 06:30:04 UTC"
	anyTime // each of these
)

// layoutsOf are the ways to write a time as text. The first one is written.
var layoutsOf = map[clock][]string{
	rfc3339: {time.RFC3339Nano},
	dates:   {"Mon 02 Jan 2006 15:04:05 MST", time.RFC1123, time.RFC1123Z},
}

// read reads a time, in seconds since 1970.
func (c clock) read(text, field string) (int64, error) {
	at, err := strconv.ParseUint(text, 10, 44)
	switch {
	case c == millis && err == nil && at >= 1<<36:
		return int64(at / 1000), nil
	case c == millis:
		return 0, failf(StepFormat, "the time in %s is not a number of milliseconds", field)
	case c == seconds1970 && err == nil && at < 1<<36:
		return int64(at), nil
	case c == seconds1970 && err == nil && at < 1<<43:
		return 0, failf(StepFormat, "the time in %s is a number of milliseconds, not of seconds", field)
	case c == seconds1970:
		return 0, failf(StepFormat, "the time in %s is not a number of seconds", field)
	case c == anyTime:
		for _, one := range []clock{seconds1970, millis, rfc3339, dates} {
			if at, err := one.read(text, field); err == nil {
				return at, nil
			}
		}
	}
	for _, layout := range layoutsOf[c] {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1970 && t.Year() < 4000 {
			return t.Unix(), nil
		}
	}
	return 0, failf(StepFormat, "the time in %s cannot be read", field)
}

// write is the opposite of read.
func (c clock) write(at time.Time) string {
	switch c {
	case millis:
		return strconv.FormatInt(at.UnixMilli(), 10)
	case rfc3339, dates:
		return at.UTC().Format(layoutsOf[c][0])
	}
	return strconv.FormatInt(at.Unix(), 10)
}

// maxAge bounds what is said of a time that makes no sense, in seconds.
const maxAge = 1e9

// inTime compares the time that is signed with that of receipt, in whole
// seconds as senders count them.
func (r *recipe) inTime(p *parts, received time.Time, tolerance time.Duration) error {
	if r.window == untimed {
		return nil
	}
	if received.IsZero() {
		return failf(StepTime, "the time of receipt is not known")
	}
	if over := received.Unix() - p.expires; p.expires != 0 && over > 0 {
		return failf(StepTime, "too old by %s: its signature was good until then", seconds(time.Duration(min(over, maxAge))*time.Second))
	}
	if p.time == "" {
		if p.expires == 0 {
			return failf(StepTime, "it does not say when it was signed")
		}
		return nil
	}
	age := time.Duration(min(max(received.Unix()-p.at, -maxAge), maxAge)) * time.Second
	switch {
	case age > tolerance:
		return failf(StepTime, "too old by %s: signed %s before it was received, %s at most is allowed%s", seconds(age-tolerance), seconds(age), tolerance, zone(age))
	case r.window == both && -age > tolerance:
		return failf(StepTime, "too early by %s: signed %s after it was received, %s at most is allowed; one of the clocks is wrong%s",
			seconds(-age-tolerance), seconds(-age), tolerance, zone(age))
	}
	return nil
}

// zone notes that a time is off by as much as a zone of time.
func zone(age time.Duration) string {
	near := age.Round(30 * time.Minute)
	if age.Abs() > 15*time.Hour || near == 0 || (age-near).Abs() > 10*time.Second {
		return ""
	}
	return "; it may be written in another time zone"
}

// seconds writes a time as "301 s".
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
}
