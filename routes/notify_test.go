package routes

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// home is the program around the routes in a test.
type home struct {
	mu      sync.Mutex
	shown   []Notification
	refuse  error
	secrets map[string]string
}

var _ Host = (*home)(nil)

func (h *home) Secret(name string) ([]byte, error) {
	if v, ok := h.secrets[name]; ok {
		return []byte(v), nil
	}
	return nil, errors.New("it is not there")
}

func (h *home) Notify(_ context.Context, n Notification) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse == nil {
		h.shown = append(h.shown, n)
	}
	return h.refuse
}

// notifyWith serves a stored JSON request with a notification.
func notifyWith(t testing.TB, s NotifySpec, h Host, body string) (int, Result) {
	t.Helper()
	r := compileOne(t, Spec{Notify: &s})
	x, d, _ := stored(t, "POST /bell?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n", body)
	d.Body, d.Host, d.Remote = []byte(body), h, "192.0.2.7"
	res := r.Serve(t.Context(), d, x)
	return x.Status, res
}

func TestNotifyDesktop(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec NotifySpec
		body string
		want Notification
		out  string
	}{
		{"nothing said", NotifySpec{}, "{}", Notification{Title: "r", Text: "POST /bell from 192.0.2.7"}, ""},
		{
			"all said",
			NotifySpec{Title: "{json.who} is there", Text: "at {json.door}", Link: "https://cam.example/{json.door}", Urgent: true},
			`{"who": "Ann", "door": "back"}`,
			Notification{Title: "Ann is there", Text: "at back", Link: "https://cam.example/back", Urgent: true},
			"",
		},
		{
			"values that are missing",
			NotifySpec{Title: "{json.who}", Text: "{json.text}", Link: "{json.url}"},
			"{}",
			Notification{Title: "r", Text: "POST /bell from 192.0.2.7"},
			"",
		},
		{
			"text of a stranger",
			NotifySpec{Title: "{json.t}", Text: "{json.t}"},
			`{"t": " a\r\nBcc: x@example.com\u0000\u001b[31m\u202e\u2028<b>\ud800 "}`,
			Notification{Title: "a  Bcc: x@example.com [31m <b>\ufffd", Text: "a\nBcc: x@example.com [31m <b>\ufffd"},
			"",
		},
		{
			"a link that is none",
			NotifySpec{Link: "{json.url}"},
			`{"url": "javascript:alert(1)"}`,
			Notification{Title: "r", Text: "POST /bell from 192.0.2.7"},
			"the link was left out: it is no address of http or https\n",
		},
		{
			"long",
			NotifySpec{Title: "{json.t}", Text: "{json.t}"},
			`{"t": "` + strings.Repeat("ä", 5000) + `"}`,
			Notification{Title: strings.Repeat("ä", 123) + "…", Text: strings.Repeat("ä", 2046) + "…"},
			"",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &home{}
			status, res := notifyWith(t, tt.spec, h, tt.body)
			if status != 204 || res.Err != nil || res.Handler != "notify" || string(res.Output) != tt.out {
				t.Errorf("%d, %+v", status, res)
			}
			tt.want.Delivery, tt.want.Claim, tt.want.Route = "7", "c", "r"
			if diff := cmp.Diff([]Notification{tt.want}, h.shown); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNotifyNobodyThere(t *testing.T) {
	status, res := notifyWith(t, NotifySpec{}, &home{refuse: errors.New("nobody is signed in to show it")}, "{}")
	if status != 502 || !res.Retry || res.Failure != FailedUnreachable || res.Err.Error() != "tell the desktop: nobody is signed in to show it" {
		t.Errorf("%d, %+v", status, res)
	}
	if status, res = notifyWith(t, NotifySpec{}, nil, "{}"); status != 502 || res.Retry {
		t.Errorf("%d, %+v", status, res)
	}
}

// ntfyServer keeps what is published, and answers as told.
func ntfyServer(t testing.TB, answer func(w http.ResponseWriter)) (url string, got *[]string) {
	t.Helper()
	var mu sync.Mutex
	got = &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		*got = append(*got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization")+" "+string(body))
		mu.Unlock()
		answer(w)
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

func TestNTFY(t *testing.T) {
	url, got := ntfyServer(t, func(w http.ResponseWriter) { io.WriteString(w, `{"id":"x"}`) })
	h := &home{secrets: map[string]string{"ntfy": "tk_secret\n"}}
	s := NotifySpec{
		Title: "Grüße\u00a0{json.x}", Text: "{json.x}", Link: "https://a.example/?q={json.y}", Urgent: true,
		NTFY: &NTFYSpec{URL: url + "/base/doors", Token: "ntfy", Tags: []string{"bell"}},
	}
	status, res := notifyWith(t, s, h, `{"x": "a\r\nX-Title: forged", "y": "1"}`)
	if status != 204 || res.Err != nil || len(h.shown) != 0 {
		t.Fatalf("%d, %+v", status, res)
	}
	line, body, _ := strings.Cut((*got)[0], "{")
	if line != "POST /base/ Bearer tk_secret " {
		t.Errorf("got %q", line)
	}
	var m published
	if err := json.Unmarshal([]byte("{"+body), &m); err != nil {
		t.Fatal(err)
	}
	want := published{"doors", "Grüße a  X-Title: forged", "a\nX-Title: forged", []string{"bell"}, 4, "https://a.example/?q=1"}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
}

func TestNTFYFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		why    string
		retry  bool
		after  time.Duration
	}{
		{"too many", func(w http.ResponseWriter) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) }, "it answered 429", true, 7 * time.Second},
		{"broken", func(w http.ResponseWriter) { w.WriteHeader(500) }, "it answered 500", true, 0},
		{
			"forbidden", func(w http.ResponseWriter) {
				w.WriteHeader(403)
				io.WriteString(w, `{"code":40301,"error":"forbid\u001bden"}`)
			},
			"it answered 403: forbidden", false, 0,
		},
		{"elsewhere", func(w http.ResponseWriter) { w.Header().Set("Location", "http://127.0.0.1:1/"); w.WriteHeader(302) }, "it answered 302", false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, got := ntfyServer(t, tt.answer)
			status, res := notifyWith(t, NotifySpec{NTFY: &NTFYSpec{URL: url + "/x"}}, &home{}, "{}")
			if status != 502 || res.Retry != tt.retry || res.RetryAfter != tt.after || !strings.HasSuffix(res.Err.Error(), tt.why) || len(*got) != 1 {
				t.Errorf("%d, %+v, %v", status, res, *got)
			}
		})
	}
}

