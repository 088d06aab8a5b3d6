package config

import (
	"fmt"
	"time"

	"homehook/routes"
)

// Size is a number of bytes; in YAML "32MiB", "1GB" or 1024.
type Size = routes.Size

// The values of settings that a file leaves out.
const (
	DefaultKeep    = 30 * 24 * time.Hour
	DefaultMaxSize = Size(1_000_000_000)
	DefaultBody    = Size(256 << 10)
)

// Config is one valid configuration. It is never changed once it is loaded, so
// any number of goroutines may read it.
type Config struct {
	// Path is the file it came from, as given to Load or Parse.
	Path string
	// Digest is the SHA-256, in hex, of the file as Load read it; empty for one that
	// is not there, and from Parse.
	Digest string
	// Relays, Claims and Routes keep the order of the file. A route without a
	// name is named after its match; its claim may be left out when there is
	// one claim only, and is filled in then.
	Relays []Relay
	Claims []Claim
	Routes []routes.Spec
	// Table is Routes, compiled.
	Table *routes.Table
	// Faults are programs and folders that are not as they have to be, as on a
	// disk that is not there yet. The routes stand, and their runs fail until it is
	// mended.
	Faults Problems
	// History says how long deliveries are kept.
	History History
	// Updates says how the agent learns of newer versions of itself.
	Updates Updates
}

// Relay is one public server on which this agent claims names.
type Relay struct {
	// Name is how claims refer to it: lower-case letters, digits and hyphens.
	Name string `yaml:"name"`
	// URL is the relay's address, https unless it is on this machine.
	URL string `yaml:"url"`
	// Token is the name of the credential that holds the relay's token, never
	// the token itself. Empty: the relay asks for none.
	Token string `yaml:"token,omitempty"`
	// CA is the absolute path of a PEM file with roots that are trusted for
	// this relay besides the system's.
	CA string `yaml:"ca,omitempty"`
	// Plain allows http:// to another machine, where anyone on the way reads
	// every delivery and the token.
	Plain bool `yaml:"plain,omitempty"`
	// Dialect is the one way to link to this relay, one of [Dialects]. Empty:
	// the agent finds out what the relay offers.
	Dialect string `yaml:"dialect,omitempty"`
	// Proxy is the address of the HTTP proxy on the way to this relay, or
	// [ProxyNone]. Empty: the proxy of the agent's environment, if any.
	Proxy string `yaml:"proxy,omitempty"`
	// ProxyPassword is the name of the credential that holds the password of the
	// user in Proxy.
	ProxyPassword string `yaml:"proxy_password,omitempty"`
	// Embedded has the agent serve this relay itself, at URL, which only this
	// machine can reach.
	Embedded bool `yaml:"embedded,omitempty"`
}

// ProxyNone is the value of a relay's proxy that goes without one, whatever the
// environment says.
const ProxyNone = "none"

// Dialects are the values that a relay's dialect may have.
var Dialects = []string{"ptth", "ptth/1.0", "ptth/0.9", "comet", "reversehttp"}

// History says what the agent keeps of deliveries, and for how long.
type History struct {
	// Keep is the age at which a delivery is forgotten; 30 days by default.
	Keep time.Duration
	// MaxSize is the size in bytes that the history may reach; 1 GB by
	// default. The oldest deliveries go first.
	MaxSize Size
	// Body is how many bytes of a body are kept; 256 KiB by default.
	Body Size
	// Redact names what is taken out of a delivery before it is written down:
	// header.NAME, query.NAME, form.NAME, or json. and a path of names.
	Redact []string
	// Off switches the history off: nothing is kept.
	Off bool
}

// Updates says how the agent learns that there is a newer version. It never
// changes itself.
type Updates struct {
	// Off: the agent does not look, and says nothing of what relays tell.
	Off bool `yaml:"off"`
	// Feed is an address that is asked once a day for JSON with the newest
	// version. Empty: no host is asked.
	Feed string `yaml:"feed"`
}

// file is the shape of the YAML file, before defaults are filled in.
type file struct {
	Relays  []Relay       `yaml:"relays"`
	Claims  []Claim       `yaml:"claims"`
	Routes  []routes.Spec `yaml:"routes"`
	History historySpec   `yaml:"history"`
	Updates Updates       `yaml:"updates"`
}

// historySpec tells a setting that is left out from one that is zero.
type historySpec struct {
	Keep    *routes.Duration `yaml:"keep"`
	MaxSize *Size            `yaml:"max_size"`
	Body    *Size            `yaml:"body"`
	Redact  []string         `yaml:"redact"`
	Off     bool             `yaml:"off"`
}

// fillIn completes what the file leaves out. given says whether it has a value
// at a path.
func (f *file) fillIn(given func(path string) bool) {
	for i := range f.Relays {
		if r := &f.Relays[i]; r.Embedded && r.Token == "" {
			r.Token = "relay/" + r.Name
		}
	}
	for i := range f.Claims {
		c := &f.Claims[i]
		if c.Relay == "" && len(f.Relays) == 1 {
			c.Relay = f.Relays[0].Name
		}
		c.fillIn(func(key string) bool { return given(fmt.Sprintf("claims[%d].%s", i, key)) })
	}
	for i := range f.Routes {
		r := &f.Routes[i]
		if r.Name == "" {
			r.Name = r.Match
		}
		if r.Claim == "" && len(f.Claims) == 1 {
			r.Claim = f.Claims[0].Name
		}
	}
}

// history turns the file's settings into a History.
func (h historySpec) history() History {
	out := History{Keep: DefaultKeep, MaxSize: DefaultMaxSize, Body: DefaultBody, Redact: h.Redact, Off: h.Off}
	if h.Keep != nil {
		out.Keep = time.Duration(*h.Keep)
	}
	if h.MaxSize != nil {
		out.MaxSize = *h.MaxSize
	}
	if h.Body != nil {
		out.Body = *h.Body
	}
	return out
}
