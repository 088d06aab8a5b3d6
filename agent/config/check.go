package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"homehook/routes"
)

// checker holds values against each other once they are decoded.
type checker struct {
	*decoder
	file *file
	// reported has the paths of the problems found so far.
	reported map[string]bool
	// relays and claims are the names that others may refer to.
	relays, claims names
}

// names are the names of a list's entries.
type names struct {
	list []string
	// unsure: a name could not be read, so one that seems missing may be it.
	unsure bool
}

// check reports everything wrong between the values, and compiles the routes.
func (c *checker) check() *routes.Table {
	c.relays = c.names("relays", len(c.file.Relays), func(i int) string { return c.file.Relays[i].Name })
	c.claims = c.names("claims", len(c.file.Claims), func(i int) string { return c.file.Claims[i].Name })
	for i := range c.file.Relays {
		c.relay(i)
	}
	for i := range c.file.Claims {
		c.claim(i)
	}
	c.history()
	c.updates()
	for i := range c.file.Routes {
		c.route(i)
	}
	return c.compile()
}

// report notes a problem unless the value was not even read.
func (c *checker) report(path, message, remedy string) {
	if c.isBroken(path) {
		return
	}
	c.reported[path] = true
	c.reportAt(path, c.place(path), message, remedy)
}

// relay checks one relay.
func (c *checker) relay(i int) {
	r, path := c.file.Relays[i], fmt.Sprintf("relays[%d]", i)
	if c.name(path, "relay", r.Name) {
		c.once(path, "relay", r.Name, i, func(j int) string { return c.file.Relays[j].Name })
	}
	c.relayURL(path+".url", r)
	if r.Token != "" && !credentialName(r.Token) {
		// The value is not repeated: it may be the secret itself.
		name := r.Name
		if !label(name) {
			name = "NAME"
		}
		c.report(path+".token", "token is the name of a credential, never the secret itself", fmt.Sprintf("keep the secret with: homehook secret set relay/%s, and write token: relay/%s", name, name))
	}
	c.embedded(path, i)
	c.roots(path+".ca", r.CA)
	c.proxy(path, r)
	if r.Dialect != "" && !slices.Contains(Dialects, r.Dialect) {
		remedy := "leave it out to have the agent choose, or use one of: " + strings.Join(Dialects, ", ")
		if near := nearest(r.Dialect, Dialects); near != "" {
			remedy = fmt.Sprintf("did you mean %q? Or leave it out to have the agent choose", near)
		}
		c.report(path+".dialect", fmt.Sprintf("unknown dialect %q", r.Dialect), remedy)
	}
}

// names gathers the names of the n entries of a list.
func (c *checker) names(list string, n int, nameOf func(int) string) names {
	out := names{unsure: c.isBroken(list)}
	for i := range n {
		out.unsure = out.unsure || c.isBroken(fmt.Sprintf("%s[%d].name", list, i))
		if name := nameOf(i); name != "" {
			out.list = append(out.list, name)
		}
	}
	return out
}

// history checks the settings of the history.
func (c *checker) history() {
	h := c.file.History
	if h.Keep != nil && *h.Keep == 0 {
		c.report("history.keep", "keep is zero", "write history: {off: true} to keep nothing")
	}
	if h.MaxSize != nil && *h.MaxSize == 0 {
		c.report("history.max_size", "max_size is zero", "write history: {off: true} to keep nothing")
	}
	for i, rule := range h.Redact {
		c.redaction(fmt.Sprintf("history.redact[%d]", i), rule)
	}
}

// name checks the name of a relay or claim and says whether there is one.
func (c *checker) name(path, kind, name string) bool {
	if name == "" {
		c.report(path+".name", "this "+kind+" has no name", "add name: and a short name")
		return false
	}
	if !label(name) {
		c.report(path+".name", fmt.Sprintf("%s name %q is not made of lower-case letters, digits and hyphens", kind, name), "a name begins and ends with a letter or digit and has at most 63 of them")
	}
	return true
}

// once reports entry i when an earlier one has the same name.
func (c *checker) once(path, kind, name string, i int, nameOf func(int) string) {
	for j := range i {
		if nameOf(j) == name {
			first := c.line(fmt.Sprintf("%s[%d].name", path[:strings.IndexByte(path, '[')], j))
			c.report(path+".name", fmt.Sprintf("%s %q is defined twice (first at line %d)", kind, name, first), "rename or remove one of them")
			return
		}
	}
}

