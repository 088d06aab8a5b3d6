package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeConfiguration is the part of a fakeBackend that has a configuration file.
type fakeConfiguration struct {
	made     ConfigChange // the last one
	approved string
}

var _ ConfigurationBackend = (*fakeConfiguration)(nil)

func (f *fakeConfiguration) Configuration(context.Context) (*Configuration, error) {
	return &Configuration{Path: "/home/me/config.yaml", Text: "relays: []\n", Digest: "d", Relays: []ConfigEntry{{Name: "mine"}}}, nil
}

func (f *fakeConfiguration) ChangeConfiguration(ctx context.Context, change ConfigChange) (*ConfigChanged, error) {
	f.made = change
	c, _ := f.Configuration(ctx)
	switch {
	case change.Digest != "" && change.Digest != c.Digest:
		return nil, fmt.Errorf("change of the configuration is %w: the file has changed", ErrConflict)
	case len(change.Edits) > 0 && change.Edits[0].Name == "none":
		return nil, fmt.Errorf("edit is %w: there is no none", ErrInvalid)
	case change.Text == "bad":
		c.Problems = []ConfigProblem{{Part: PartRoute, Name: "door", Field: "forward.to", Line: 3, Column: 4, Message: "bad", Remedy: "mend it"}}
		return &ConfigChanged{Configuration: *c}, nil
	}
	return &ConfigChanged{Configuration: *c, Written: !change.DryRun}, nil
}

func (f *fakeConfiguration) ApproveRoute(_ context.Context, name string) ([]Approved, error) {
	f.approved = name
	if name == "none" {
		return nil, fmt.Errorf("route %q: %w", name, ErrNotFound)
	}
	return []Approved{{Program: "/bin/true", SHA256: "aa"}}, nil
}

func TestConfiguration(t *testing.T) {
	srv := startServer(t, newFakeBackend(), nil)
	c, err := srv.client.Configuration(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := &Configuration{
		Path: "/home/me/config.yaml", Text: "relays: []\n", Digest: "d", Problems: []ConfigProblem{}, Warnings: []ConfigProblem{},
		Relays: []ConfigEntry{{Name: "mine", Values: map[string]any{}}}, Claims: []ConfigEntry{}, Routes: []ConfigEntry{},
		History: ConfigEntry{Values: map[string]any{}}, Updates: ConfigEntry{Values: map[string]any{}},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("configuration differs (-want +got):\n%s", diff)
	}
}

func TestChangeConfiguration(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	edit := ConfigEdit{Op: EditSet, Part: PartClaim, Name: "garage", Values: map[string]any{"name": "garage", "parallel": 2.0}}
	for _, tt := range []struct {
		name    string
		change  ConfigChange
		err     error
		written bool
		wrong   int // problems
	}{
		{"written", ConfigChange{Digest: "d", Edits: []ConfigEdit{edit}}, nil, true, 0},
		{"dry", ConfigChange{Text: "x", DryRun: true}, nil, false, 0},
		{"bad", ConfigChange{Text: "bad"}, nil, false, 1},
		{"stale", ConfigChange{Digest: "e", Text: "x"}, ErrConflict, false, 0},
		{"absent", ConfigChange{Edits: []ConfigEdit{{Op: EditRemove, Part: PartRoute, Name: "none"}}}, ErrInvalid, false, 0},
		{"nothing", ConfigChange{}, ErrInvalid, false, 0},
		{"too many", ConfigChange{Edits: make([]ConfigEdit, maxEdits+1)}, ErrInvalid, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := srv.client.ChangeConfiguration(t.Context(), tt.change)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			if got.Written != tt.written || len(got.Problems) != tt.wrong {
				t.Errorf("got %+v", got)
			}
			if diff := cmp.Diff(tt.change, b.made); diff != "" {
				t.Errorf("change arrived otherwise (-sent +got):\n%s", diff)
			}
		})
	}
	if status, text := ask(t, srv, http.MethodPost, "/v1/config", `{"text": "`+strings.Repeat("x", maxChange)+`"}`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: %d %.200s", status, text)
	}
	if status, text := ask(t, srv, http.MethodPost, "/v1/config", `{"txt": "x"}`); status != http.StatusBadRequest {
		t.Errorf("unknown member: %d %s", status, text)
	}
}

func TestApproveRoute(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	got, err := srv.client.ApproveRoute(t.Context(), "deploy")
	if err != nil || b.approved != "deploy" || len(got) != 1 || got[0].Program != "/bin/true" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := srv.client.ApproveRoute(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := srv.client.ApproveRoute(t.Context(), ""); !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
