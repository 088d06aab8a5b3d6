package ptth

import (
	"bytes"
	"net/url"

	"homehook/http1"
)

// The protocols that an agent can be the server of behind an upgrade to
// "ptth", by their ALPN names (RFC 7301).
const (
	ProtocolH2 = "h2"
	ProtocolH1 = "http/1.1"
)

// fieldALPN carries their names in the upgrade and its answer, each with
// percent escapes (RFC 7639).
const fieldALPN = "ALPN"

// ChooseProtocol returns the best of the protocols that an upgrade request to
// "ptth" offers. The error is an [*http1.Error] that says what is missing.
func ChooseProtocol(r *http1.Request) (string, error) {
	chosen := ""
	offered, err := protocols(&r.Head)
	if err != nil {
		return "", err
	}
	for _, p := range offered {
		if p == ProtocolH2 || p == ProtocolH1 && chosen == "" {
			chosen = p
		}
	}
	switch {
	case len(offered) == 0:
		return "", &http1.Error{Status: 400, Detail: "an upgrade to ptth needs a field \"ALPN: h2, http%2F1.1\" that offers one of these"}
	case chosen == "":
		return "", &http1.Error{Status: 406, Detail: "none of the protocols in ALPN is spoken on links here; offer h2 or http%2F1.1"}
	}
	return chosen, nil
}

// protocols reads the names in the ALPN fields of a head.
func protocols(h *http1.Head) ([]string, error) {
	var list []string
	for v := range h.Values(fieldALPN) {
		for item := range bytes.SplitSeq(v, []byte{','}) {
			item = bytes.TrimSpace(item)
			if len(item) == 0 {
				continue
			}
			name, err := url.PathUnescape(string(item))
			if err != nil || !isToken(string(item)) {
				return nil, &http1.Error{Status: 400, Detail: "the ALPN field is malformed"}
			}
			list = append(list, name)
		}
	}
	return list, nil
}

// protocolField is the value of ALPN for one protocol.
func protocolField(name string) string { return url.PathEscape(name) }

// AcceptProtocol is [Accept] for an upgrade to "ptth" with the protocol that
// was chosen. A link in HTTP/2 goes on with [Link.Share] in the place of Start.
func AcceptProtocol(x *http1.Exchange, o Offer, protocol string, fields func(*http1.Writer)) (*Link, error) {
	return Accept(x, o, func(w *http1.Writer) {
		w.Field(fieldALPN, protocolField(protocol))
		if fields != nil {
			fields(w)
		}
	})
}
