package credentials

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// phrase are options that give a passphrase.
func phrase(text string) Options {
	return Options{Passphrase: func(context.Context) (string, error) { return text, nil }}
}

// handed has systemd hand over a root key, as it were.
func handed(t *testing.T, text string) (path string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there is no systemd on Windows")
	}
	dir := t.TempDir()
	path = filepath.Join(dir, systemdName)
	if err := os.WriteFile(path, []byte(text), 0o400); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	return path
}

// noSession has the test see no bus of a session.
func noSession(t *testing.T) {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	t.Setenv("XDG_RUNTIME_DIR", "/nonexistent")
}

// TestMove moves the root key round all places that need no keyring: nothing is
// lost, and what was used before is gone.
func TestMove(t *testing.T) {
	handed(t, secretText(newSecret()))
	dir := sealedStore(t)
	s := open(t, dir)
	for _, step := range []struct {
		to    Place
		o     Options
		files []string
	}{
		{PlaceFile, Options{}, []string{keyFileName, sealedName}},
		{PlacePassphrase, phrase("correct horse"), []string{sealedName}},
		{PlacePassphrase, phrase("battery staple"), []string{sealedName}},
		{PlaceSystemd, Options{}, []string{sealedName}},
		{PlaceFile, Options{}, []string{keyFileName, sealedName}},
		{PlaceSystemd, Options{}, []string{sealedName}},
	} {
		before, err := s.List()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Move(t.Context(), step.to, step.o); err != nil {
			t.Fatalf("to %s: %v", step.to, err)
		}
		if diff := cmp.Diff(step.files, filesIn(t, dir)); diff != "" {
			t.Errorf("to %s: files differ (-want +got):\n%s", step.to, diff)
		}
		again := step.o
		again.Dir = dir
		for _, one := range []*Store{s, openWith(t, again)} {
			if err := one.Ready(); err != nil || one.Place() != step.to {
				t.Errorf("to %s: Ready() = %v, Place() = %q", step.to, err, one.Place())
			}
			after, err := one.List()
			if diff := cmp.Diff(before, after); err != nil || diff != "" {
				t.Errorf("to %s: %v, listing differs (-before +after):\n%s", step.to, err, diff)
			}
		}
		set(t, s, "github", `It's a <secret> & "more"`)
	}
}

// TestMoveFails holds that a move that fails leaves all as it was.
func TestMoveFails(t *testing.T) {
	noSession(t)
	t.Setenv("CREDENTIALS_DIRECTORY", t.TempDir())
	failing := Options{Passphrase: func(context.Context) (string, error) { return "", errors.New("nobody there") }}
	tests := []struct {
		name string
		to   Place
		o    Options
		want string
	}{
		{"no systemd", PlaceSystemd, Options{}, "keep root key in systemd: there is none here: $CREDENTIALS_DIRECTORY has no homehook-root-key"},
		{"no passphrase", PlacePassphrase, Options{}, "no passphrase was given"},
		{"empty passphrase", PlacePassphrase, phrase(""), "the passphrase is empty"},
		{"no one to ask", PlacePassphrase, failing, "read passphrase: nobody there"},
		{"nowhere", Place("cloud"), Options{}, `there is no place "cloud" for the root key`},
		{"plain", PlacePlain, Options{}, `there is no place "plain" for the root key`},
	}
	if lookAt(t.Context()) != nil {
		tests = append(tests, tests[0])
		tests[len(tests)-1].name, tests[len(tests)-1].to = "no keyring", PlaceKeyring
		tests[len(tests)-1].want = "keep root key in keyring: there is none here: the session bus does not answer"
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, sealedStore(t))
			before, err := os.ReadFile(s.path)
			if err != nil {
				t.Fatal(err)
			}
			wantError(t, "Move", s.Move(t.Context(), tt.to, tt.o), nil, tt.want)
			if after, _ := os.ReadFile(s.path); string(after) != string(before) {
				t.Error("the file has changed")
			}
			if diff := cmp.Diff([]string{keyFileName, sealedName}, filesIn(t, s.dir)); diff != "" {
				t.Errorf("files differ (-want +got):\n%s", diff)
			}
			wantRest(t, s, tt.name)
		})
	}
}

