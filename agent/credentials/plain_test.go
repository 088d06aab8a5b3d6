package credentials

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// older is a file of the first version, with two credentials.
func older(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// olderStore is the state folder of the first version.
func olderStore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, plainName), older(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFormerFormat holds that the first version's file is read for ever as it is.
func TestFormerFormat(t *testing.T) {
	all, err := decodePlain(older(t))
	if err != nil {
		t.Fatal(err)
	}
	r := record{Value: `It's a <secret> & "more"`, Set: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	if diff := cmp.Diff(r, all["github"]); diff != "" {
		t.Errorf("record differs (-want +got):\n%s", diff)
	}
}

// TestTakenOver holds that opening a store of the first version seals it, keeps
// values and ages, and leaves nothing in the clear.
func TestTakenOver(t *testing.T) {
	dir := olderStore(t)
	s := open(t, dir)
	if diff := cmp.Diff([]string{keyFileName, sealedName}, filesIn(t, dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
	wantValue(t, s, "github", `It's a <secret> & "more"`)
	wantValue(t, s, "relay/mine", "0123456789abcdef")
	list, err := s.List()
	if err != nil || len(list) != 2 || !list[0].Set.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("listing: %+v, %v", list, err)
	}
	text, err := os.ReadFile(s.path)
	if err != nil || strings.Contains(string(text), "0123456789abcdef") || strings.Contains(string(text), "<secret>") {
		t.Errorf("a value is in the clear, or %v: %s", err, text)
	}
}

// TestTakenOverAgain holds that a file which an earlier version left after this one
// was used adds to the credentials, and takes the place of none set later.
func TestTakenOverAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	set(t, s, "github", "newer", "mine", "kept", "relay/mine", "older")
	future, err := json.Marshal(time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"version": 1, "credentials": {
		"github": {"value": "stale", "set": "2026-01-02T03:04:05Z"},
		"added": {"value": "added", "set": "2026-01-02T03:04:05Z"},
		"relay/mine": {"value": "later", "set": %s}}}`, future)
	if err := os.WriteFile(s.plain, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "relay/mine", "older") // until it is taken over
	s = open(t, dir)
	for name, want := range map[string]string{"github": "newer", "mine": "kept", "relay/mine": "later", "added": "added"} {
		wantValue(t, s, name, want)
	}
	if _, err := os.Lstat(s.plain); err == nil {
		t.Error("the former file is still there")
	}
}

// TestTakenOverHalf holds that what a process that died was about to remove is
// removed by the next.
func TestTakenOverHalf(t *testing.T) {
	dir := t.TempDir()
	set(t, open(t, dir), "a", "v")
	taken := filepath.Join(dir, takenName)
	if err := os.WriteFile(taken, older(t), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openWith(t, Options{Dir: dir, ReadOnly: true})
	if _, err := os.Lstat(taken); err != nil {
		t.Error("who only looks has removed it")
	}
	wantError(t, "Set", s.Set("a", "w"), errReadOnly, "")
	open(t, dir)
	if _, err := os.Lstat(taken); err == nil {
		t.Error("it is still there")
	}
}

// TestLeftPlain holds that a former file beside a sealed one that cannot be read
// stops nothing, and is told.
func TestLeftPlain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	set(t, s, "a", "v")
	if err := os.WriteFile(s.plain, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	wantValue(t, s, "a", "v")
	set(t, s, "a", "w")
	wantError(t, "Damage", s.Damage(), nil, s.plain+" is damaged")
	if text, _ := os.ReadFile(s.plain); string(text) != "s3cret" {
		t.Errorf("it was overwritten: %q", text)
	}
}

// TestLookOnly holds that who only looks reads the former file and changes nothing.
func TestLookOnly(t *testing.T) {
	dir := olderStore(t)
	s := openWith(t, Options{Dir: dir, ReadOnly: true})
	wantValue(t, s, "relay/mine", "0123456789abcdef")
	if err := s.Ready(); err != nil || s.Place() != PlacePlain {
		t.Errorf("Ready() = %v, Place() = %q", err, s.Place())
	}
	for what, err := range map[string]error{
		"Set": s.Set("a", "v"), "Remove": s.Remove("github"), "Move": s.Move(t.Context(), PlaceFile, Options{}),
		"Rotate": s.Rotate("github", "v", 0), "RemoveOld": s.RemoveOld("github"), "Renew": s.Renew(t.Context(), PlaceFile, Options{}),
	} {
		wantError(t, what, err, errReadOnly, "")
	}
	if diff := cmp.Diff([]string{plainName}, filesIn(t, dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
	if _, err := OpenWith(t.Context(), Options{Dir: filepath.Join(dir, "none"), ReadOnly: true}); err == nil {
		t.Error("a store without a folder was opened")
	}
}

func TestDamagedPlain(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "is damaged; restore it from a backup"},
		{"no JSON", "s3cret", "is damaged"},
		{"cut off", `{"version": 1, "credentials": {"a": {"value": "s3cret`, "is damaged"},
		{"two documents", `{"version": 1, "credentials": {}} {"s3cret": 1}`, "is damaged"},
		{"no version", `{"credentials": {}}`, "is damaged"},
		{"unknown key", `{"version": 1, "s3cret": {}}`, "is damaged"},
		{"bad name", `{"version": 1, "credentials": {"S3CRET": {"value": "x", "set": "2026-01-02T03:04:05Z"}}}`, "is damaged"},
		{"no value", `{"version": 1, "credentials": {"a": {"set": "2026-01-02T03:04:05Z"}}}`, "is damaged"},
		{"later version", `{"version": 2, "sealed": "s3cret"}`, "was written by a newer version"},
		{"huge", strings.Repeat(" ", maxPlain+1), "is larger than 8 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, plainName)
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s := &Store{path: filepath.Join(dir, sealedName), plain: path, dir: dir, base: t.Context()} // as one that was open before
			_, get := s.Get("a")
			_, list := s.List()
			_, again := Open(dir)
			for verb, err := range map[string]error{"Get": get, "List": list, "Open": again, "Set": s.Set("a", "new"), "Remove": s.Remove("a")} {
				if err == nil || !strings.Contains(err.Error(), path+" "+tt.want) || strings.Contains(strings.ToLower(err.Error()), "s3cret") {
					t.Errorf("%s: got %v, want %q", verb, err, tt.want)
				}
			}
			if text, _ := os.ReadFile(path); string(text) != tt.text {
				t.Errorf("the damaged file was overwritten: %.100q", text)
			}
		})
	}
}

func FuzzPlain(f *testing.F) {
	f.Add([]byte(`{"version": 1, "credentials": {"a": {"value": "x", "set": "2026-01-02T03:04:05Z"}}}`))
	f.Add([]byte(`{"version": 1, "credentials": null}`))
	f.Add([]byte(`{"version": 2}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := decodePlain(data)
		if err != nil {
			return
		}
		text, err := json.Marshal(document{Version: 1, Credentials: all})
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodePlain(text)
		if err != nil {
			t.Fatalf("%q does not read back: %v", text, err)
		}
		if diff := cmp.Diff(all, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("content changed (-before +after):\n%s", diff)
		}
	})
}

// TestReadWhileTakenOver reads a store while another process, as it were, takes it
// over: at no moment is a credential missing.
func TestReadWhileTakenOver(t *testing.T) {
	for range 40 {
		dir := olderStore(t)
		s := openWith(t, Options{Dir: dir, ReadOnly: true})
		done := make(chan struct{})
		go func() {
			defer close(done)
			taking, err := Open(dir)
			if err != nil {
				t.Error(err)
				return
			}
			taking.Close()
		}()
		for over := false; !over; {
			select {
			case <-done:
				over = true
			default:
			}
			if got, err := s.Get("relay/mine"); err != nil || got != "0123456789abcdef" {
				t.Fatalf("Get = %q, %v", got, err)
			}
		}
	}
}
