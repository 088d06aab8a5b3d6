package routes

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
)

func TestTarget(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "app.sock")
	for _, tt := range []struct {
		to   string
		want target
	}{
		{"http://127.0.0.1:8123", target{"tcp", "127.0.0.1:8123", false, "127.0.0.1", "127.0.0.1:8123", ""}},
		{"http://localhost", target{"tcp", "localhost:80", false, "localhost", "localhost", ""}},
		{"HTTPS://Nas.Local/a/b/", target{"tcp", "Nas.Local:443", true, "Nas.Local", "Nas.Local", "/a/b"}},
		{"http://[::1]:81/", target{"tcp", "[::1]:81", false, "::1", "[::1]:81", ""}},
		{"http://my_host:1/a%2Fb", target{"tcp", "my_host:1", false, "my_host", "my_host:1", "/a%2Fb"}},
		{"http://4you.example/", target{"tcp", "4you.example:80", false, "4you.example", "4you.example", ""}},
		{"unix:" + socket, target{"unix", socket, false, "", "localhost", ""}},
	} {
		if got, err := parseTarget(tt.to); err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v", tt.to, got, err)
		}
	}
}

func TestTargetRemedy(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "app.sock")
	for to, want := range map[string]string{
		"127.0.0.1:8123":       `write "http://127.0.0.1:8123"`,
		"[::1]:8123":           `write "http://[::1]:8123"`,
		"localhost:80/x":       `write "http://localhost:80/x"`,
		"homeassistant.local":  `write "http://homeassistant.local"`,
		socket:                 fmt.Sprintf("write %q", "unix:"+socket),
		"me:hunter2@127.0.0.1": exampleTarget,
		"file:/etc/passwd":     exampleTarget,
		"gopher://x":           exampleTarget,
		"//x":                  exampleTarget,
		"127.1:80":             exampleTarget,
		"unix:app.sock":        "write it like unix:/run/app.sock",
		"http://a:0":           "write a number from 1 to 65535",
		"http://169.254.1.1":   "name another address",
	} {
		if _, err := parseTarget(to); remedyOf(err) != want {
			t.Errorf("%s: %v; got %q, want %q", to, err, remedyOf(err), want)
		}
	}
}

// TestShownAddress holds that no message about an address shows what gives access
// there, whether or not it is an address.
func TestShownAddress(t *testing.T) {
	for to, want := range map[string]string{
		"http://127.0.0.1:8123/a":             "http://127.0.0.1:8123/a",
		"http://me:hunter2@127.0.0.1/":        "http://…@127.0.0.1/",
		"http://me:hunter2@127.0.0.1:port":    "http://…@127.0.0.1:port",
		"http://me:hunt/er2@a@127.0.0.1/":     "http://…@127.0.0.1/",
		"me:hunter2@127.0.0.1":                "…@127.0.0.1",
		"ftp:me:hunter2@127.0.0.1//x":         "…@127.0.0.1//x",
		"http://127.0.0.1/?token=hunter2":     "http://127.0.0.1/?…",
		"http://127.0.0.1/#hunter2":           "http://127.0.0.1/#…",
		"https://me@a.example/x?a=hunter2#b@": "https://…@",
		"":                                    "",
	} {
		if got := shownAddress(to); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
	for _, spec := range []Spec{
		{Forward: &ForwardSpec{To: "http://me:hunter2@127.0.0.1/"}},
		{Forward: &ForwardSpec{To: "http://127.0.0.1/?token=hunter2"}},
		{Forward: &ForwardSpec{To: "me:hunter2@127.0.0.1"}},
		{FastCGI: &FastCGISpec{To: "me:hunter2@127.0.0.1"}},
		{Notify: &NotifySpec{NTFY: &NTFYSpec{URL: "ftp://me:hunter2@127.0.0.1/x"}}},
		{Notify: &NotifySpec{NTFY: &NTFYSpec{URL: "https://me:hunter2@127.0.0.1:port/x"}}},
		{Notify: &NotifySpec{Mail: &MailSpec{Server: "me:hunter2@127.0.0.1:465", From: "a@example.com", To: []string{"b@example.com"}}}},
	} {
		spec.Name, spec.Claim, spec.Match, spec.Unverified = "r", "c", "/", true
		_, problems := Compile([]Spec{spec})
		if len(problems) == 0 || strings.Contains(fmt.Sprint(problems), "hunter2") {
			t.Errorf("%+v", problems)
		}
	}
}

func FuzzTarget(f *testing.F) {
	for _, s := range []string{
		"http://127.0.0.1:8123", "https://a.example/base/", "http://[::1]/", "unix:/run/app.sock", "http://2130706433/",
		"http://[::ffff:169.254.169.254]/", "http://0x7f000001", "http://017700000001/", "http://a@b/", "http://a?b", "//x", "http://a.1.",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got, err := parseTarget(to)
		if err != nil && remedyOf(err) == "" {
			t.Errorf("%q: no remedy for %v", to, err)
		}
		if err != nil || got.network == "unix" {
			return
		}
		if strings.ContainsAny(got.base+got.host, " \t\r\n#?") || got.base != "" && got.base[0] != '/' {
			t.Errorf("%q becomes %+v", to, got)
		}
		if ip, err := netip.ParseAddr(got.name); err == nil && checkAddress(ip) != nil {
			t.Errorf("%q reaches %s", to, ip)
		} else if err != nil && strings.Trim(got.name, "0123456789.xXabcdefABCDEF") == "" && strings.Trim(got.name[strings.LastIndexByte(got.name, '.')+1:], "0123456789") == "" && !strings.HasSuffix(got.name, ".") {
			t.Errorf("%q names the host %s, which may be read as an address", to, got.name)
		}
	})
}
