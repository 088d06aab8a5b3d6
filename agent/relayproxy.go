package agent

import (
	"errors"
	"fmt"
	"net/url"

	"homehook/agent/config"
	"homehook/agent/credentials"
	"homehook/ptth"
)

// proxyOf is which proxy a relay is reached through, as a [ptth.Dialer] asks for
// it; nil leaves it to the environment. secret reads the credential of its
// password each time, so that another one counts from the next link on.
func proxyOf(r config.Relay, secret func(string) (string, error)) func(*url.URL) (*url.URL, error) {
	switch r.Proxy {
	case "":
		return nil
	case config.ProxyNone:
		return func(*url.URL) (*url.URL, error) { return nil, nil }
	}
	return func(*url.URL) (*url.URL, error) {
		u, err := url.Parse(r.Proxy)
		if err != nil || r.ProxyPassword == "" || secret == nil {
			return u, err
		}
		password, err := secret(r.ProxyPassword)
		if err != nil {
			return nil, unlocked(r.ProxyPassword, err)
		}
		u.User = url.UserPassword(u.User.Username(), password)
		return u, nil
	}
}

// unlocked explains why the password of a proxy cannot be had.
func unlocked(name string, err error) error {
	e := &ptth.ConnectError{
		Step: ptth.StepProxy, Lasting: true, Err: err,
		Detail: fmt.Sprintf("the password of the proxy, credential %q, cannot be read: %v", name, err),
		Remedy: "set it with: homehook secret set " + name,
	}
	if errors.Is(err, credentials.ErrNotFound) {
		e.Detail = fmt.Sprintf("credential %q, the password of the proxy, is missing", name)
	}
	if errors.Is(err, credentials.ErrLocked) {
		e.Lasting, e.Remedy = false, unlockRemedy
	}
	return e
}
