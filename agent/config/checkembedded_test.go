package config

import (
	"errors"
	"strings"
	"testing"
)

func TestEmbedded(t *testing.T) {
	for _, tt := range []struct{ relays, want string }{
		{`{name: here, url: "http://127.0.0.1:8080", embedded: true}`, ""},
		{`{name: here, url: "http://[::1]:8080/", embedded: true, token: relay/other}`, ""},
		{`{name: here, url: "http://127.0.0.1:8080", embedded: false}`, ""},
		{`{name: here, url: "http://localhost:8080", embedded: true}`, "no loopback address"},
		{`{name: here, url: "http://192.168.1.2:8080", plain: true, embedded: true}`, "no loopback address"},
		{`{name: here, url: "http://0.0.0.0:8080", plain: true, embedded: true}`, "no loopback address"},
		{`{name: here, url: "https://127.0.0.1:8080", embedded: true}`, "served over http://"},
		{`{name: here, url: "http://127.0.0.1", embedded: true}`, "no port"},
		{`{name: here, url: "http://127.0.0.1:0", embedded: true}`, "no port"},
		{`{name: here, url: "http://127.0.0.1:8080/hook", embedded: true}`, "has a path"},
		{`{name: here, url: "http://127.0.0.1:8080", embedded: true}, {name: there, url: "http://127.0.0.1:8081", embedded: true}`, `relay "here" is embedded already (at line 1)`},
	} {
		c, err := Parse("config.yaml", []byte("relays: ["+tt.relays+"]\n"))
		ps, _ := errors.AsType[Problems](err)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.relays, err)
		case tt.want == "":
			want := ""
			if r := c.Relays[0]; r.Embedded {
				want = "relay/here"
				if strings.Contains(tt.relays, "other") {
					want = "relay/other"
				}
			}
			if c.Relays[0].Token != want {
				t.Errorf("%s: token %q, want %q", tt.relays, c.Relays[0].Token, want)
			}
		case len(ps) != 1 || !strings.Contains(ps[0].Message, tt.want) || ps[0].Remedy == "":
			t.Errorf("%s: %v, want %q", tt.relays, err, tt.want)
		}
	}
}

func TestSilenceOfAClaim(t *testing.T) {
	for text, want := range map[string]string{"24h": "", "1m": "", "30s": "shorter than 1m", "0s": "shorter than 1m"} {
		_, err := Parse("config.yaml", []byte("relays: [{name: mine, url: \"https://relay.example.com\"}]\nclaims: [{name: garage, silence: "+text+"}]\n"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("silence: %s: %v", text, err)
		}
	}
}
