package control

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRotation(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	ctx := t.Context()
	for _, err := range []error{
		srv.client.SetCredential(ctx, "github", "one"),
		srv.client.RotateCredential(ctx, "github", "two", 0),
		srv.client.RotateCredential(ctx, "github", "three", 7*24*time.Hour),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, want := b.secrets["github"], "three, two, one for 0s for 168h0m0s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := srv.client.RemoveOldValues(ctx, "github"); err != nil || b.secrets["github"] != "three" {
		t.Errorf("%v: %q", err, b.secrets["github"])
	}
	if err := srv.client.RemoveOldValues(ctx, "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestMoveCredentials(t *testing.T) {
	srv := startServer(t, newFakeBackend(), nil)
	got, err := srv.client.MoveCredentials(t.Context(), MoveCredentials{Place: "passphrase", Passphrase: "p"})
	if err != nil || *got != (CredentialStore{Store: "passphrase", State: CredentialsReady, Text: "p"}) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = srv.client.MoveCredentials(t.Context(), MoveCredentials{Place: "keyring"})
	if !errors.Is(err, ErrLocked) || asProblem(t, err).Status != http.StatusConflict {
		t.Errorf("%v", err)
	}
}

func TestCredentialParameters(t *testing.T) {
	srv := startServer(t, newFakeBackend(), nil)
	for _, tt := range []struct{ name, method, path, body, want string }{
		{"keep without rotate", "PUT", "/v1/credentials/x?keep=1h", "v", "rotate=true"},
		{"keep of nothing", "PUT", "/v1/credentials/x?rotate=true&keep=0s", "v", "168h"},
		{"keep in the past", "PUT", "/v1/credentials/x?rotate=true&keep=-1h", "v", "168h"},
		{"keep in words", "PUT", "/v1/credentials/x?rotate=true&keep=week", "v", "168h"},
		{"rotate in words", "PUT", "/v1/credentials/x?rotate=yes", "v", "true or false"},
		{"unknown with a value", "PUT", "/v1/credentials/x?force=true", "v", "keep, rotate"},
		{"unknown with a removal", "DELETE", "/v1/credentials/x?force=true", "", "old"},
		{"no place", "POST", "/v1/credentials-store", `{}`, "place"},
		{"unknown member", "POST", "/v1/credentials-store", `{"place":"file","force":true}`, "force"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, text := ask(t, srv, tt.method, tt.path, tt.body)
			if status != http.StatusBadRequest || !strings.Contains(text, tt.want) || !strings.Contains(text, codeInvalid) {
				t.Errorf("%d %s", status, text)
			}
		})
	}
}