// relayURL checks the address of a relay. Messages leave the address out where
// it may hold a password.
func (c *checker) relayURL(path string, r Relay) {
	if r.URL == "" {
		c.report(path, "this relay has no url", "add url: https://… as the relay's operator gave it")
		return
	}
	u, err := url.Parse(r.URL)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		c.report(path, "url is not an address", "write it like https://relay.example.com")
	case u.Scheme != "https" && u.Scheme != "http":
		c.report(path, fmt.Sprintf("url has the scheme %q", u.Scheme), "use https:// (or http:// on this machine)")
	case u.User != nil:
		c.report(path, "url holds a user name or password", "leave it out and name a credential with token:")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		c.report(path, "url has a query or fragment", "leave out everything from ? or # on")
	case u.Scheme == "http" && linkLocal(u.Hostname()):
		c.report(path, fmt.Sprintf("url has the address %s, which is another machine in each network, or a service of the cloud that this one is in", u.Hostname()), "write the relay's name, or another of its addresses")
	case u.Scheme == "http" && !loopback(u.Hostname()) && !r.Plain:
		c.report(path, "http:// would send token and deliveries readable over the network", "use https://, or add plain: true if you accept that")
	}
}

// roots checks that a file of roots holds certificates.
func (c *checker) roots(path, name string) {
	if name == "" {
		return
	}
	if !filepath.IsAbs(name) {
		c.report(path, fmt.Sprintf("ca %q is not an absolute path", name), "write its whole path")
		return
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.report(path, fmt.Sprintf("ca %q does not exist", name), "check the path, or leave ca out to trust the system's roots alone")
		return
	case err != nil || !info.Mode().IsRegular() || info.Size() > maxFile:
		c.report(path, fmt.Sprintf("ca %q is not a file of certificates", name), "name a PEM file with CERTIFICATE blocks")
		return
	}
	pem, err := os.ReadFile(name)
	if err != nil {
		c.report(path, fmt.Sprintf("ca %q cannot be read", name), "let the user of the agent read it")
		return
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		c.report(path, fmt.Sprintf("ca %q holds no certificate", name), "it must be a PEM file with CERTIFICATE blocks")
	}
}

// loopback says whether host is this machine, whatever the resolver thinks.
func loopback(host string) bool {
	if host = strings.ToLower(strings.TrimSuffix(host, ".")); host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// linkLocal says whether host is an address that counts in one network alone, such as
// 169.254.169.254, or for many.
func linkLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	return ip.IsLinkLocalUnicast() || ip.IsMulticast()
}

// label says whether name is a DNS label in lower case.
func label(name string) bool {
	if name == "" || len(name) > 63 || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	return onlyOf(name, "-")
}

// secretPrefixes are how secrets of well-known senders begin, as far as the
// letters of a credential's name allow.
var secretPrefixes = [...]string{
	"hh_", "whsec_", "whpk_", "whsk_", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "pk_test_",
	"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gloas-", "glft-",
	"xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-", "shpss_", "shpat_", "sg.", "tk_",
}

// credentialName says whether name can be the name of a credential. Long runs
// of hexadecimal digits or of letters mixed with digits, and what begins as
// tokens do, are taken for a secret that was written here by mistake.
func credentialName(name string) bool {
	if name == "" || len(name) > 64 || !onlyOf(name[:1], "") || !onlyOf(name, "._/-") {
		return false
	}
	for _, prefix := range secretPrefixes {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	if len(name) >= 24 && strings.Trim(name, "0123456789abcdef-") == "" {
		return false
	}
	if strings.Contains(name, "/") {
		return true // somebody has put it into a folder, such as import/ and a hook's random id
	}
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return strings.ContainsRune("._/-", r) }) {
		if len(word) >= 20 && turns(word) >= 4 {
			return false
		}
	}
	return true
}

// turns counts where letters turn into digits or digits into letters: often in
// what is random, seldom in a name.
func turns(word string) (n int) {
	for i := 1; i < len(word); i++ {
		if (word[i] <= '9') != (word[i-1] <= '9') {
			n++
		}
	}
	return n
}

// onlyOf says whether s has only lower-case letters, digits and extra.
func onlyOf(s, extra string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(extra, r) {
			return false
		}
	}
	return true
}

// instead names what may have been meant with a name that is not there.
func instead(name string, names []string, kind string) string {
	if near := nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(names) == 0 {
		return "there are no " + kind
	}
	return "there are: " + listed(names)
}

// listed puts names into a sentence, the first few of many.
func listed(names []string) string {
	const few = 8
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
