package control

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// States of the credentials, in [CredentialStore].
const (
	CredentialsReady   = "ready"
	CredentialsWaiting = "waiting" // for somebody to unlock the keyring
	CredentialsProblem = "problem" // a person has to do something
)

// CredentialStore says where the root key of the credentials is kept, and whether
// they can be read.
type CredentialStore struct {
	// Store is "keyring", "systemd", "file" or "passphrase", or "plain" for values
	// of an earlier version that cannot be sealed yet.
	Store string `json:"store"`
	State string `json:"state"`
	// Text says why they cannot be read or sealed, and what to do; else empty.
	Text string `json:"text"`
}

// Credential names a stored credential. Its values are not part of any answer.
type Credential struct {
	Name string `json:"name"`
	// Set is when it got its newest value.
	Set time.Time `json:"set"`
	// Fingerprint is the end of a hash of the newest value, enough to tell two
	// values apart; empty while values cannot be read.
	Fingerprint string `json:"fingerprint"`
	// Damaged says that the newest value is spoiled and must be set again.
	Damaged bool `json:"damaged"`
	// Values are those that are valid, newest first.
	Values []Value `json:"values"`
	// NeededBy are those in the configuration that name it.
	NeededBy []Need `json:"needed_by"`
}

// Value is one of the values of a credential, without the value itself.
type Value struct {
	Set time.Time `json:"set"`
	// Until is when it ends to be valid; left out for one that does not.
	Until       time.Time `json:"until,omitzero"`
	Fingerprint string    `json:"fingerprint"`
}

// Need is one part of the configuration that names a credential.
type Need struct {
	Kind string `json:"kind"` // "relay", "claim", "route", or "history" for its own key
	Name string `json:"name"`
}

// MoveCredentials is the body of POST /v1/credentials-store.
type MoveCredentials struct {
	Place string `json:"place"`
	// Passphrase is what the root key is made of at the place "passphrase".
	Passphrase string `json:"passphrase,omitempty"`
	// Current is the passphrase that the root key is made of until now, where
	// the agent was not given it.
	Current string `json:"current,omitempty"`
	// Anew begins with a new root key where the one that is in use is lost. Every
	// credential must be set again then.
	Anew bool `json:"anew,omitempty"`
}

// credentialsAnswer is an object, so that it can gain members.
type credentialsAnswer struct {
	Credentials []Credential `json:"credentials"`
}

func (s *Server) credentials(w http.ResponseWriter, _ *http.Request) error {
	list, err := s.backend.Credentials()
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Values, list[i].NeededBy = orEmpty(list[i].Values), orEmpty(list[i].NeededBy)
	}
	return writeJSON(w, credentialsAnswer{orEmpty(list)})
}

// setCredential stores the body as it is; a trailing newline is part of it.
func (s *Server) setCredential(w http.ResponseWriter, r *http.Request) error {
	rotate, keep, err := parseRotation(r.URL.RawQuery)
	if err != nil {
		return err
	}
	value, err := io.ReadAll(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return newProblem(http.StatusRequestEntityTooLarge, codeTooLarge, "a credential has at most %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return newProblem(http.StatusBadRequest, codeInvalid, "the request ended before its body did; send it again")
	}
	if len(value) == 0 {
		return newProblem(http.StatusBadRequest, codeInvalid, "the value is empty; send it as the body, or DELETE the credential")
	}
	if rotate {
		return noContent(w, s.backend.RotateCredential(r.PathValue("name"), string(value), keep))
	}
	return noContent(w, s.backend.SetCredential(r.PathValue("name"), string(value)))
}

// parseRotation reads the parameters of a value that is to be stored.
func parseRotation(raw string) (rotate bool, keep time.Duration, err error) {
	values, err := parseParameters(raw)
	if err != nil {
		return false, 0, err
	}
	for name, value := range values {
		switch name {
		case "rotate":
			rotate, err = parseFlag(name, value)
		case "keep":
			if keep, err = time.ParseDuration(value); err != nil || keep <= 0 {
				err = fmt.Errorf("query parameter \"keep\" is %w: it is a time such as 168h; leave it out to keep the old values until they are removed", ErrInvalid)
			}
		default:
			err = unknownParameter(name, []string{"keep", "rotate"})
		}
		if err != nil {
			return false, 0, err
		}
	}
	if keep > 0 && !rotate {
		return false, 0, fmt.Errorf("query parameter \"keep\" is %w: it goes with rotate=true", ErrInvalid)
	}
	return rotate, keep, nil
}

// removeCredential removes a credential, or its values but the newest one.
func (s *Server) removeCredential(w http.ResponseWriter, r *http.Request) error {
	flags, err := parseFlags(r.URL.RawQuery, map[string]bool{"old": false})
	if err != nil {
		return err
	}
	if flags["old"] {
		return noContent(w, s.backend.RemoveOldValues(r.PathValue("name")))
	}
	return noContent(w, s.backend.RemoveCredential(r.PathValue("name")))
}

// moveCredentials has the root key kept at another place.
func (s *Server) moveCredentials(w http.ResponseWriter, r *http.Request) error {
	var in MoveCredentials
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.Place == "" {
		return fmt.Errorf("member \"place\" is %w: it is missing", ErrInvalid)
	}
	store, err := s.backend.MoveCredentials(r.Context(), in)
	if err != nil {
		return err
	}
	return writeJSON(w, store)
}