// TestMoveForged holds that a value that was not sealed under the root key stops a
// move, and that the root key made for it is given up.
func TestMoveForged(t *testing.T) {
	handed(t, secretText(newSecret()))
	s := open(t, sealedStore(t))
	if err := s.Move(t.Context(), PlaceSystemd, Options{}); err != nil {
		t.Fatal(err)
	}
	c, err := s.readSealed()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newRootKey(c.head.Key, newSecret())
	if err != nil {
		t.Fatal(err)
	}
	d := draft{content: content{head: c.head, entries: c.entries, lost: c.lost}}
	d.put("github", []sealedValue{other.seal("github", "forged", time.Now(), time.Time{})})
	d.seal = c.seal
	sealed, err := d.encode()
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.path, string(sealed))
	_, err = s.Get("github")
	wantError(t, "Get under the old seal", err, ErrChanged, s.path)
	// One that a program with the root key has sealed as a whole all the same.
	if err := d.sealUnder(s.key, c.seal.Count+1, nil); err != nil {
		t.Fatal(err)
	}
	text, err := d.encode()
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.path, string(text))
	_, err = s.Get("github")
	wantError(t, "Get", err, ErrDamaged, "github")
	if list, err := s.List(); err != nil || !list[0].Damaged || list[1].Damaged {
		t.Errorf("List() = %+v, %v", list, err)
	}
	wantError(t, "Move", s.Move(t.Context(), PlaceFile, Options{}), ErrDamaged, "move root key: the credential \"github\" is damaged; set it again")
	if diff := cmp.Diff([]string{sealedName}, filesIn(t, s.dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
	if err := s.Rotate("github", "new", time.Hour); err != nil {
		t.Fatal(err)
	}
	if all, err := s.All("github"); err != nil || len(all) != 1 {
		t.Errorf("All() = %q, %v", all, err)
	}
}

// TestGivenUp holds that a root key made for a change that fails is given up.
func TestGivenUp(t *testing.T) {
	s := open(t, t.TempDir())
	err := s.change(t.Context(), func(d *draft) error {
		if _, err := d.root(); err != nil {
			t.Error(err)
		}
		return errors.New("no")
	})
	wantError(t, "change", err, nil, "no")
	if names := filesIn(t, s.dir); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

// TestMoveNew holds that the place of a store without credentials can be chosen.
func TestMoveNew(t *testing.T) {
	s := openWith(t, Options{Dir: t.TempDir(), New: []Place{PlaceFile}})
	if err := s.Move(t.Context(), PlacePassphrase, phrase("x")); err != nil {
		t.Fatal(err)
	}
	o := phrase("x")
	o.Dir, o.New = s.dir, []Place{PlaceFile}
	again := openWith(t, o)
	if again.Place() != PlacePassphrase {
		t.Errorf("Place() = %q", again.Place())
	}
	set(t, again, "a", "v")
	wantValue(t, s, "a", "v")
}

// TestNew holds at which place a new store has its root key.
func TestNew(t *testing.T) {
	noSession(t)
	key := base64.StdEncoding.EncodeToString(newSecret())
	for _, tt := range []struct {
		name   string
		handed string
		o      Options
		want   Place
	}{
		{"nothing said", key, Options{}, PlaceFile},
		{"systemd there", key, Options{New: []Place{PlaceSystemd, PlaceFile}}, PlaceSystemd},
		{"systemd not there", "", Options{New: []Place{PlaceSystemd, PlaceFile}}, PlaceFile},
		{"passphrase given", "", Options{New: []Place{PlacePassphrase, PlaceFile}, Passphrase: phrase("x").Passphrase}, PlacePassphrase},
		{"passphrase not given", "", Options{New: []Place{PlacePassphrase, PlaceFile}}, PlaceFile},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("CREDENTIALS_DIRECTORY", "")
			if tt.handed != "" {
				handed(t, tt.handed)
			}
			tt.o.Dir = t.TempDir()
			s := openWith(t, tt.o)
			if s.Place() != tt.want {
				t.Errorf("Place() = %q, want %q", s.Place(), tt.want)
			}
			if names := filesIn(t, tt.o.Dir); len(names) > 0 {
				t.Errorf("files were made: %q", names)
			}
			set(t, s, "a", "v")
			again := openWith(t, tt.o)
			wantValue(t, again, "a", "v")
			if again.Place() != tt.want {
				t.Errorf("Place() = %q, want %q", again.Place(), tt.want)
			}
		})
	}
}

