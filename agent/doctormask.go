package agent

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"
)

// mask takes out of texts what strangers need not know to find out why an agent
// does not work: credentials first of all, then what the configuration hides, hosts
// and addresses of the home, names of people. What it takes out twice has the same
// stand-in both times. Every rule sees a text as it came, and no rule sees what
// another put there: what two of them hide in part is hidden as a whole.
// It knows nothing for sure but values of credentials and of the configuration:
// texts that may hold others have to be kept out before.
type mask struct {
	known  []form            // what is taken out wherever it is
	has    map[string]bool   // texts of known
	plain  map[string]bool   // names that are no secret, whatever they look like
	stored map[string]bool   // names of credentials
	hosts  map[string]string // stand-ins of hosts and addresses
	counts map[string]int    // of stand-ins, by kind
}

// Ranks of what is hidden: of two that overlap the first says what stands there.
const (
	rankCredential = iota
	rankConfigured
	rankHost
	rankPerson
	rankHidden
	rankPath
)

// span is a part of a text that is hidden.
type span struct {
	from, to int
	instead  string
	rank     int
}

// newMask makes a mask that knows the values of credentials, by name, and what is
// no secret.
func newMask(values map[string][]string, plain ...string) *mask {
	m := &mask{
		has: map[string]bool{}, plain: map[string]bool{}, stored: map[string]bool{},
		hosts: map[string]string{}, counts: map[string]int{},
	}
	for _, s := range plain {
		m.plain[s] = true
	}
	for name, all := range values {
		m.plain[name], m.stored[name] = true, true
		for _, v := range all {
			m.secret(v, "(credential "+name+")")
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

// knows has a name taken out wherever it is a word, unless it is one that the
// agent uses itself: that tells nobody anything.
func (m *mask) knows(text, instead string) {
	if !isOrdinary(text) {
		m.add(form{text: lower(text), instead: instead, rank: rankPerson, word: true})
	}
}

// text takes out of one text.
func (m *mask) text(s string) string {
	spans := m.urls(s) // first: it gets to know hosts
	for _, rule := range maskRules {
		for _, at := range rule.pattern().FindAllStringSubmatchIndex(s, -1) {
			spans = append(spans, rule.hide(m, s, at)...)
		}
	}
	return covered(s, append(spans, m.found(s)...))
}

// line is a text that a log may have cut off at its end.
func (m *mask) line(s string) string {
	body, cut := strings.CutSuffix(s, cutOff)
	if !cut {
		return m.text(s)
	}
	low := lower(body)
	for _, f := range m.known {
		for n := min(len(f.text), len(body)); n >= shortestKnown; n-- {
			if strings.HasSuffix(low, f.text[:n]) {
				return m.text(body[:len(body)-n]) + f.instead + cutOff
			}
		}
	}
	return m.text(body) + cutOff
}

// covered is s with what stands for its hidden parts.
func covered(s string, spans []span) string {
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var out strings.Builder
	done := 0
	for i := 0; i < len(spans); {
		one := spans[i]
		for i++; i < len(spans) && spans[i].from < one.to; i++ {
			one.to = max(one.to, spans[i].to)
			if spans[i].rank < one.rank {
				one.rank, one.instead = spans[i].rank, spans[i].instead
			}
		}
		out.WriteString(s[done:one.from])
		out.WriteString(one.instead)
		done = one.to
	}
	return out.String() + s[done:]
}

// address says what stands for an address, and of which kind it is; empty for one
// that is the same everywhere, or none.
func (m *mask) address(s string) string {
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	switch {
	case err != nil || a.IsLoopback() || a.IsUnspecified():
		return ""
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
		if _, err := netip.ParseAddr(name); err != nil && len(name) > 2 {
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
	if text, err = json.Marshal(m.tree(tree, "")); err != nil {
		return out, err
	}
	return out, json.Unmarshal(text, &out)
}

// constants are the keys of a report whose texts are words of this program, which
// readers of the report go by.
var constants = []string{"check", "state", "system", "scope"}

// tree masks what is under a key.
func (m *mask) tree(v any, key string) any {
	switch v := v.(type) {
	case string:
		if slices.Contains(constants, key) && isConstant(v) {
			return v
		}
		if _, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return v
		}
		return m.line(v)
	case []any:
		for i := range v {
			v[i] = m.tree(v[i], key)
		}
	case map[string]any:
		for key := range v {
			v[key] = m.tree(v[key], key)
		}
	}
	return v
}

// isConstant reports whether a text is one lower-case word.
func isConstant(s string) bool {
	return len(s) <= 20 && strings.IndexFunc(s, func(r rune) bool { return r != '_' && r != '-' && (r < 'a' || r > 'z') }) < 0
}
