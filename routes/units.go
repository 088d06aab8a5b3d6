package routes

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time in the configuration: "60s", "2m30s", "30d".
type Duration time.Duration

const day = 24 * time.Hour

// UnmarshalText reads a number with a unit, or several of them: ms, s, m, h,
// and d for days of 24 hours. It must not be negative.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	var days time.Duration
	if n, rest, ok := strings.Cut(s, "d"); ok {
		v, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return durationError(s)
		}
		days = time.Duration(v) * day
		if s = rest; s == "" {
			*d = Duration(days)
			return nil
		}
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 || v > 1<<62-days || strings.ContainsAny(s, "+-") {
		return durationError(string(text))
	}
	*d = Duration(days + v)
	return nil
}

func durationError(s string) error {
	return fmt.Errorf("%q is not a duration; write a number and a unit, such as 90s, 2m or 30d", s)
}

// String prints what UnmarshalText reads.
func (d Duration) String() string {
	t := time.Duration(d)
	if t >= day && t%day == 0 {
		return strconv.FormatInt(int64(t/day), 10) + "d"
	}
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Size is a number of bytes in the configuration: "1MiB", "32MB", "1024".
type Size int64

var sizeUnits = []struct {
	name string
	n    int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
}

// UnmarshalText reads a whole number of bytes, or of KB, MB, GB, TB (powers
// of 1000) or KiB, MiB, GiB, TiB (powers of 1024). Case does not count.
func (s *Size) UnmarshalText(text []byte) error {
	number, factor := strings.TrimSpace(string(text)), int64(1)
	for _, u := range sizeUnits {
		if cut := len(number) - len(u.name); cut > 0 && strings.EqualFold(number[cut:], u.name) {
			number, factor = strings.TrimRight(number[:cut], " "), u.n
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil || int64(n) > (1<<63-1)/factor {
		return fmt.Errorf("%q is not a size; write a number of bytes such as 4096, 64KiB or 1MB", text)
	}
	*s = Size(int64(n) * factor)
	return nil
}

// String prints what UnmarshalText reads, in the largest unit that leaves a
// whole number.
func (s Size) String() string {
	best := sizeUnits[len(sizeUnits)-1]
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.n == 0 && u.n > best.n {
			best = u
		}
	}
	if best.n == 1 {
		return strconv.FormatInt(int64(s), 10)
	}
	return strconv.FormatInt(int64(s)/best.n, 10) + best.name
}

// words is the size for a sentence, where a bare number would want its unit.
func (s Size) words() string {
	switch text := s.String(); {
	case s == 1:
		return "1 byte"
	case isDigits(text):
		return text + " bytes"
	default:
		return text
	}
}
