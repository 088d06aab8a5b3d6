package relay

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestClaimsAPI(t *testing.T) {
	tr := startRelay(t, Options{})
	other, err := tr.CreateToken(t.Context(), "other", 1)
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + tr.addr + "/~"
	claim := func(name string, links int, maxBody int64) claimJSON {
		return claimJSON{
			Name: name, URL: base + name + "/", Answer: "hold", HoldMS: 2000, MaxBody: maxBody, Connected: links > 0, Links: links,
			Queue: queueJSON{10_000, 1 << 30, 7 * 24 * 3600},
		}
	}
	through, set := claim("garage", 0, 0), claim("garage", 0, 0)
	through.Answer = "through"
	set.Answer, set.HoldMS, set.Queue = "store", 12_000, queueJSON{5, 6, 7}
	set.Accepted = &acceptedJSON{Status: 200, Headers: [][]string{{"X-A", "b"}}, Body: "thanks"}
	set.Sender = &senderJSON{Preset: "discord", PublicKey: strings.Repeat("ab", 32)}
	const whole = `{"answer":"store","hold_ms":12000,"accepted":{"status":200,"headers":[["X-A","b"]],"body":"thanks"},` +
		`"sender":{"preset":"discord","public_key":"abababababababababababababababababababababababababababababababab"},"queue":{"max_items":5,"max_bytes":6,"max_age_s":7}}`
	steps := []struct {
		name, method, path, token, body string
		status                          int
		want                            any    // a claimJSON or a list of them
		detail                          string // part of a problem's detail
	}{
		{"no token", "GET", "/api/claims", "", "", 401, nil, "token is missing"},
		{"wrong token", "GET", "/api/claims", "hh_x", "", 401, nil, "token is missing"},
		{"no claims", "GET", "/api/claims", tr.token, "", 200, []claimJSON{}, ""},
		{"create", "PUT", "/api/claims/Garage", tr.token, `{"answer":"through"}`, 200, through, ""},
		{"everything", "PUT", "/api/claims/garage", tr.token, whole, 200, set, ""},
		{"create without a body", "PUT", "/api/claims/bare", tr.token, "", 200, claim("bare", 0, 0), ""},
		{"change", "PUT", "/api/claims/garage", tr.token, `{"max_body":1000}`, 200, claim("garage", 0, 1000), ""},
		{"list", "GET", "/api/claims", tr.token, "", 200, []claimJSON{claim("bare", 0, 0), claim("garage", 0, 1000)}, ""},
		{"list of another", "GET", "/api/claims", other, "", 200, []claimJSON{}, ""},
		{"name of another", "PUT", "/api/claims/garage", other, "", 403, nil, "belongs to another token"},
		{"release a name of another", "DELETE", "/api/claims/garage", other, "", 404, nil, "holds no claim"},
		{"unknown mode", "PUT", "/api/claims/garage", tr.token, `{"answer":"x"}`, 400, nil, "none of"},
		{"unknown setting", "PUT", "/api/claims/garage", tr.token, `{"macth":1}`, 400, nil, "JSON object"},
		{"not JSON", "PUT", "/api/claims/garage", tr.token, `{`, 400, nil, "JSON object"},
		{"two values", "PUT", "/api/claims/garage", tr.token, `{} {}`, 400, nil, "more than one"},
		{"limit below 0", "PUT", "/api/claims/garage", tr.token, `{"max_body":-1}`, 400, nil, "below 0"},
		{"hold of no time", "PUT", "/api/claims/garage", tr.token, `{"hold_ms":-1}`, 400, nil, "hold_ms is not between 1 and 12000"},
		{"hold too long", "PUT", "/api/claims/garage", tr.token, `{"hold_ms":12001}`, 400, nil, "hold_ms is not between 1 and 12000"},
		{"accepted with an error", "PUT", "/api/claims/garage", tr.token, `{"accepted":{"status":300}}`, 400, nil, "between 200 and 299"},
		{"accepted without a body", "PUT", "/api/claims/garage", tr.token, `{"accepted":{"status":204,"body":"x"}}`, 400, nil, "has no body"},
		{"accepted too long", "PUT", "/api/claims/garage", tr.token, `{"accepted":{"body":"` + strings.Repeat("x", 4097) + `"}}`, 400, nil, "longer than 4 KiB"},
		{"accepted with half a field", "PUT", "/api/claims/garage", tr.token, `{"accepted":{"headers":[["A"]]}}`, 400, nil, "not a pair"},
		{"accepted with a broken field", "PUT", "/api/claims/garage", tr.token, `{"accepted":{"headers":[["A","b\r\nC: d"]]}}`, 400, nil, "cannot be sent"},
		{"accepted with framing", "PUT", "/api/claims/garage", tr.token, `{"accepted":{"headers":[["Content-Length","5"]]}}`, 400, nil, "may not have the field Content-Length"},
		{"accepted with a connection", "PUT", "/api/claims/garage", tr.token, `{"accepted":{"headers":[["Connection","close"]]}}`, 400, nil, "field of the connection"},
		{"accepted with a cookie", "PUT", "/api/claims/garage", tr.token, `{"accepted":{"headers":[["set-cookie","a=b"]]}}`, 400, nil, "may not have the field set-cookie"},
		{"accepted with what home says", "PUT", "/api/claims/garage", tr.token, `{"accepted":{"headers":[["Homehook-Accepted","x"]]}}`, 400, nil, "may not have the field"},
		{"sender that is none", "PUT", "/api/claims/garage", tr.token, `{"sender":{"preset":"A b"}}`, 400, nil, "other characters"},
		{"sender without a preset", "PUT", "/api/claims/garage", tr.token, `{"sender":{"public_key":"ab"}}`, 400, nil, "no preset"},
		{"half a key", "PUT", "/api/claims/garage", tr.token, `{"sender":{"preset":"discord","public_key":"ab"}}`, 400, nil, "32 bytes"},
		{"half a hash", "PUT", "/api/claims/garage", tr.token, `{"sender":{"preset":"meta","verify_token_sha256":"ab"}}`, 400, nil, "32 bytes"},
		{"queue below 0", "PUT", "/api/claims/garage", tr.token, `{"queue":{"max_items":-1}}`, 400, nil, "below 0"},
		{"unknown within", "PUT", "/api/claims/garage", tr.token, `{"queue":{"items":1}}`, 400, nil, "JSON object"},
		{"long body", "PUT", "/api/claims/garage", tr.token, strings.Repeat(" ", 100_000), 400, nil, "JSON object"},
		{"malformed name", "PUT", "/api/claims/a_b", tr.token, "", 400, nil, "1 to 63"},
		{"reserved name", "PUT", "/api/claims/api", tr.token, "", 403, nil, "kept for the relay"},
		{"beyond the limit", "PUT", "/api/claims/a", other, "", 200, claim("a", 0, 0), ""},
		{"beyond the limit", "PUT", "/api/claims/b", other, "", 403, nil, "may hold 1 claims and holds 1"},
		{"release", "DELETE", "/api/claims/bare", tr.token, "", 204, nil, ""},
		{"release again", "DELETE", "/api/claims/bare", tr.token, "", 404, nil, "holds no claim"},
		{"unknown resource", "GET", "/api/x", tr.token, "", 404, nil, "/api/claims"},
	}
	for _, tt := range steps {
		t.Run(tt.name, func(t *testing.T) {
			res, body := call(t, tr, tt.method, tt.path, tt.token, tt.body)
			if res.StatusCode != tt.status {
				t.Fatalf("got %d %s, want %d", res.StatusCode, body, tt.status)
			}
			switch want := tt.want.(type) {
			case claimJSON:
				checkJSON(t, body, want)
			case []claimJSON:
				checkJSON(t, body, want)
			default:
				if tt.detail != "" {
					checkProblem(t, res, body, tt.status, tt.detail)
				}
			}
		})
	}
	tr.dial(t, "garage", echo)
	tr.waitLinks(t, "garage", 1)
	_, body := call(t, tr, "GET", "/api/claims", tr.token, "")
	checkJSON(t, body, []claimJSON{claim("garage", 1, 1000)})
	c := tr.dir.claim([]byte("garage"))
	call(t, tr, "DELETE", "/api/claims/garage", tr.token, "")
	waitFor(t, "the link is dropped", func() bool { return c.links() == 0 })
	if status, body := tr.ask(t, askGarage); status != 404 || body != errUnknown.detail+"\n" {
		t.Errorf("the released claim answers %d %q", status, body)
	}
}

