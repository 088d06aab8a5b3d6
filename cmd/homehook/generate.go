package main

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"
)

// generated makes a random secret of 32 bytes in base64, as Standard Webhooks has
// them; to all others it is a text. None has the signs + and /, so that it may
// stand in a URL as a password.
func generated(prefix string) string {
	for random := make([]byte, 32); ; {
		rand.Read(random) // never fails
		if text := base64.StdEncoding.EncodeToString(random); !strings.ContainsAny(text, "+/") {
			return prefix + text
		}
	}
}

// prefix is what a generated secret begins with. GitLab signs with one that
// begins with whsec_, and sends every other as it is, which is what its field for
// a secret token is for.
func (a *app) prefix(name string) string {
	const standard = "whsec_"
	cfg, _, err := a.configuration()
	if err != nil {
		return standard
	}
	defer cfg.Table.Close()
	for i := range cfg.Routes {
		v := cfg.Routes[i].Verify
		if v != nil && v.Scheme == "gitlab" && (v.Secret == name || slices.Contains(v.Secrets, name)) {
			return ""
		}
	}
	return standard
}
