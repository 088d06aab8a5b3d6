package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestMain lets the test program be the other process: with a folder in
// writerVariable it sets credentials there and ends, with one in moverVariable it
// moves the root key to and fro until it is killed.
func TestMain(m *testing.M) {
	if spec := os.Getenv(writerVariable); spec != "" {
		os.Exit(writer(spec))
	}
	if dir := os.Getenv(moverVariable); dir != "" {
		os.Exit(mover(dir))
	}
	os.Exit(m.Run())
}

const (
	writerVariable = "CREDENTIALS_TEST_WRITER"
	moverVariable  = "CREDENTIALS_TEST_MOVER"
	perWriter      = 8
)

// writer sets perWriter credentials named after the process.
func writer(spec string) int {
	name, dir, _ := strings.Cut(spec, ":")
	s, err := Open(dir)
	for i := 0; i < perWriter && err == nil; i++ {
		err = s.Set(fmt.Sprintf("%s/%d", name, i), "value")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// open opens a store that has its root key in a file.
func open(t *testing.T, dir string) *Store {
	t.Helper()
	return openWith(t, Options{Dir: dir})
}

func openWith(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := OpenWith(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// set sets credentials: names and values in turn.
func set(t *testing.T, s *Store, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := s.Set(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
}

// wantValue checks the value of a credential.
func wantValue(t *testing.T, s *Store, name, want string) {
	t.Helper()
	if got, err := s.Get(name); err != nil || got != want {
		t.Errorf("Get(%q) = %q, %v, want %q", name, got, err, want)
	}
}

// wantError checks that an error is one and has a text.
func wantError(t *testing.T, what string, err, is error, text string) {
	t.Helper()
	if err == nil || is != nil && !errors.Is(err, is) || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: got %v, want %v with %q", what, err, is, text)
	}
}

// filesIn are the names of the files in a folder.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range left {
		names = append(names, f.Name())
	}
	return names
}

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := open(t, dir)
	if s.Place() != PlaceFile || Exists(dir) {
		t.Errorf("Place() = %q, Exists() = %v", s.Place(), Exists(dir))
	}
	if _, err := s.Get("relay/mine"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get on an empty store: %v, want ErrNotFound", err)
	}
	if list, err := s.List(); err != nil || len(list) != 0 {
		t.Errorf("List on an empty store: %v, %v", list, err)
	}
	values := map[string]string{"relay/mine": "abc", "github": "é \"quoted\" <&> \n", "x": strings.Repeat("v", maxValue)}
	for name, value := range values {
		if err := s.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if !Exists(dir) {
		t.Error("Exists() = false")
	}
	again := open(t, dir)
	for name, want := range values {
		if got, err := again.Get(name); err != nil || got != want {
			t.Errorf("Get(%q) = %.20q, %v", name, got, err)
		}
	}
	list, err := again.List()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	want := []Info{{Name: "github", Set: now}, {Name: "relay/mine", Set: now, Fingerprint: "15ad"}, {Name: "x", Set: now}}
	for i := range want {
		want[i].Fingerprint = fingerprint(values[want[i].Name])
		want[i].Values = []Value{{Set: now, Fingerprint: want[i].Fingerprint}}
	}
	if want[1].Fingerprint != "15ad" { // SHA-256 of "abc" ends in f20015ad
		t.Errorf("fingerprint of abc is %q", want[1].Fingerprint)
	}
	if diff := cmp.Diff(want, list, cmpopts.EquateApproxTime(time.Minute)); diff != "" {
		t.Errorf("list differs (-want +got):\n%s", diff)
	}
	if err := s.Remove("x"); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove("x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("second Remove: %v, want ErrNotFound", err)
	}
}

// TestShared holds that two open stores see each other's changes at once.
func TestShared(t *testing.T) {
	dir := t.TempDir()
	one, two := open(t, dir), open(t, dir)
	for i := range 20 {
		want := fmt.Sprint("value ", i)
		if err := one.Set("token", want); err != nil {
			t.Fatal(err)
		}
		if got, err := two.Get("token"); err != nil || got != want {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	if err := two.Remove("token"); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Get("token"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// TestTogether has goroutines and processes change one store: nothing is lost
// and nothing left behind.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	var want []string
	var wg sync.WaitGroup
	for _, name := range []string{"process-a", "process-b", "process-c"} {
		for i := range perWriter {
			want = append(want, fmt.Sprintf("%s/%d", name, i))
		}
		wg.Go(func() {
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), writerVariable+"="+name+":"+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s", name, err, out)
			}
		})
	}
	for i := range perWriter {
		name := fmt.Sprintf("here/%d", i)
		want = append(want, name)
		wg.Go(func() {
			if err := s.Set(name, "value"); err != nil {
				t.Error(err)
			}
			if _, err := s.Get(name); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, info := range list {
		got = append(got, info.Name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{keyFileName, sealedName}, filesIn(t, dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
}

func TestNames(t *testing.T) {
	tests := map[string]bool{
		"a": true, "0": true, "relay/mine": true, "a.b_c-d/e": true, strings.Repeat("a", 64): true,
		"": false, "A": false, "/a": false, ".a": false, "-a": false, "a b": false, "é": false, "a\n": false,
		"a:b": false, strings.Repeat("a", 65): false,
	}
	s := open(t, t.TempDir())
	for name, ok := range tests {
		_, get := s.Get(name)
		for verb, err := range map[string]error{"Set": s.Set(name, "v"), "Get": get, "Remove": s.Remove(name)} {
			if bad := err != nil && !errors.Is(err, ErrNotFound); bad == ok {
				t.Errorf("%s(%q): %v", verb, name, err)
			}
		}
	}
}

func TestValues(t *testing.T) {
	s := open(t, t.TempDir())
	for name, value := range map[string]string{
		"empty": "", "long": strings.Repeat("s3cret!", 3000), "not-utf8": "s3cret!\xff", "zero": "s3cret!\x00",
	} {
		err := s.Set(name, value)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Set(%q): %v", name, err)
		}
	}
}

// TestSecrecy holds that no way to print a store, a listing or an error shows
// a value, not even one given where a name belongs.
func TestSecrecy(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Set("token", "s3cret"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("token"); err != nil {
		t.Fatal(err)
	}
	list, _ := s.List()
	_, wrong := s.Get("S3cret s3cret")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "store", s, "list", list, "error", wrong)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "store", s, "list", list, "error", wrong)
	asJSON, _ := json.Marshal(s) //lint:ignore SA9005 what a careless caller would do
	for _, shown := range []string{log.String(), string(asJSON), fmt.Sprintf("%v %+v %#v %s %d %x", s, s, s, s, s, s)} {
		if strings.Contains(strings.ToLower(shown), "s3cret") || strings.Contains(shown, fmt.Sprintf("%x", "s3cret")) {
			t.Errorf("a value is shown: %s", shown)
		}
	}
}
