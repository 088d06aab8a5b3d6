package agent

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"homehook/agent/control"
)

// TestEditedReplayIsSignedByItsRoute: the URL is that of the sender, and what a
// scheme leaves open is as the route has it.
func TestEditedReplayIsSignedByItsRoute(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "ok") })
	var routes strings.Builder
	for name, verify := range map[string]string{
		"square": `scheme: square, secret: own`,
		"own":    `scheme: hmac, header: X-Own, hash: sha512, prefix: "v1=", signed: "{method} {url} {body}", secret: own`,
		"basic":  `scheme: basic, user: me, secret: own`,
		"signed": `scheme: rfc9421, secret: own`,
	} {
		fmt.Fprintf(&routes, "  - {name: %[1]s, claim: garage, match: /%[1]s, verify: {%[2]s}, forward: {to: %[3]q}}\n", name, verify, a.URL)
	}
	h := startHome(t, storing(r.addr, "", routes.String()))
	if err := h.opts.Credentials.Set("own", "the secret of all"); err != nil {
		t.Fatal(err)
	}
	for path, scheme := range map[string]string{"square": "square", "own": "hmac", "basic": "basic", "signed": "rfc9421"} {
		s := sent{id: newID(), line: "POST /" + path + "?a=1", body: "{}", fields: "X-Forwarded-Prefix: /~garage\r\n"}
		r.must(t, s)
		h.record(t, s.id, "rejected")
		rec, err := h.client.Replay(t.Context(), s.id, control.Replay{Body: []byte("edited"), Sign: &control.Sign{Scheme: scheme, Secret: "own"}})
		if err != nil || rec.State != "succeeded" || rec.Reason != "replayed by hand; the signature is good" {
			t.Errorf("%s: %+v, %v", scheme, rec, err)
		}
	}
}
