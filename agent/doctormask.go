package agent

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"os/user"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// mask takes out of texts what strangers need not know to find out why an agent
// does not work: credentials first of all, then hosts and addresses of the home,
// names of people. What it takes out twice has the same stand-in both times.
// It knows nothing for sure but the values of credentials: texts that may hold
// others have to be kept out before.
type mask struct {
	secrets []stand           // values of credentials, longest first
	names   []stand           // of hosts, folders and people, likewise
	plain   map[string]bool   // what is no secret, whatever it looks like
	hosts   map[string]string // stand-ins of hosts and addresses
	counts  map[string]int    // of stand-ins, by kind
}

// stand is a text and what stands for it.
type stand struct{ text, instead string }

// shortestSecret is how short a credential is taken out everywhere. A shorter one
// may be part of any word.
const shortestSecret = 5

// newMask makes a mask that knows the values of credentials, by name, and what is
// no secret.
func newMask(values map[string][]string, plain ...string) *mask {
	m := &mask{plain: map[string]bool{}, hosts: map[string]string{}, counts: map[string]int{}}
	for _, s := range plain {
		m.plain[s] = true
	}
	for name, all := range values {
		m.plain[name] = true
		for _, v := range all {
			if len(v) < shortestSecret {
				continue
			}
			for _, form := range []string{v, url.QueryEscape(v)} {
				m.secrets = longestFirst(append(m.secrets, stand{form, "(credential " + name + ")"}))
			}
		}
	}
	if home, err := os.UserHomeDir(); err == nil && len(home) > 4 {
		m.knows(home, "~")
	}
	if name, err := os.Hostname(); err == nil && len(name) > 2 && name != "localhost" {
		m.knows(name, "(this machine)")
	}
	if u, err := user.Current(); err == nil {
		m.knowsPerson(u.Username)
	}
	return m
}

// knowsPerson has the name of a user taken out, unless that is one of a system's
// own or may be part of any word.
func (m *mask) knowsPerson(name string) {
	if len(name) > 3 && name != "root" && name != "homehook" {
		m.knows(name, "(user)")
	}
}

// knows has a text taken out wherever it is.
func (m *mask) knows(text, instead string) {
	m.names = longestFirst(append(m.names, stand{text, instead}))
}

// longestFirst has no text taken out of the middle of another one.
func longestFirst(all []stand) []stand {
	slices.SortStableFunc(all, func(a, b stand) int { return cmp.Compare(len(b.text), len(a.text)) })
	return all
}

// withStands is s with what stands for each text.
func withStands(s string, all []stand) string {
	for _, k := range all {
		s = strings.ReplaceAll(s, k.text, k.instead)
	}
	return s
}

var (
	urls      = regexp.MustCompile(`\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>\\` + "`" + `)\]}]+`)
	addresses = regexp.MustCompile(`\[?(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F.]{0,15}(?:%[0-9a-zA-Z]+)?\]?|\b(?:\d{1,3}\.){3}\d{1,3}\b`)
	mails     = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`)
	schemes   = regexp.MustCompile(`(?i)\b(bearer|basic|digest|token|signature|password|secret|api[-_]?key)(\s*[:=]\s*|\s+)"?[^\s",;]{5,}"?`)
	prefixed  = regexp.MustCompile(`\b(?:hh|whsec|gh[pousr]|github_pat|glpat|sk|pk|rk|xox[a-z]|AKIA|eyJ)[_-]?[A-Za-z0-9][A-Za-z0-9_.=+/-]{7,}`)
	random    = regexp.MustCompile(`[A-Za-z0-9_=+-]{20,}`)
	uuids     = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	homes     = regexp.MustCompile(`(/home/|/Users/|[A-Za-z]:\\Users\\)[^/\\\s"':]+`)
	private   = regexp.MustCompile(`(?i)\b[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.(?:local|lan|home|internal|intranet|localdomain|home\.arpa|fritz\.box)\b`)
)

