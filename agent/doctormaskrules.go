package agent

import (
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// lazyPattern is a regular expression that is compiled when it is first asked for:
// these take milliseconds and megabytes, and hardly any run of the program masks.
type lazyPattern func() *regexp.Regexp

func lazily(pattern string) lazyPattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// maskRule finds what is hidden because of how it looks.
type maskRule struct {
	pattern lazyPattern
	// hide says what is hidden of a match, which is as regexp has its indexes.
	hide func(m *mask, s string, at []int) []span
}

// secretWords are what stands before secrets. The value behind = or : is hidden
// whatever it is.
const secretWords = `bearer|basic|digest|token|signature|password|passwd|passphrase|passcode|pass|pwd|pin|secret|api[-_]?key|(?:private|secret|access|auth)[-_]?key|authorization|cookie`

var private = lazily(`(?i)\b[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.(?:local|lan|home|internal|intranet|localdomain|home\.arpa|fritz\.box)\b`)

var maskRules = []maskRule{
	// fields that are secret to their end
	{lazily(`(?i)[a-z0-9_-]*(?:authorization|cookie|passphrase)["']?\s*[:=]\s*([^\n;]+)`), hideGroup},
	// a name, = or :, and a value
	{lazily(`(?i)[a-z0-9_-]*(?:` + secretWords + `)\\?["']?\s*[:=]\s*(\\?"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;]+)`), hideAssigned},
	// a name and a value
	{lazily(`(?i)\b(?:` + secretWords + `)(?:\s+(?:is|was|of|for))?\s+(\\?"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;]{4,})`), hideSpoken},
	{lazily(`-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]|-[^-])*(?:-----END [A-Z ]*-----)?`), hideWhole},
	{lazily(`\b(?:hh|whsec|gh[pousr]|github_pat|glpat|sk|pk|rk|xox[a-z]|AKIA|eyJ)[_-]?[A-Za-z0-9][A-Za-z0-9_.=+/-]{7,}`), hideOther},
	{lazily(`[A-Za-z0-9_+-]{8,}={0,2}`), hideRandom},
	{lazily(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`), hideMail},
	// user:password@host without a scheme
	{lazily(`[^\s"'=(<,]*:\S*@`), hideUserinfo},
	// host/path without a scheme
	{lazily(`(?i)(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?/([^\s"'` + "`" + `]+)`), hidePath},
	{private, func(m *mask, s string, at []int) []span {
		return []span{{at[0], at[1], m.host(s[at[0]:at[1]], "private host"), rankHost}}
	}},
	{lazily(`\[?(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F.]{0,15}(?:%[0-9a-zA-Z]+)?\]?|\b(?:\d{1,3}\.){3}\d{1,3}\b`), func(m *mask, s string, at []int) []span {
		if instead := m.address(s[at[0]:at[1]]); instead != "" {
			return []span{{at[0], at[1], instead, rankHost}}
		}
		return nil
	}},
	{lazily(`(?:/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})([^/\\\s"':]+)`), func(m *mask, s string, at []int) []span {
		return []span{{at[2], at[3], "user", rankPerson}}
	}},
}

// hideMail hides an address, unless it is the end of a URL's userinfo.
func hideMail(_ *mask, s string, at []int) []span {
	if at[0] > 0 && s[at[0]-1] == ':' {
		return nil
	}
	return []span{{at[0], at[1], "(mail address)", rankPerson}}
}

func hideWhole(_ *mask, _ string, at []int) []span {
	return []span{{at[0], at[1], "(hidden)", rankHidden}}
}

func hideGroup(_ *mask, _ string, at []int) []span {
	return []span{{at[2], at[3], "(hidden)", rankHidden}}
}

// hideAssigned hides a value, unless it is the name of a credential.
func hideAssigned(m *mask, s string, at []int) []span {
	if m.plain[strings.Trim(s[at[2]:at[3]], `"'\.)`)] {
		return nil // token: relay/mine
	}
	return hideGroup(m, s, at)
}

// hideSpoken hides what is behind a word if that is not a word itself.
func hideSpoken(m *mask, s string, at []int) []span {
	v := strings.TrimRight(s[at[2]:at[3]], ".:)?!")
	text := strings.Trim(v, `"'\(`)
	word := !strings.ContainsAny(v, `"'`) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLower(r) }) < 0
	if word || m.plain[text] {
		return nil // "the token belongs to", "the secret github"
	}
	return []span{{at[2], at[2] + len(v), "(hidden)", rankHidden}}
}

// hideOther hides what looks like a secret, unless it is part of what is known to be
// none.
func hideOther(m *mask, s string, at []int) []span {
	for plain := range m.plain {
		if strings.Contains(plain, s[at[0]:at[1]]) {
			return nil
		}
	}
	return hideWhole(m, s, at)
}

var (
	// deliveryIDs are what agents and relays make; other UUIDs may be secrets.
	deliveryIDs = lazily(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	days        = lazily(`^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2})?$`)
	// fractions end a point in time or a duration.
	fractions = lazily(`([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9}(Z|[+-][0-9]{2})?|(^|[ =])[0-9]{1,3}\.[0-9]{1,9}m?s)$`)
	letters   = lazily(`[A-Za-z]+`)
)

// hideRandom hides a run of letters and digits that no word is made of: that changes
// between small and capital letters and digits more often than words do, or goes on
// for longer.
func hideRandom(m *mask, s string, at []int) []span {
	run := s[at[0]:at[1]]
	if deliveryIDs().MatchString(run) || days().MatchString(run) || isOrdinary(run) ||
		fractions().MatchString(s[max(0, at[0]-len("2006-01-02T15:04:05.")):at[1]]) {
		return nil
	}
	changes, digits, last := 0, 0, 0
	for _, r := range run {
		kind := 0
		switch {
		case unicode.IsDigit(r):
			kind = 1
			digits++
		case unicode.IsUpper(r):
			kind = 2
		case unicode.IsLower(r):
			kind = 3
		}
		if kind == 0 {
			continue
		}
		if last != 0 && kind != last {
			changes++
		}
		last = kind
	}
	longest := 0
	for _, w := range letters().FindAllString(run, -1) {
		n := len(w)
		if strings.ToUpper(w) == w {
			n += 6 // capitals shout in shorter words
		}
		longest = max(longest, n)
	}
	mixed := changes >= 3 && changes*5 >= len(run)-4 && (digits > 0 || len(run) >= 12)
	if mixed || digits >= 10 || digits >= 6 && changes > 0 || longest >= 24 || digits > 0 && changes > 0 && len(run) >= 20 {
		return hideOther(m, s, at)
	}
	return nil
}

// hideUserinfo hides what is before the @ of an address without a scheme.
func hideUserinfo(_ *mask, s string, at []int) []span {
	run := s[at[0]:at[1]]
	if i := strings.Index(run, "://"); i >= 0 && i == strings.IndexByte(run, ':') {
		return nil // a URL
	}
	return []span{{at[0], at[1] - 1, "(hidden)", rankHidden}}
}

// hidePath hides the path behind a host, unless it is the path of a file.
func hidePath(_ *mask, s string, at []int) []span {
	if at[0] > 0 && (strings.IndexByte(`/\.@~:-`, s[at[0]-1]) >= 0 || wordBefore(s, at[0])) {
		return nil
	}
	return []span{{at[2], at[3], "…", rankPath}}
}

var (
	schemeMarks = lazily(`[a-zA-Z][a-zA-Z0-9+.-]*://`)
	authorities = lazily(`^(\[[0-9a-fA-F:.%]+\]|[\p{L}\p{N}._~-]+)(:[0-9]{1,5})?`)
)

// longestUserinfo is how far behind a scheme an @ is looked for, in bytes.
const longestUserinfo = 256

// urls keeps of URLs where they lead, and of that only what is public. Paths of
// webhooks are often secrets.
func (m *mask) urls(s string) []span {
	var all []span
	for _, mark := range schemeMarks().FindAllStringIndex(s, -1) {
		from := mark[1]
		to := from + runOf(s[from:])
		at := strings.LastIndexByte(s[from:to], '@')
		host := authorities().FindStringSubmatch(s[from:to])
		if at < 0 && (host == nil || odd(s[from+len(host[0]):to])) {
			// A password with a space in it: the @ is further on.
			window := s[from:min(len(s), from+longestUserinfo)]
			if next := strings.Index(window, "://"); next >= 0 {
				window = window[:next]
			}
			if at = strings.IndexByte(window, '@'); at < 0 {
				host = nil
			}
		}
		if at >= 0 {
			all = append(all, span{from, from + at, "(hidden)", rankHidden})
			from += at + 1
			to = from + runOf(s[from:])
			host = authorities().FindStringSubmatch(s[from:to])
		}
		end := from + len(strings.TrimRight(s[from:to], ".,;:\"'`)]}>\\"))
		if host == nil {
			all = append(all, span{from, max(from, end), "(hidden)", rankHidden})
			continue
		}
		if name := host[1]; isPrivateName(name) {
			all = append(all, span{from, from + len(name), m.host(name, "private host"), rankHost})
		}
		all = append(all, m.behind(s, from+len(host[0]), end)...)
	}
	return all
}

// runOf is how long the text is up to a space.
func runOf(s string) int {
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return i
	}
	return len(s)
}

// odd reports whether what is behind a host cannot be there.
func odd(rest string) bool {
	rest = strings.TrimLeft(rest, ".,;\"'`)]}>\\")
	return len(rest) > 1 && rest[0] == ':' || rest != "" && strings.IndexByte("/?#:", rest[0]) < 0
}

// behind hides what is behind the host of a URL, unless it leads to a claim.
func (m *mask) behind(s string, from, to int) []span {
	if from >= to || s[from:to] == "/" {
		return nil
	}
	claim, isClaim := strings.CutPrefix(strings.Trim(s[from:to], "/"), "~")
	if isClaim && m.plain[claim] {
		return nil
	}
	if s[from] == '/' || s[from] == '?' {
		from++
	}
	return []span{{from, to, "…", rankPath}}
}

// isPrivateName reports whether a host name means something at home only.
func isPrivateName(host string) bool {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || host == "localhost" {
		return false
	}
	return !strings.Contains(host, ".") || private().FindString(host) == host
}