func TestNTFYWithoutToken(t *testing.T) {
	url, got := ntfyServer(t, func(http.ResponseWriter) {})
	for name, h := range map[string]Host{"no credential": &home{}, "two lines": &home{secrets: map[string]string{"k": "a\r\nX: y"}}} {
		_, res := notifyWith(t, NotifySpec{NTFY: &NTFYSpec{URL: url + "/x", Token: "k"}}, h, "{}")
		if _, ok := errors.AsType[*SecretError](res.Err); !ok || !res.Retry || strings.Contains(res.Err.Error(), "X: y") {
			t.Errorf("%s: %+v", name, res)
		}
	}
	if len(*got) != 0 {
		t.Error("it was asked without a token")
	}
}

// TestNotifyTriesAll tells everyone, and names who was not told.
func TestNotifyTriesAll(t *testing.T) {
	url, got := ntfyServer(t, func(w http.ResponseWriter) { w.WriteHeader(404) })
	h := &home{}
	s := NotifySpec{Desktop: true, NTFY: &NTFYSpec{URL: url + "/x"}, Mail: &MailSpec{Server: closedAddr(t), From: "a@example.com", To: []string{"b@example.com"}}}
	status, res := notifyWith(t, s, h, "{}")
	if status != 502 || !res.Retry || res.Failure != FailedUnreachable || len(h.shown) != 1 || len(*got) != 1 {
		t.Errorf("%d, %+v", status, res)
	}
	for _, part := range []string{"tell ntfy at " + url + "/x: it answered 404; ", "tell mail to b@example.com: " + s.Mail.Server + ": "} {
		if !strings.Contains(res.Err.Error(), part) {
			t.Errorf("got %v, want %s", res.Err, part)
		}
	}
}

