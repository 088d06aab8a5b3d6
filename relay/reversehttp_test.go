package relay

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const form = "Content-Type: application/x-www-form-urlencoded\n"

// urls are what a registration is reached by, as paths.
type urls struct{ first, related, private string }

var linkField = regexp.MustCompile(`^<http://relay(/reversehttp/[^>]+)>; rel="first", <([^>]+)>; rel="related"$`)

func urlsIn(t testing.TB, a answer) urls {
	t.Helper()
	m := linkField.FindStringSubmatch(a.fields["link"])
	if m == nil || strings.Count(a.head, "\r\nLink: ") != 1 {
		t.Fatalf("no links in %s%s", a.head, a.body)
	}
	return urls{m[1], m[2], strings.TrimPrefix(a.fields["location"], "http://relay")}
}

// register claims garage and returns its URLs.
func (tr *testRelay) register(t testing.TB, more string) urls {
	t.Helper()
	a := tr.peer(t).ask("POST /reversehttp HTTP/1.1\nHost: relay\n"+form, "name=garage&token="+tr.token+more)
	if a.status != 201 && a.status != 204 {
		t.Fatalf("got %s%s", a.head, a.body)
	}
	return urlsIn(t, a)
}

// next returns the path of the URL to poll next.
func next(t testing.TB, a answer) string {
	t.Helper()
	m := regexp.MustCompile(`^<http://relay([^>]+)>; rel="next"$`).FindStringSubmatch(a.fields["link"])
	if m == nil {
		t.Fatalf("no next URL in %s%s", a.head, a.body)
	}
	return m[1]
}

func fetch(path string) string { return "GET " + path + " HTTP/1.1\nHost: relay\n" }

func postTo(path string) string {
	return "POST " + path + " HTTP/1.1\nHost: relay\nContent-Type: message/http\n"
}

// TestReverseHTTPBytes holds the relay to the bytes of the protocol.
func TestReverseHTTPBytes(t *testing.T) {
	tr := startRelay(t, Options{Hold: 50 * time.Millisecond})
	agent := tr.peer(t)
	a := agent.ask("POST /reversehttp HTTP/1.1\nHost: relay\n"+form, "name=Garage&token="+tr.token+"&lease=60")
	u := urlsIn(t, a)
	if a.status != 201 || u.related != "http://relay/~garage/" || u.first == u.private || !strings.HasPrefix(u.first, u.private+"/") {
		t.Errorf("claim: %s", a.head)
	}
	if strings.Contains(a.head, tr.token) {
		t.Error("the token stands in a URL")
	}
	a = agent.ask(fetch(u.first), "")
	if second := next(t, a); a.status != 204 || second == u.first || a.fields["content-length"] != "" {
		t.Errorf("no request: %s", a.head)
	}

	agent.send("GET "+u.first+" HTTP/1.1\nHost: relay\nAccept: message/http\n", "")
	tr.waitIdle(t, "garage", 1)
	s := tr.peer(t)
	s.send("POST /~garage/x?y=z HTTP/1.1\nHost: relay\nA: b\n", "hello")
	a = agent.read()
	second := next(t, a)
	want := "HTTP/1.1 200 OK\r\nContent-Type: message/http\r\nRequesting-Client: " + s.nc.LocalAddr().String() + "\r\nLink: <http://relay" + second +
		">; rel=\"next\"\r\n" + cometFields + "Content-Length: " + strconv.Itoa(len(a.body)) + "\r\n"
	if diff := cmp.Diff(want, a.head); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	head, body, _ := strings.Cut(a.body, "\r\n\r\n")
	if !strings.HasPrefix(head, "POST /~garage/x?y=z HTTP/1.1\r\nHost: relay\r\nA: b\r\n") || strings.Contains(head, "X-Forwarded-Prefix") ||
		!strings.HasSuffix(head, "\r\nContent-Length: 5") || body != "hello" {
		t.Errorf("entity: %s", a.body)
	}

	if a := agent.ask(fetch(u.first), ""); a.status != 404 {
		t.Errorf("poll where a request was delivered: %s", a.head)
	}
	if a := agent.ask(postTo(u.first)+"Content-Length: 0\n", ""); a.status != 400 {
		t.Errorf("empty reply: %s", a.head)
	}
	agent = tr.peer(t)
	a = agent.ask(postTo(u.first), "HTTP/1.0 201 Fine\r\nX: y\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nbusy")
	if diff := cmp.Diff("HTTP/1.1 202 Accepted\r\n"+cometFields+"Content-Length: 0\r\n", a.head); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
	a = s.read()
	if via := regexp.MustCompile(`(?m)^Via: .*\r\n`); via.ReplaceAllString(a.head, "") != "HTTP/1.1 201 Fine\r\nX: y\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n" || a.body != "busy" {
		t.Errorf("sender got %q %q", a.head, a.body)
	}
	if a := agent.ask(postTo(u.first), "HTTP/1.1 200 OK\r\n\r\n"); a.status != 404 {
		t.Errorf("second reply: %s", a.head)
	}
	if a := agent.ask(fetch(u.first), ""); a.status != 404 {
		t.Errorf("poll where a reply was given: %s", a.head)
	}
	if a := agent.ask(fetch(second), ""); a.status != 204 {
		t.Errorf("poll at the next URL: %s", a.head)
	}
	tr.waitNone(t, "garage")
}

