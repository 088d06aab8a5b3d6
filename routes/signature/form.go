package signature

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// maxPairs is how many values of a form are read.
const maxPairs = 10_000

// twilioContent is what Twilio signs of a body: the names and values of a form
// in order, each value once; or nothing where the URL has the digest of the body
// in it, which must fit then.
func twilioContent(body []byte, target string) ([]byte, error) {
	_, query, _ := strings.Cut(target, "?")
	if params, err := readForm([]byte(query)); err == nil && len(params["bodySHA256"]) > 0 {
		sum := sha256.Sum256(body)
		for _, given := range params["bodySHA256"] {
			b, err := hex.DecodeString(given)
			if err != nil || subtle.ConstantTimeCompare(b, sum[:]) != 1 {
				return nil, failf(StepSignature, "body changed on the way: its digest is not the one in the URL (bodySHA256)")
			}
		}
		return nil, nil
	}
	form, err := readForm(body)
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, name := range slices.Sorted(maps.Keys(form)) {
		slices.Sort(form[name])
		for _, value := range slices.Compact(form[name]) {
			text = append(append(text, name...), value...)
		}
	}
	return text, nil
}

// readForm reads a form that is encoded as in a URL.
func readForm(text []byte) (map[string][]string, error) {
	if bytes.Count(text, []byte("&")) > maxPairs {
		return nil, failf(StepFormat, "the form in the body has too many values")
	}
	form := map[string][]string{}
	for pair := range strings.SplitSeq(string(text), "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return nil, failf(StepFormat, "the body is no form that can be read: a %% has no two digits behind it")
		}
		if pair != "" {
			form[name] = append(form[name], value)
		}
	}
	return form, nil
}

// withPorts lists a URL, and the same with and without the port: which of them
// a sender signs depends on its libraries.
func withPorts(target string) []string {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return []string{target}
	}
	scheme, rest, _ := strings.Cut(target, "://")
	host, tail := rest, ""
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		host, tail = rest[:at], rest[at:]
	}
	if port := u.Port(); port != "" {
		return []string{target, scheme + "://" + strings.TrimSuffix(host, ":"+port) + tail}
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return []string{target, scheme + "://" + host + ":" + port + tail}
}