func call(t *testing.T, tr *testRelay, method, path, token, body string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+tr.addr+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	return res, b.Bytes()
}

func checkJSON[T any](t *testing.T, body []byte, want T) {
	t.Helper()
	var got T
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(claimJSON{}, "Created")); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func checkProblem(t *testing.T, res *http.Response, body []byte, status int, detail string) {
	t.Helper()
	var p problemJSON
	if err := json.Unmarshal(body, &p); err != nil || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s %s: %v", res.Header.Get("Content-Type"), body, err)
	}
	if p.Status != status || !strings.Contains(p.Detail, detail) {
		t.Errorf("got %+v, want detail %q", p, detail)
	}
	if (res.Header.Get("WWW-Authenticate") == "Bearer") != (status == 401) {
		t.Errorf("WWW-Authenticate is %q with %d", res.Header.Get("WWW-Authenticate"), status)
	}
}

func TestClaimURLs(t *testing.T) {
	tests := []struct {
		name   string
		opts   Options
		host   string
		secure bool
		want   string
	}{
		{"from the request", Options{}, "127.0.0.1:8080", false, "http://127.0.0.1:8080/~garage/"},
		{"from the request, TLS", Options{}, "Relay.example", true, "https://relay.example/~garage/"},
		{"no Host", Options{}, "", false, "http://localhost/~garage/"},
		{"domain", Options{Domain: "Relay.example."}, "relay.example:8443", true, "https://garage.relay.example:8443/"},
		{"url", Options{URL: &url.URL{Scheme: "https", Host: "hooks.example"}}, "10.0.0.1:8080", false, "https://hooks.example/~garage/"},
		{"domain and url", Options{Domain: "relay.example", URL: &url.URL{Scheme: "https", Host: "hooks.example"}}, "10.0.0.1:8080", false, "https://garage.relay.example/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, err := newWhereabouts(tt.opts.withDefaults())
			if err != nil {
				t.Fatal(err)
			}
			u := w.claimURLs(tt.host, tt.secure)
			if got := u.of("garage"); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{
		{Domain: "a b"},
		{Domain: "a..b"},
		{URL: &url.URL{Scheme: "ftp", Host: "a"}},
		{URL: &url.URL{Scheme: "http"}},
		{URL: &url.URL{Scheme: "http", Host: "a", Path: "/x"}},
	} {
		o.Data = t.TempDir()
		if _, err := New(t.Context(), o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