// TestNowhere holds that a store without any place says so when it is needed.
func TestNowhere(t *testing.T) {
	noSession(t)
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	s := openWith(t, Options{Dir: t.TempDir(), New: []Place{PlaceSystemd, PlacePassphrase}})
	wantError(t, "Set", s.Set("a", "v"), nil, "keep root key in systemd: there is none here: $CREDENTIALS_DIRECTORY has no homehook-root-key; add it to the service with LoadCredentialEncrypted=homehook-root-key:FILE; keep root key in passphrase: there is none here")
	if names := filesIn(t, s.dir); len(names) > 0 {
		t.Errorf("files were made: %q", names)
	}
}

// TestKeyGone holds what is said where the root key is lost: nothing is overwritten,
// names stay, and the way out leads out.
func TestKeyGone(t *testing.T) {
	for _, tt := range []struct {
		name  string
		place Place
		lose  func(t *testing.T, dir, handed string)
		want  string
	}{
		{"file removed", PlaceFile, func(t *testing.T, dir, _ string) { remove(t, filepath.Join(dir, keyFileName)) }, "is not in KEY; bring it back, or begin anew with: homehook secret store file --anew; the secrets must then be entered again"},
		{"file spoiled", PlaceFile, func(t *testing.T, dir, _ string) { write(t, filepath.Join(dir, keyFileName), "s3cret") }, "KEY holds no root key (32 random bytes"},
		{"another file", PlaceFile, func(t *testing.T, dir, _ string) {
			write(t, filepath.Join(dir, keyFileName), secretText(newSecret()))
		}, "the root key in KEY is not that of SEALED; bring the right one back, or begin anew"},
		{"not handed over", PlaceSystemd, func(t *testing.T, _, _ string) { t.Setenv("CREDENTIALS_DIRECTORY", "") }, "systemd hands over no root key for SEALED"},
		{"another handed over", PlaceSystemd, func(t *testing.T, _, _ string) { handed(t, secretText(newSecret())) }, "the root key that systemd hands over is not that of SEALED"},
		{"no passphrase", PlacePassphrase, func(*testing.T, string, string) {}, "is made of a passphrase, and none was given; stop the agent and start it with: homehook run --passphrase-stdin; or, as for a service, which nobody can give one, keep the root key elsewhere: homehook secret store file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := handed(t, secretText(newSecret()))
			dir := sealedStore(t)
			s := open(t, dir)
			if err := s.Move(t.Context(), tt.place, phrase("x")); err != nil {
				t.Fatal(err)
			}
			tt.lose(t, dir, path)
			before, err := os.ReadFile(s.path)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer("KEY", filepath.Join(dir, keyFileName), "SEALED", s.path).Replace(tt.want)
			s = open(t, dir)
			wantLost(t, s, want)
			if after, _ := os.ReadFile(s.path); string(after) != string(before) {
				t.Error("the file has changed")
			}
			if err := s.Renew(t.Context(), PlaceFile, Options{}); err != nil {
				t.Fatal(err)
			}
			wantAside(t, dir, "lost", before)
			wantAnew(t, s)
			wantError(t, "Renew again", s.Renew(t.Context(), PlaceFile, Options{}), nil, "nothing has to begin anew")
		})
	}
}