func TestNotifyPlan(t *testing.T) {
	r := compileOne(t, Spec{Notify: &NotifySpec{
		Title: "T", Text: "{json.x}", Link: "https://a.example", Desktop: true, NTFY: &NTFYSpec{URL: "https://ntfy.sh/doors"},
	}})
	_, d, _ := stored(t, "POST / HTTP/1.1\r\nHost: a\r\n", `{"x": 1}`)
	d.Body = []byte(`{"x": 1}`)
	want := Plan{Handler: "notify", Note: `tells the desktop and ntfy at https://ntfy.sh/doors: "T", "1", with the link https://a.example`}
	if diff := cmp.Diff(want, r.Plan(d)); diff != "" {
		t.Error(diff)
	}
}

func TestIsLink(t *testing.T) {
	for link, want := range map[string]bool{
		"https://a.example/x?y#z": true, "http://192.168.1.1": true, "javascript:alert(1)": false, "file:///etc/passwd": false, "//a": false,
		"https://": false, "https://a b": false, "https://u:p@a": false, "https://a/\u202e": false, "HTTPS://a": true, "": false,
		"https://a/" + strings.Repeat("x", maxLink): false,
	} {
		if isLink(link) != want {
			t.Errorf("%q", link)
		}
	}
}

func TestCompileNotify(t *testing.T) {
	mail := func(m MailSpec) NotifySpec {
		if m.Server == "" {
			m.Server = "mail.example.com:465"
		}
		if m.From == "" {
			m.From = "a@example.com"
		}
		if m.To == nil {
			m.To = []string{"Bob <b@example.com>"}
		}
		return NotifySpec{Mail: &m}
	}
	ntfy := func(url string) NotifySpec { return NotifySpec{NTFY: &NTFYSpec{URL: url}} }
	for _, tt := range []struct {
		name       string
		spec       NotifySpec
		path, want string
	}{
		{"link", NotifySpec{Link: "file:///x"}, "link", "no address"},
		{"link with a value", NotifySpec{Link: "javascript:{json.x}"}, "link", "no address"},
		{"no topic", ntfy(""), "ntfy.url", "missing"},
		{"no path", ntfy("https://ntfy.sh"), "ntfy.url", "no topic"},
		{"scheme", ntfy("file:///x"), "ntfy.url", "not the URL"},
		{"user", ntfy("https://u:p@ntfy.sh/x"), "ntfy.url", "no user"},
		{"metadata", ntfy("http://169.254.169.254/x"), "ntfy.url", "never connected"},
		{"token in the clear", NotifySpec{NTFY: &NTFYSpec{URL: "http://ntfy.sh/x", Token: "t"}}, "ntfy.url", "for everyone to read"},
		{"no server", NotifySpec{Mail: &MailSpec{From: "a@b.c", To: []string{"a@b.c"}}}, "mail.server", "missing"},
		{"no port", mail(MailSpec{Server: "mail.example.com"}), "mail.server", "not a server with its port"},
		{"odd server", mail(MailSpec{Server: "a b:25"}), "mail.server", "not allowed"},
		{"from", mail(MailSpec{From: "me"}), "mail.from", "not an e-mail address"},
		{"no from", NotifySpec{Mail: &MailSpec{Server: "a:25", To: []string{"a@b.c"}}}, "mail.from", "missing"},
		{"no to", mail(MailSpec{To: []string{}}), "mail.to", "missing"},
		{"to", mail(MailSpec{To: []string{"a@b.c", "a@b.c\r\nX: y"}}), "mail.to[1]", "not an e-mail address"},
		{"no password", mail(MailSpec{User: "me"}), "mail.password", "missing"},
		{"no user", mail(MailSpec{Password: "me"}), "mail.user", "without its user"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, Notify: &tt.spec}})
			if len(problems) != 1 || problems[0].Path != "[0].notify."+tt.path || !strings.Contains(problems[0].Message, tt.want) || problems[0].Remedy == "" {
				t.Errorf("got %+v", problems)
			}
		})
	}
}