func TestReverseHTTPClaims(t *testing.T) {
	tr := startRelay(t, Options{})
	other, err := tr.CreateToken(t.Context(), "other", 1)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", 64)
	tests := []struct {
		name, path, fields, body string
		status                   int
		want                     string // part of the head
	}{
		{"form", "", form, "name=one&token=" + tr.token, 201, ""},
		{"refreshed", "", form, "name=one&token=" + tr.token, 204, ""},
		{"query", "?name=two&token=" + tr.token, "", "", 201, "/~two/"},
		{"bearer", "", form + "Authorization: Bearer " + tr.token + "\n", "name=three", 201, ""},
		{"bearer, and the token that clients default to", "", form + "Authorization: Bearer " + tr.token + "\n", "name=four&token=-", 201, ""},
		{"escaped", "", form, "name=fi%76e&token=" + tr.token, 201, "/~five/"},
		{"our own agent", "", form + "PTTH-Max-Conns: 4\n", "name=one&token=" + tr.token, 204, "PTTH-Max-Conns: 64"},
		{"no name", "", form, "token=" + tr.token, 400, ""},
		{"name that is no label", "", form, "name=a_b%2Fc&token=" + tr.token, 400, ""},
		{"long name", "", form, "name=" + long + "&token=" + tr.token, 400, ""},
		{"reserved name", "", form, "name=www&token=" + tr.token, 403, ""},
		{"lease in words", "", form, "name=one&lease=soon&token=" + tr.token, 400, ""},
		{"lease with a fraction", "", form, "name=one&lease=1.5&token=" + tr.token, 400, ""},
		{"empty lease", "", form, "name=one&lease=&token=" + tr.token, 400, ""},
		{"bad escape", "", form, "name=%zz", 400, ""},
		{"no token", "", form, "name=six", 401, "WWW-Authenticate: Bearer"},
		{"the token that clients default to", "", form, "name=six&token=-", 401, ""},
		{"unknown token", "", form, "name=six&token=hh_no", 401, "Access-Control-Allow-Origin: *"},
		{"another's name", "", form, "name=one&token=" + other, 403, ""},
		{"no tunnel for others", "/_relay/127.0.0.1:22", "Content-Type: message/http\n", "GET / HTTP/1.1\r\n\r\n", 405, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := tr.peer(t).ask("POST /reversehttp"+tt.path+" HTTP/1.1\nHost: relay\n"+tt.fields, tt.body); a.status != tt.status || !strings.Contains(a.head, tt.want) {
				t.Errorf("got %s%s", a.head, a.body)
			}
		})
	}
}

