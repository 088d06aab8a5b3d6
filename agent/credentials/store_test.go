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
// writerVariable it sets credentials there and ends.
func TestMain(m *testing.M) {
	if spec := os.Getenv(writerVariable); spec != "" {
		os.Exit(writer(spec))
	}
	os.Exit(m.Run())
}

const (
	writerVariable = "CREDENTIALS_TEST_WRITER"
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

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := open(t, dir)
	if s.Kind() != "file" {
		t.Errorf("Kind() = %q", s.Kind())
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
	want := []Info{{"github", now, "2fdb"}, {"relay/mine", now, "15ad"}, {"x", now, "20c3"}}
	for i := range want {
		want[i].Fingerprint = fingerprint(values[want[i].Name])
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
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
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

func TestDamaged(t *testing.T) {
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
		{"huge", strings.Repeat(" ", maxFile+1), "is larger than 8 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			path := filepath.Join(dir, fileName)
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
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

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version": 1, "credentials": {"a": {"value": "x", "set": "2026-01-02T03:04:05Z"}}}`))
	f.Add([]byte(`{"version": 1, "credentials": null}`))
	f.Add([]byte(`{"version": 2}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := decode(data)
		if err != nil {
			return
		}
		text, err := encode(all)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(text)
		if err != nil {
			t.Fatalf("%q does not read back: %v", text, err)
		}
		if diff := cmp.Diff(all, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("content changed (-before +after):\n%s", diff)
		}
	})
}
