package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"homehook/agent/config"
	"homehook/agent/control"
)

// proxyFindings says of relays that cannot be used when this command would go
// there through a proxy and the agent does not: a service knows nothing of the
// environment of a shell.
func proxyFindings(path string, found []control.Finding, proxy func(*http.Request) (*url.URL, error)) (more []control.Finding) {
	cfg, err := config.Load(path)
	if err != nil {
		return nil // which is told already
	}
	defer cfg.Table.Close()
	for _, r := range cfg.Relays {
		of := func(f control.Finding, check string) bool { return f.Subject == r.Name && f.Check == check }
		ill := slices.ContainsFunc(found, func(f control.Finding) bool {
			return f.State == control.FindingProblem && (of(f, "relay") || of(f, "dns") || of(f, "tls"))
		})
		through := slices.ContainsFunc(found, func(f control.Finding) bool { return of(f, "proxy") })
		u, err := url.Parse(r.URL)
		if err != nil || !ill || through {
			continue
		}
		if by, err := proxy(&http.Request{URL: u}); err == nil && by != nil {
			more = append(more, control.Finding{
				Check: "proxy", Subject: r.Name, State: control.FindingWarning,
				Text:   fmt.Sprintf("the environment of this command names the proxy %s for %s, and that of the agent names none", by.Host, u.Host),
				Remedy: fmt.Sprintf("write it at relay %s in the configuration: proxy: %s://%s", r.Name, by.Scheme, by.Host),
			})
		}
	}
	return more
}