// TestReverseHTTPURLs asks for what the relay's URLs do not stand for.
func TestReverseHTTPURLs(t *testing.T) {
	tr := startRelay(t, Options{Hold: 10 * time.Millisecond})
	u := tr.register(t, "")
	foreign := newRequestID("another secret")
	tests := []struct {
		name, method, path string
		status             int
		want               string
	}{
		{"poll", "GET", u.first, 204, ""},
		{"poll in other case of the name", "GET", strings.Replace(u.first, "garage", "GaRage", 1), 204, ""},
		{"unknown name", "GET", strings.Replace(u.first, "garage", "attic", 1), 404, ""},
		{"wrong secret", "GET", "/reversehttp/garage/wrong/" + foreign, 403, "Access-Control-Allow-Origin: *"},
		{"the token as secret", "GET", "/reversehttp/garage/" + tr.token + "/" + foreign, 403, ""},
		{"forged id", "GET", u.private + "/" + foreign, 404, ""},
		{"short id", "GET", u.private + "/abc", 404, ""},
		{"more path", "GET", u.first + "/x", 404, ""},
		{"reply where nothing was delivered", "POST", u.first, 404, ""},
		{"HEAD", "HEAD", u.first, 405, "Allow: GET, POST, OPTIONS\r\n"},
		{"DELETE of a request", "DELETE", u.first, 405, "Allow: GET, POST, OPTIONS\r\n"},
		{"HEAD of the private URL", "HEAD", u.private, 405, "Allow: GET, PUT, DELETE, OPTIONS\r\n"},
		{"GET of the access point", "GET", "/reversehttp", 405, "Allow: POST, OPTIONS\r\n"},
		{"preflight", "OPTIONS", "/reversehttp", 204, "Access-Control-Allow-Methods: POST, OPTIONS\r\n"},
		{"preflight of a poll", "OPTIONS", u.first, 204, "Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n"},
		{"state", "GET", u.private, 200, "Content-Type: application/x-www-form-urlencoded\r\n"},
		{"private URL with a wrong secret", "DELETE", "/reversehttp/garage/wrong", 403, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tr.peer(t)
			p.send(tt.method+" "+tt.path+" HTTP/1.1\nHost: relay\n", "")
			res, err := p.conn.ReadResponse([]byte(tt.method))
			if err != nil {
				t.Fatal(err)
			}
			if res.Status != tt.status || !strings.Contains(string(res.Raw()), tt.want) {
				t.Errorf("got %s", res.Raw())
			}
		})
	}
	tr.waitNone(t, "garage")
}

func TestReverseHTTPManage(t *testing.T) {
	tr := startRelay(t, Options{})
	u := tr.register(t, "&lease=5")
	p := tr.peer(t)
	if a := p.ask(fetch(u.private), ""); a.body != "lease=30&name=garage" {
		t.Errorf("state %q", a.body)
	}
	if a := p.ask("PUT "+u.private+" HTTP/1.1\nHost: relay\n"+form, "lease=99999999999999999999"); a.status != 204 || a.fields["location"] != "http://relay"+u.private {
		t.Errorf("PUT: %s", a.head)
	}
	if a := p.ask(fetch(u.private), ""); a.body != "lease=2592000&name=garage" {
		t.Errorf("state %q", a.body)
	}
	other, err := tr.CreateToken(t.Context(), "other", 1)
	if err != nil {
		t.Fatal(err)
	}
	if a := p.ask("PUT "+u.private+" HTTP/1.1\nHost: relay\n"+form, "token="+other); a.status != 403 {
		t.Errorf("PUT of another token: %s", a.head)
	}
	if a := p.ask("PUT "+u.private+" HTTP/1.1\nHost: relay\n"+form, "lease=x"); a.status != 400 {
		t.Errorf("PUT of no lease: %s", a.head)
	}

	// One poll waits, and one request is with the agent.
	busy, waits := tr.peer(t), tr.peer(t)
	busy.send(fetch(u.first), "")
	tr.waitIdle(t, "garage", 1)
	sender := tr.sendLater(t, fetch("/~garage/"), "")
	second := next(t, busy.read())
	waits.send(fetch(second), "")
	tr.waitIdle(t, "garage", 1)
	p = tr.peer(t)
	if a := p.ask("DELETE "+u.private+" HTTP/1.1\nHost: relay\n", ""); a.status != 204 {
		t.Errorf("DELETE: %s", a.head)
	}
	if a := waits.read(); a.status != 410 {
		t.Errorf("open poll: %s", a.head)
	}
	if a := p.ask("DELETE "+u.private+" HTTP/1.1\nHost: relay\n", ""); a.status != 404 {
		t.Errorf("DELETE again: %s", a.head)
	}
	if a := tr.sendLater(t, fetch("/~garage/"), "")(); a.status != 404 {
		t.Errorf("sender of a released name: %s", a.head)
	}
	if a := busy.ask(postTo(u.first), "HTTP/1.1 200 OK\r\n\r\nstill"); a.status != 202 {
		t.Errorf("reply under way: %s", a.head)
	}
	if a := sender(); a.status != 200 || a.body != "still" {
		t.Errorf("sender under way: %s%s", a.head, a.body)
	}
	if a := busy.ask(fetch(second), ""); a.status != 404 {
		t.Errorf("poll behind: %s", a.head)
	}
}

