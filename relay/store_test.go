package relay

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStoreKeepsTokensAndClaims(t *testing.T) {
	dir := t.TempDir()
	r := openRelay(t, Options{Data: dir})
	ctx := t.Context()
	token, err := r.CreateToken(ctx, "me", 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(token) != 35 || !strings.HasPrefix(token, "hh_") {
		t.Errorf("token %q", token)
	}
	rec, err := r.dir.token(ctx, []byte(token))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.dir.put(ctx, claimRecord{Name: "garage", Token: "me", Answer: "through", MaxBody: 7}); err != nil {
		t.Fatal(err)
	}
	via := string(r.via)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}

	r = openRelay(t, Options{Data: dir})
	if got := string(r.via); got != via || !strings.HasPrefix(got, "1.1 homehook-") {
		t.Errorf("pseudonym %q was %q", got, via)
	}
	again, err := r.dir.token(ctx, []byte(token))
	if err != nil {
		t.Fatal(err)
	}
	if again.hash != rec.hash || again.MaxClaims != 2 {
		t.Errorf("got token %+v", again)
	}
	held := r.dir.held(again)
	if len(held) != 1 || held[0].name != "garage" || held[0].record().MaxBody != 7 || time.Since(held[0].record().Created) > time.Minute {
		t.Errorf("claims %+v", held)
	}
}

func TestClaimsOfTokens(t *testing.T) {
	r := openRelay(t, Options{})
	ctx := t.Context()
	tokens := map[string]*tokenRecord{}
	for _, name := range []string{"one", "two"} {
		token, err := r.CreateToken(ctx, name, 2)
		if err != nil {
			t.Fatal(err)
		}
		if tokens[name], err = r.dir.token(ctx, []byte(token)); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		name, claim, token string
		release            bool
		want               string // part of the error
	}{
		{"free name", "a", "one", false, ""},
		{"own name again", "a", "one", false, ""},
		{"name of another", "a", "two", false, "belongs to another token"},
		{"release a name of another", "a", "two", true, "holds no claim of that name"},
		{"second name", "b", "one", false, ""},
		{"beyond the limit", "c", "one", false, "may hold 2 claims and holds 2"},
		{"release", "a", "one", true, ""},
		{"room again", "c", "one", false, ""},
		{"released name is free", "a", "two", false, ""},
		{"release of nothing", "zzz", "two", true, "holds no claim of that name"},
	}
	for _, tt := range steps {
		t.Run(tt.name, func(t *testing.T) {
			var err error
			if tt.release {
				err = r.dir.release(ctx, tt.claim, tokens[tt.token].Name, false)
			} else {
				_, err = r.dir.take(ctx, tt.claim, tokens[tt.token])
			}
			var ref *refusal
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !errors.As(err, &ref) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestTakeKeepsSettings opens a claim anew whose settings were changed.
func TestTakeKeepsSettings(t *testing.T) {
	r := openRelay(t, Options{})
	ctx := t.Context()
	if _, err := r.CreateToken(ctx, "me", 2); err != nil {
		t.Fatal(err)
	}
	if _, err := r.dir.put(ctx, claimRecord{Name: "a", Token: "me", Answer: "through", MaxBody: 9}); err != nil {
		t.Fatal(err)
	}
	got, err := r.store.ensureClaim(ctx, claimRecord{Name: "a", Token: "me", Answer: "through"})
	if err != nil || got.MaxBody != 9 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTokenNamesAndStates(t *testing.T) {
	r := openRelay(t, Options{})
	ctx := t.Context()
	for _, name := range []string{"", "-x", "a b", "a/b", "ä", strings.Repeat("a", 64)} {
		if _, err := r.CreateToken(ctx, name, 1); err == nil {
			t.Errorf("name %q was accepted", name)
		}
	}
	first, err := r.CreateToken(ctx, "me", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.CreateToken(ctx, "me", 1); !errors.Is(err, ErrTokenExists) {
		t.Errorf("same name: %v", err)
	}
	if err := r.RevokeToken(ctx, "you"); !errors.Is(err, ErrNoToken) {
		t.Errorf("unknown name: %v", err)
	}
	if err := r.RevokeToken(ctx, "me"); err != nil {
		t.Fatal(err)
	}
	second, err := r.CreateToken(ctx, "me", 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, bearer := range []string{"", "hh_", first, first + "x", strings.ToUpper(second), strings.Repeat("a", 10_000)} {
		if _, err := r.dir.token(ctx, []byte(bearer)); err != errBadToken {
			t.Errorf("bearer %.40q: %v", bearer, err)
		}
	}
	if _, err := r.dir.token(ctx, []byte(second)); err != nil {
		t.Errorf("the good token: %v", err)
	}
	all, err := r.Tokens(ctx)
	if err != nil || len(all) != 1 || all[0].MaxClaims != 5 || !all[0].Revoked.IsZero() {
		t.Errorf("tokens %+v, %v", all, err)
	}
}

// TestOtherProcess changes the store through a second relay on the same
// folder, as the command line does.
func TestOtherProcess(t *testing.T) {
	dir := t.TempDir()
	running, other := openRelay(t, Options{Data: dir}), openRelay(t, Options{Data: dir})
	ctx := t.Context()
	token, err := other.CreateToken(ctx, "me", 2)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := running.dir.token(ctx, []byte(token))
	if err != nil {
		t.Fatalf("a token that was made a moment ago: %v", err)
	}
	if _, err := running.dir.take(ctx, "garage", rec); err != nil {
		t.Fatal(err)
	}
	if err := other.dir.refresh(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if other.dir.claim([]byte("garage")) == nil {
		t.Error("the other side does not see the claim")
	}
	if err := other.dir.release(ctx, "garage", rec.Name, false); err != nil {
		t.Fatal(err)
	}
	if err := other.RevokeToken(ctx, "me"); err != nil {
		t.Fatal(err)
	}
	if err := running.dir.refresh(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := running.dir.token(ctx, []byte(token)); err != errBadToken {
		t.Errorf("revoked token: %v", err)
	}
	if running.dir.claim([]byte("garage")) != nil {
		t.Error("the claim is still there")
	}
}

func TestStoreFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	dir := filepath.Join(t.TempDir(), "a b", "data?#%41")
	r := openRelay(t, Options{Data: dir})
	if _, err := r.CreateToken(t.Context(), "me", 1); err != nil {
		t.Fatal(err)
	}
	modes := map[string]os.FileMode{}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		modes[f.Name()] = info.Mode().Perm()
	}
	if diff := cmp.Diff(map[string]os.FileMode{"relay.db": 0o600, "relay.db-wal": 0o600, "relay.db-shm": 0o600}, modes); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the folder %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(dir, 0o770); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), Options{Data: dir}); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("folder that others can change: %v", err)
	}
}

func TestStoreRefuses(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, dir string)
		want string
	}{
		{"a newer schema", func(t *testing.T, dir string) {
			r := openRelay(t, Options{Data: dir})
			if _, err := r.store.db.Exec("PRAGMA user_version = 99"); err != nil {
				t.Fatal(err)
			}
			r.Close()
		}, "written by a newer version (schema 99, this one knows 3)"},
		{"a file that is no database", func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, storeFile), []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a database"},
		{"a file in place of the folder", func(t *testing.T, dir string) {
			os.Remove(dir)
			if err := os.WriteFile(dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "create data folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			tt.make(t, dir)
			_, err := New(context.Background(), Options{Data: dir})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
