package wizard

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"net"
	"net/url"
	"strconv"
	"strings"

	"homehook/agent/control"
	"homehook/gui/look"
)

// Names that are proposed.
const (
	claimProposal = "home"
	tryRelay      = "try"
)

// unguessable returns 24 random characters that may stand in a name: the address of
// a shared relay is known to nobody who was not told it.
func unguessable() string {
	random := make([]byte, 15)
	rand.Read(random) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(random))
}

// newSecret makes a secret of 32 random bytes.
func newSecret() string {
	random := make([]byte, 32)
	rand.Read(random) // never fails
	return base64.RawURLEncoding.EncodeToString(random)
}

// nameProblem says what is wrong with the name of a claim; "" is nothing.
func nameProblem(name string) string {
	const most = 63
	switch {
	case name == "":
		return look.T("Give it a name, such as “garage”.")
	case strings.ToLower(name) != name:
		return look.T("Only lower-case letters: {{.Better}}", look.V{"Better": slug(name)})
	case slug(name) != name:
		if better := slug(name); better != "" {
			return look.T("Only letters a to z, digits and hyphens, and no hyphen at the ends: {{.Better}}", look.V{"Better": better})
		}
		return look.T("Only letters a to z, digits and hyphens.")
	case len(name) > most:
		return look.T("At most 63 characters; this has {{.Count}}.", look.V{"Count": len(name)})
	}
	return ""
}

// slug is a text as a name: what cannot stand in one becomes a hyphen.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune("äöüß", r):
			b.WriteString(map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss"}[r])
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// relayAddress completes the address of a relay as people type it. problem says
// what is wrong with it.
func relayAddress(typed string) (address, problem string) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", look.T("Enter the address of the relay, such as https://relay.example.com.")
	}
	if !strings.Contains(typed, "://") {
		typed = "https://" + typed
	}
	u, err := url.Parse(typed)
	switch {
	case err != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, " _"):
		return "", look.T("This is not an address. It looks like https://relay.example.com.")
	case u.Scheme != "https" && u.Scheme != "http":
		return "", look.T("The address begins with https://.")
	case u.User != nil:
		return "", look.T("Leave out the user name; a token comes in the next step.")
	case u.RawQuery != "" || u.Fragment != "":
		return "", look.T("Leave out what begins with ? or #.")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "", look.T("Use https://: with http:// everybody on the way could read the token and every delivery.")
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.Path, "/"), ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// relayName is the name under which a relay is configured: that which it has, or
// one made of its address that is free.
func relayName(address string, have []control.ConfigEntry) string {
	for i := range have {
		if strings.TrimRight(text(&have[i], "url"), "/") == address && !embedded(&have[i]) {
			return have[i].Name
		}
	}
	base := "relay"
	if u, err := url.Parse(address); err == nil && net.ParseIP(u.Hostname()) == nil {
		labels := strings.Split(u.Hostname(), ".")
		name := labels[0]
		if (name == "relay" || name == "www" || name == "homehook") && len(labels) > 2 {
			name = labels[1]
		}
		if s := slug(name); s != "" {
			base = s
		}
	}
	return free(base, have)
}

// free is a name that no entry has: base itself, or with a number behind it.
func free(base string, have []control.ConfigEntry) string {
	name := base
	for n := 2; named(have, name) != nil; n++ {
		name = base + "-" + strconv.Itoa(n)
	}
	return name
}

// secretName is the credential with the sender's secret: the same whenever the same
// claim is set up for the same sender.
func secretName(sender, claim string) string {
	const most = 24 // of the name, so that the whole stays short enough
	if len(claim) > most {
		claim = strings.TrimRight(claim[:most], "-")
	}
	return sender + "/" + claim
}