// TestReverseHTTPKeepsClaim releases a name that has other links too.
func TestReverseHTTPKeepsClaim(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.agent(t, "garage", 1, echo)
	u := tr.register(t, "")
	if a := tr.peer(t).ask("DELETE "+u.private+" HTTP/1.1\nHost: relay\n", ""); a.status != 204 {
		t.Errorf("DELETE: %s", a.head)
	}
	if a := tr.peer(t).ask("POST /~garage/ HTTP/1.1\nHost: relay\n", "hi"); a.body != "hi" {
		t.Errorf("got %s", a.head)
	}
}

func TestReverseHTTPRestart(t *testing.T) {
	dir := t.TempDir()
	tr := startRelay(t, Options{Data: dir, Hold: 10 * time.Millisecond})
	u := tr.register(t, "")
	token := tr.token
	tr.stop()
	tr.Close()

	r := openRelay(t, Options{Data: dir})
	if err := r.RevokeToken(t.Context(), "me"); err != nil { // startRelay makes one of that name
		t.Fatal(err)
	}
	r.Close()
	tr = startRelay(t, Options{Data: dir, Hold: 10 * time.Millisecond})
	if a := tr.peer(t).ask(fetch(u.first), ""); a.status != 404 {
		t.Errorf("registration of a revoked token: %s", a.head)
	}
	u = tr.register(t, "")
	tr.stop()
	tr.Close()

	again := serveRelay(t, Options{Data: dir, Hold: 50 * time.Millisecond})
	again.token = tr.token
	p := again.peer(t)
	if a := p.ask(fetch(u.first), ""); a.status != 204 {
		t.Errorf("old URL: %s", a.head)
	}
	if v := again.register(t, ""); v.private != u.private {
		t.Errorf("refreshed: %s, was %s", v.private, u.private)
	}
	p.send(fetch(u.first), "")
	again.waitIdle(t, "garage", 1)
	sender := again.sendLater(t, fetch("/~garage/x"), "")
	p.read()
	if a := p.ask(postTo(u.first), "HTTP/1.1 200 OK\r\n\r\nback"); a.status != 202 {
		t.Errorf("reply: %s", a.head)
	}
	if a := sender(); a.body != "back" {
		t.Errorf("sender got %s", a.head)
	}
	if token == tr.token {
		t.Error("the tokens are the same")
	}
}

func TestReverseHTTPOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tr := startRelay(t, Options{Data: dir, Open: true, Hold: 10 * time.Millisecond})
	claim := func(params string) (answer, urls) {
		a := tr.peer(t).ask("POST /reversehttp HTTP/1.1\nHost: relay\n"+form, params)
		return a, urlsIn(t, a)
	}
	a, one := claim("name=garage&token=-")
	if !regexp.MustCompile(`^http://relay/~garage-[a-z2-7]{26}/$`).MatchString(one.related) || a.status != 201 {
		t.Errorf("claim: %s", a.head)
	}
	if a, two := claim("name=garage&token=-"); a.status != 201 || two.related == one.related {
		t.Errorf("the weak token again: %s", a.head)
	}
	if a, two := claim("name=garage"); a.status != 201 || two.related == one.related {
		t.Errorf("no token: %s", a.head)
	}
	const strong = "0123456789abcdef"
	_, mine := claim("name=garage&token=" + strong)
	if a, again := claim("name=garage&token=" + strong); a.status != 204 || again.private != mine.private {
		t.Errorf("the strong token again: %s", a.head)
	}
	if _, other := claim("name=attic&token=" + strong); other.related == mine.related {
		t.Errorf("another name is at %s", other.related)
	}
	if _, long := claim("name=" + strings.Repeat("l", 63)); len(strings.Trim(long.related, "/")) != len("http://relay/~")+63 {
		t.Errorf("a long name is at %s", long.related)
	}
	nameOf := func(u urls) string { return strings.Trim(strings.TrimPrefix(u.related, "http://relay/~"), "/") }
	_, brief := claim("name=shed&token=sec")
	if a, again := claim("name=" + nameOf(brief) + "&token=sec"); a.status != 204 || again.private != brief.private {
		t.Errorf("the whole name again: %s", a.head)
	}
	for _, params := range []string{nameOf(brief) + "&token=other", nameOf(brief) + "&token=-", nameOf(one) + "&token=-", nameOf(one)} {
		if a := tr.peer(t).ask("POST /reversehttp HTTP/1.1\nHost: relay\n"+form, "name="+params); a.status != 403 {
			t.Errorf("the whole name with %s: %s", params, a.head)
		}
	}
	if a := tr.peer(t).ask(fetch(mine.first), ""); a.status != 204 {
		t.Errorf("poll: %s", a.head)
	}
	if a := tr.peer(t).ask("PUT "+mine.private+" HTTP/1.1\nHost: relay\n"+form, "token=-"); a.status != 400 {
		t.Errorf("PUT of no secret: %s", a.head)
	}
	a = tr.peer(t).ask("PUT "+mine.private+" HTTP/1.1\nHost: relay\n"+form, "token=another-strong-token")
	moved := urlsIn(t, a)
	if a := tr.peer(t).ask(fetch(mine.first), ""); a.status != 403 {
		t.Errorf("poll at an old URL: %s", a.head)
	}
	if a := tr.peer(t).ask(fetch(moved.first), ""); a.status != 204 {
		t.Errorf("poll at the new URL: %s", a.head)
	}
	if a, again := claim("name=garage&token=another-strong-token"); a.status != 204 || again.private != moved.private {
		t.Errorf("claim with the new token: %s", a.head)
	}
	for name, fields := range map[string]string{"bearer": "Authorization: Bearer nonsense\n", "looks like a token": ""} {
		if a := tr.peer(t).ask("POST /reversehttp HTTP/1.1\nHost: relay\n"+fields+form, "name=garage&token=hh_unknown"); a.status != 401 {
			t.Errorf("%s: %s", name, a.head)
		}
	}
	tr.closedToAll(t)
	tr.stop()
	tr.Close()

	closed := serveRelay(t, Options{Data: dir})
	waitFor(t, "open names released", func() bool {
		return closed.peer(t).ask(fetch(strings.TrimPrefix(mine.related, "http://relay")), "").status == 404
	})
	if a := closed.peer(t).ask(fetch(moved.first), ""); a.status != 404 {
		t.Errorf("poll at a relay that is not open: %s", a.head)
	}
}

// closedToAll wants the token of open names out of everybody's reach.
func (tr *testRelay) closedToAll(t *testing.T) {
	t.Helper()
	tokens, err := tr.Tokens(t.Context())
	if err != nil || len(tokens) != 1 {
		t.Errorf("tokens %v, %v", tokens, err)
	}
	if err := tr.RevokeToken(t.Context(), openToken); err == nil {
		t.Error("the token of open names was revoked")
	}
	if _, err := tr.CreateToken(t.Context(), openToken, 1); err == nil {
		t.Error("the token of open names was created")
	}
}
