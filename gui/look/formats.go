package look

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bytes writes a size in bytes as people read it: "812 B", "1.4 KB", "32 MB".
func Bytes(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	size, unit := float64(n), ""
	for _, unit = range []string{"KB", "MB", "GB", "TB"} {
		if size /= 1000; size < 999.5 {
			break
		}
	}
	if size < 9.95 {
		return point(strconv.FormatFloat(size, 'f', 1, 64)) + " " + unit
	}
	return strconv.FormatFloat(size, 'f', 0, 64) + " " + unit
}

// point writes a number with the decimal mark of the language.
func point(number string) string {
	if T("decimal point") == "," {
		return strings.Replace(number, ".", ",", 1)
	}
	return number
}

// Milliseconds writes a time that something took: "0.4 ms", "12 ms", "3.2 s".
func Milliseconds(ms float64) string {
	switch {
	case ms <= 0:
		return "–"
	case ms < 9.95:
		return point(strconv.FormatFloat(ms, 'f', 1, 64)) + " ms"
	case ms < 999.5:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	case ms < 9950:
		return point(strconv.FormatFloat(ms/1000, 'f', 1, 64)) + " s"
	}
	return Span(time.Duration(ms * float64(time.Millisecond)))
}

// Span writes a duration by its two largest units: "45 s", "2 min 5 s", "3 h",
// "2 d 4 h".
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	units := []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.of && u.of > time.Second {
			continue
		}
		text := fmt.Sprintf("%d %s", d/u.of, u.name)
		if rest := d % u.of; i+1 < len(units) && rest >= units[i+1].of {
			text += fmt.Sprintf(" %d %s", rest/units[i+1].of, units[i+1].name)
		}
		return text
	}
	return "0 s"
}

// Clock writes a moment for a list: the time for today, else the date with it.
func Clock(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	if t.IsZero() {
		return ""
	}
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04:05")
	}
	if t.Year() == now.Year() {
		return t.Format(T("Jan 2 15:04"))
	}
	return t.Format("2006-01-02")
}

// Moment writes a moment in full.
func Moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000 -07:00") }

// Ago writes how long ago a moment was, roughly, for what is shown for long.
func Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return T("never")
	case d < time.Minute:
		return T("just now")
	case d < time.Hour:
		return N("{{.Count}} minutes ago", int(d/time.Minute))
	case d < 24*time.Hour:
		return N("{{.Count}} hours ago", int(d/time.Hour))
	}
	return N("{{.Count}} days ago", int(d/(24*time.Hour)))
}
