package agent

import (
	"strconv"
	"strings"
)

// number is that of a release: major, minor, patch.
type number [3]int

// releaseOf reads a version such as v1.2.3. One that is no release has before: it
// comes before the release of that number, such as v1.3.0-rc.1 or what Go makes
// of a commit. ok is false for what is no version.
func releaseOf(version string) (r number, before, ok bool) {
	if len(version) > 64 || strings.IndexFunc(version, unprintable) >= 0 {
		return number{}, false, false
	}
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "+")
	numbers, pre, before := strings.Cut(version, "-")
	parts := strings.Split(numbers, ".")
	if len(parts) != len(r) || before && pre == "" {
		return number{}, false, false
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil || p[0] == '0' && p != "0" {
			return number{}, false, false
		}
		r[i] = int(n)
	}
	return r, before, true
}

// unprintable reports what is not to get from others into a terminal.
func unprintable(r rune) bool { return r <= ' ' || r > '~' }

// less reports whether r comes before other.
func (r number) less(other number) bool {
	for i := range r {
		if r[i] != other[i] {
			return r[i] < other[i]
		}
	}
	return false
}

// newer reports whether a version is a release, and comes behind mine. Of a version
// that cannot be read nothing is said.
func newer(version, mine string) bool {
	r, before, ok := releaseOf(version)
	own, ownBefore, known := releaseOf(mine)
	if !ok || !known || before {
		return false
	}
	return own.less(r) || ownBefore && own == r
}