// wantLost checks that a store says for good why it has no root key.
func wantLost(t *testing.T, s *Store, want string) {
	t.Helper()
	_, get := s.Get("github")
	_, all := s.All("github")
	for what, err := range map[string]error{
		"Ready": s.Ready(), "Wait": s.Wait(t.Context()), "Get": get, "All": all, "Set": s.Set("new", "v"),
		"Rotate": s.Rotate("github", "v", 0), "Move": s.Move(t.Context(), PlaceFile, Options{}),
	} {
		wantError(t, what, err, nil, want)
		if errors.Is(err, ErrLocked) || errors.Is(err, ErrNotFound) || err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := s.Get("none")
	wantError(t, "Get of another", err, ErrNotFound, "none")
	list, err := s.List()
	if err != nil || len(list) != 3 || list[0].Name != "github" || list[0].Set.IsZero() || list[0].Fingerprint != "" || list[0].Damaged || len(list[0].Values)+len(list[2].Values) != 3 {
		t.Errorf("List() = %+v, %v", list, err)
	}
}

// TestWrongPassphrase holds that a wrong passphrase opens nothing, changes nothing,
// and is not tried at each call.
func TestWrongPassphrase(t *testing.T) {
	dir := sealedStore(t)
	if err := open(t, dir).Move(t.Context(), PlacePassphrase, phrase("right")); err != nil {
		t.Fatal(err)
	}
	asked := 0
	s := openWith(t, Options{Dir: dir, Passphrase: func(context.Context) (string, error) { asked++; return "wrong", nil }})
	want := "the passphrase is not that of " + s.path
	wantLost(t, s, want)
	start := time.Now()
	for range 1000 {
		wantError(t, "Ready", s.Ready(), nil, want)
	}
	if took := time.Since(start); took > 5*time.Second || asked != 1 {
		t.Errorf("it took %s and asked %d times", took, asked)
	}
	o := phrase("right")
	o.Dir = dir
	wantRest(t, openWith(t, o), "the right one")
}

// TestSpoiledCost holds that a file cannot ask for any memory it likes.
func TestSpoiledCost(t *testing.T) {
	for name, c := range map[string]*cost{
		"none": nil, "no passes": {0, 64 << 10, 4}, "many passes": {1 << 30, 8, 1}, "all memory": {1, 1 << 31, 1}, "no lanes": {1, 1 << 10, 0}, "no memory": {1, 0, 1},
		"too many passes": {9, 64 << 10, 4}, "too much memory": {1, 256<<10 + 1, 1}, "too many lanes": {1, 1 << 10, 9},
	} {
		h := &head{Salt: make([]byte, 16), Cost: c}
		_, err := h.derive("x")
		wantError(t, name, err, ErrDamaged, "it does not say how its root key is made")
	}
	if _, err := (&head{Cost: &usual}).derive("x"); !errors.Is(err, ErrDamaged) {
		t.Errorf("without salt: %v", err)
	}
}

func TestParseSecret(t *testing.T) {
	secret := newSecret()
	for name, text := range map[string]string{
		"base64": secretText(secret), "with line break": secretText(secret) + "\n",
		"hexadecimal": hex.EncodeToString(secret) + "\n", "big hexadecimal": strings.ToUpper(hex.EncodeToString(secret)),
	} {
		if got, err := parseSecret([]byte(text)); err != nil || string(got) != string(secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"", "\n", "s3cret", secretText(secret[1:]), string(secret), hex.EncodeToString(secret[:16]), strings.Repeat("=", 44)} {
		if _, err := parseSecret([]byte(text)); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestKeptKey holds that the root key of a sealed file that was moved away is used
// again: somebody may bring that file back.
func TestKeptKey(t *testing.T) {
	dir := sealedStore(t)
	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(filepath.Join(dir, sealedName), away); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	set(t, s, "a", "v")
	if err := os.Rename(away, s.path); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get("github")
	wantError(t, "Get while another is in use", err, ErrChanged, "start Homehook again")
	if lost := wantRest(t, open(t, dir), "brought back"); lost != "" {
		t.Errorf("lost: %s", lost)
	}
}

// TestShred holds that what is removed was overwritten first.
func TestShred(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, path, strings.Repeat("s3cret", 10000))
	if err := os.Link(path, other); err != nil {
		t.Skip(err)
	}
	if err := shred(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(other)
	if err != nil || len(text) != 60000 || strings.Trim(string(text), "\x00") != "" {
		t.Errorf("%v, %d bytes left: %.20q", err, len(text), text)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	if err := shred(path); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
