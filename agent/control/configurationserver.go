package control

import (
	"context"
	"fmt"
	"net/http"
)

// ConfigurationBackend is the part of a [Backend] that has the configuration file.
type ConfigurationBackend interface {
	// Configuration returns the file as it is now, whether it can be used or not.
	Configuration(ctx context.Context) (*Configuration, error)
	// ChangeConfiguration changes it, and returns when the agent uses it, after some
	// seconds at the latest. The error wraps ErrConflict if the file is not the one
	// that the change was made for, and ErrInvalid if an edit cannot be made.
	ChangeConfiguration(ctx context.Context, change ConfigChange) (*ConfigChanged, error)
	// ApproveRoute writes down the digests of the programs of a route. The error wraps
	// ErrNotFound if there is no such route, and ErrInvalid if it runs no program.
	ApproveRoute(ctx context.Context, name string) ([]Approved, error)
}

// Limits of a change.
const (
	maxChange = 8 << 20 // bytes: of a whole file, whose characters JSON may escape
	maxEdits  = 100
)

// approveRequest and approveAnswer are the JSON of POST /v1/routes/approve.
type (
	approveRequest struct {
		Route string `json:"route"`
	}
	approveAnswer struct {
		Approved []Approved `json:"approved"`
	}
)

func (s *Server) configuration(w http.ResponseWriter, r *http.Request) error {
	c, err := s.backend.Configuration(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, c.filled())
}

func (s *Server) changeConfiguration(w http.ResponseWriter, r *http.Request) error {
	var in ConfigChange
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.Text == "" && len(in.Edits) == 0 {
		return fmt.Errorf("body of the request is %w: it has neither \"text\" nor \"edits\"", ErrInvalid)
	}
	if len(in.Edits) > maxEdits {
		return fmt.Errorf("member \"edits\" is %w: a change has at most %d of them", ErrInvalid, maxEdits)
	}
	changed, err := s.backend.ChangeConfiguration(r.Context(), in)
	if err != nil {
		return err
	}
	return writeJSON(w, ConfigChanged{Configuration: changed.filled(), Written: changed.Written})
}

func (s *Server) approveRoute(w http.ResponseWriter, r *http.Request) error {
	var in approveRequest
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.Route == "" {
		return fmt.Errorf("member \"route\" is %w: it is the name of a route", ErrInvalid)
	}
	approved, err := s.backend.ApproveRoute(r.Context(), in.Route)
	if err != nil {
		return err
	}
	return writeJSON(w, approveAnswer{orEmpty(approved)})
}

// filled makes missing lists and values encode as empty ones.
func (c *Configuration) filled() Configuration {
	out := *c
	out.Problems, out.Warnings = orEmpty(c.Problems), orEmpty(c.Warnings)
	out.Relays, out.Claims, out.Routes = filledEntries(c.Relays), filledEntries(c.Claims), filledEntries(c.Routes)
	out.History, out.Updates = c.History.filled(), c.Updates.filled()
	return out
}

func filledEntries(list []ConfigEntry) []ConfigEntry {
	out := make([]ConfigEntry, len(list))
	for i, e := range list {
		out[i] = e.filled()
	}
	return out
}

func (e ConfigEntry) filled() ConfigEntry {
	if e.Values == nil {
		e.Values = map[string]any{}
	}
	return e
}