// text takes out of one text.
func (m *mask) text(s string) string {
	s = withStands(s, m.secrets)
	s = urls.ReplaceAllStringFunc(s, m.url) // as a whole, before what is in them
	s = withStands(s, m.names)
	s = mails.ReplaceAllString(s, "(mail address)")
	s = schemes.ReplaceAllStringFunc(s, m.value)
	s = prefixed.ReplaceAllStringFunc(s, m.other)
	s = random.ReplaceAllStringFunc(s, m.random)
	s = private.ReplaceAllStringFunc(s, func(host string) string { return m.host(host, "private host") })
	s = addresses.ReplaceAllStringFunc(s, m.address)
	return homes.ReplaceAllString(s, "${1}user")
}

// value hides what is behind the name of a kind of secret.
func (m *mask) value(s string) string {
	parts := schemes.FindStringSubmatch(s)
	rest := strings.Trim(s[len(parts[1])+len(parts[2]):], `"`)
	word := strings.TrimSpace(parts[2]) == "" && strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLower(r) }) < 0
	if word || m.plain[rest] || strings.HasPrefix(rest, "(") {
		return s // "the token belongs to", "token: relay/mine", or hidden already
	}
	return parts[1] + parts[2] + "(hidden)"
}

// random hides a long run of letters and digits that is no word and no id of a
// delivery.
func (m *mask) random(s string) string {
	letters, digits := strings.IndexFunc(s, unicode.IsLetter) >= 0, strings.IndexFunc(s, unicode.IsDigit) >= 0
	if !letters || !digits || uuids.MatchString(s) {
		return s
	}
	return m.other(s)
}

// other hides what looks like a secret, unless it is part of what is known to be
// none.
func (m *mask) other(s string) string {
	for plain := range m.plain {
		if strings.Contains(plain, s) {
			return s
		}
	}
	return "(hidden)"
}

// url keeps of a URL where it leads, and of that only what is public. Paths of
// webhooks are often secrets.
func (m *mask) url(s string) string {
	end := len(s)
	for end > 0 && strings.IndexByte(".,;:", s[end-1]) >= 0 {
		end--
	}
	u, err := url.Parse(s[:end])
	if err == nil && strings.HasPrefix(u.Host, "(") {
		return s // it was hidden before
	}
	if err != nil || u.Host == "" {
		return "(hidden)" + s[end:]
	}
	out := u.Scheme + "://" + m.hostPort(u)
	switch path := strings.Trim(u.Path, "/"); {
	case path == "":
		out += u.Path
	case strings.HasPrefix(path, "~") && !strings.Contains(path, "/"):
		out += u.Path // that of a claim
	default:
		out += "/…"
	}
	return out + s[end:]
}

func (m *mask) hostPort(u *url.URL) string {
	host := u.Hostname()
	if a, err := netip.ParseAddr(host); err == nil {
		host = m.address(a.String())
	} else if isPrivateName(host) {
		host = m.host(host, "private host")
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	return host
}

// isPrivateName reports whether a host name means something at home only.
func isPrivateName(host string) bool {
	if host == "localhost" {
		return false
	}
	return !strings.Contains(host, ".") || private.FindString(host) == host
}

// address hides an address, and keeps of which kind it is.
func (m *mask) address(s string) string {
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	switch {
	case err != nil || a.IsLoopback() || a.IsUnspecified():
		return s
	case a.IsPrivate() || a.IsLinkLocalUnicast():
		return m.host(a.String(), "private address")
	}
	return m.host(a.String(), "address")
}

// host is what stands for a host.
func (m *mask) host(name, kind string) string {
	name = strings.ToLower(name)
	if m.hosts[name] == "" {
		m.counts[kind]++
		m.hosts[name] = fmt.Sprintf("(%s %d)", kind, m.counts[kind])
		if _, err := netip.ParseAddr(name); err != nil && len(name) > 3 {
			m.knows(name, m.hosts[name]) // an address is found without that
		}
	}
	return m.hosts[name]
}

// masked returns v with all of its texts masked.
func masked[T any](m *mask, v T) (out T, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return out, err
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return out, err
	}
	if text, err = json.Marshal(m.tree(tree)); err != nil {
		return out, err
	}
	return out, json.Unmarshal(text, &out)
}

func (m *mask) tree(v any) any {
	switch v := v.(type) {
	case string:
		return m.text(v)
	case []any:
		for i := range v {
			v[i] = m.tree(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = m.tree(v[key])
		}
	}
	return v
}
