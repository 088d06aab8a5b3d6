package credentials

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sealedStore is the state folder of a store as this version has always written it.
func sealedStore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{sealedName, keyFileName} {
		text := fileText(t, filepath.Join("testdata", "v2", name))
		write(t, filepath.Join(dir, name), strings.ReplaceAll(string(text), "\r\n", "\n"))
	}
	return dir
}

// sealedFile is such a folder, with its sealed file and what that holds.
func sealedFile(t *testing.T) (dir, path string, text []byte) {
	t.Helper()
	dir = sealedStore(t)
	path = filepath.Join(dir, sealedName)
	return dir, path, fileText(t, path)
}

func fileText(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// inStore are the newest values of the credentials in testdata/v2.
var inStore = map[string]string{
	"github":     `It's a <secret> & "more"`,
	"relay/mine": "0123456789abcdef",
	"stripe":     "whsec_second",
}

// TestFormat holds that the sealed file of this version is read, and written, for
// ever as it is.
func TestFormat(t *testing.T) {
	dir := sealedStore(t)
	s := open(t, dir)
	for name, want := range inStore {
		wantValue(t, s, name, want)
	}
	if all, err := s.All("stripe"); err != nil || !slices.Equal(all, []string{"whsec_second", "whsec_first"}) {
		t.Errorf("All(stripe) = %q, %v", all, err)
	}
	if err := s.Damage(); err != nil {
		t.Error(err)
	}
	want := fileText(t, s.path)
	c, err := decode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("file differs (-want +got):\n%s", diff)
	}
	if !json.Valid(want) {
		t.Error("the file is not JSON")
	}
}

// TestFlippedByte spoils one byte after the other of a file with three records:
// nothing crashes, no value is wrong, no more than one credential is lost, and what
// is said of that one names it.
func TestFlippedByte(t *testing.T) {
	dir, path, whole := sealedFile(t)
	s := open(t, dir)
	for at := range whole {
		for _, flip := range []byte{0x01, 0x20, 0x80, 0xff} {
			text := bytes.Clone(whole)
			text[at] ^= flip
			write(t, path, string(text))
			lost := wantRest(t, s, fmt.Sprintf("byte %d with %#x", at, flip))
			if err := s.Damage(); err == nil || lost != "" && !errors.Is(err, ErrDamaged) {
				t.Errorf("byte %d with %#x: Damage() = %v", at, flip, err)
			}
			if _, err := s.List(); err != nil {
				t.Errorf("byte %d with %#x: List: %v", at, flip, err)
			}
		}
	}
}

// wantRest checks that all credentials but one at most are as they were, and
// returns the one.
func wantRest(t *testing.T, s *Store, what string) (lost string) {
	t.Helper()
	if err := s.Ready(); err != nil {
		t.Errorf("%s: Ready: %v", what, err)
	}
	for name, want := range inStore {
		got, err := s.Get(name)
		switch {
		case err == nil && got == want:
		case err == nil:
			t.Errorf("%s: Get(%q) = %q, which is wrong", what, name, got)
		case lost != "":
			t.Errorf("%s: both %s and %s are lost", what, lost, name)
		case !strings.Contains(err.Error(), fmt.Sprintf("credential %q", name)) || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), "set it again"):
			t.Errorf("%s: Get(%q): %v", what, name, err)
		default:
			lost = name
		}
	}
	return lost
}

// TestTakenName spoils a name so that it is that of another credential: that one
// stays as it is.
func TestTakenName(t *testing.T) {
	s := open(t, t.TempDir())
	set(t, s, "a", "of a", "b", "of b")
	text := fileText(t, s.path)
	for from, to := range map[string]string{"a": "b", "b": "a"} {
		write(t, s.path, strings.Replace(string(text), `{"name":"`+from, `{"name":"`+to, 1))
		wantValue(t, s, to, "of "+to)
		_, err := s.Get(from)
		wantError(t, "Get", err, ErrNotFound, "is damaged and may have held it")
		set(t, s, "c", "of c")
		wantValue(t, s, to, "of "+to)
		if list, err := s.List(); err != nil || len(list) != 2 || list[0].Damaged {
			t.Errorf("List() = %+v, %v", list, err)
		}
		if err := s.Damage(); err != nil {
			t.Error(err)
		}
	}
}

// TestLostByte cuts one byte after the other out of a file: the rest can be read.
func TestLostByte(t *testing.T) {
	dir, path, whole := sealedFile(t)
	s := open(t, dir)
	for at := range whole {
		text := append(bytes.Clone(whole[:at]), whole[at+1:]...)
		write(t, path, string(text))
		wantRest(t, s, fmt.Sprintf("without byte %d", at))
	}
}

// TestCutOff holds that of a file that was cut off what is whole can be read.
func TestCutOff(t *testing.T) {
	dir, path, whole := sealedFile(t)
	end := bytes.Index(whole, []byte(`{"name":"stripe"`)) + 100
	write(t, path, string(whole[:end]))
	if lost := wantRest(t, open(t, dir), "cut off"); lost != "stripe" {
		t.Errorf("lost: %q", lost)
	}
}

// TestRepair holds that a spoiled file is kept aside before it is written again, and
// that setting or removing what is lost repairs it.
func TestRepair(t *testing.T) {
	for _, tt := range []struct {
		name   string
		repair func(*Store) error
		want   string // of the credential, "" for none
	}{
		{"set", func(s *Store) error { return s.Set("github", "new") }, "new"},
		{"rotate", func(s *Store) error { return s.Rotate("github", "new", time.Hour) }, "new"},
		{"remove", func(s *Store) error { return s.Remove("github") }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := sealedStore(t)
			s := open(t, dir)
			spoiledText := spoil(t, s.path, `"sealed":"`)
			_, err := s.Get("github")
			wantError(t, "Get", err, ErrDamaged, `the credential "github" is damaged; set it again: homehook secret set github`)
			wantError(t, "RemoveOld", s.RemoveOld("github"), ErrDamaged, "github")
			set(t, s, "other", "v")
			wantAside(t, dir, "damaged", spoiledText)
			_, err = s.Get("github")
			wantError(t, "Get after another change", err, ErrDamaged, `"github"`)
			wantError(t, "Damage", s.Damage(), ErrDamaged, "github")
			wantError(t, "Move", s.Move(t.Context(), PlacePassphrase, phrase("x")), ErrDamaged, "github")
			if list, err := s.List(); err != nil || !list[0].Damaged || list[0].Name != "github" || list[1].Damaged {
				t.Errorf("List() = %+v, %v", list, err)
			}
			if err := tt.repair(s); err != nil {
				t.Fatal(err)
			}
			got, err := s.Get("github")
			if got != tt.want || tt.want == "" && !errors.Is(err, ErrNotFound) {
				t.Errorf("Get after repair: %q, %v", got, err)
			}
			if err := s.Damage(); err != nil {
				t.Error(err)
			}
			wantAside(t, dir, "damaged", spoiledText) // and no second one
		})
	}
}

// spoil spoils the byte behind the first mark in a file and returns what it has then.
func spoil(t *testing.T, path, mark string) []byte {
	t.Helper()
	text := fileText(t, path)
	i := bytes.Index(text, []byte(mark))
	if i < 0 {
		t.Fatalf("%s has no %s", path, mark)
	}
	text[i+len(mark)] ^= 1
	write(t, path, string(text))
	return text
}

// wantAside checks that exactly one copy of the sealed file was kept aside.
func wantAside(t *testing.T, dir, why string, want []byte) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, sealedName+"."+why+"-*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("kept aside: %q, %v", found, err)
	}
	got, err := os.ReadFile(found[0])
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %v, and has %d bytes of %d", found[0], err, len(got), len(want))
	}
	if info, err := os.Lstat(found[0]); err == nil && info.Mode().Perm()&0o077 != 0 && filepath.Separator == '/' {
		t.Errorf("mode of %s is %v", found[0], info.Mode())
	}
}

// TestWithoutHead holds that a file of which both heads are spoiled says so and is
// left alone, but can begin anew.
func TestWithoutHead(t *testing.T) {
	dir, path, text := sealedFile(t)
	text = bytes.ReplaceAll(text, []byte(`{"key":"`), []byte(`{"key":"0`))
	write(t, path, string(text))
	s := open(t, dir)
	_, get := s.Get("github")
	for what, err := range map[string]error{
		"Ready": s.Ready(), "Wait": s.Wait(t.Context()), "Get": get, "Damage": s.Damage(), "Set": s.Set("github", "v"),
		"Remove": s.Remove("github"), "Move": s.Move(t.Context(), PlaceFile, Options{}),
	} {
		wantError(t, what, err, ErrDamaged, path+" is damaged: it no longer says where its root key is")
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, text) {
		t.Error("it was overwritten")
	}
	if err := s.Renew(t.Context(), PlaceFile, Options{}); err != nil {
		t.Fatal(err)
	}
	wantAside(t, dir, "lost", text)
	wantAnew(t, s)
}

// wantAnew checks a store that has begun anew and sets one credential in it.
func wantAnew(t *testing.T, s *Store) {
	t.Helper()
	for name := range inStore {
		_, err := s.Get(name)
		wantError(t, "Get", err, ErrDamaged, "set it again: homehook secret set "+name)
	}
	set(t, s, "github", "again")
	wantValue(t, s, "github", "again")
	if err := s.Ready(); err != nil {
		t.Error(err)
	}
}

// TestOtherFiles holds what is said of files that are none of this version.
func TestOtherFiles(t *testing.T) {
	head := (&content{head: &head{Key: "k", Version: 3}}).head
	head.Sum = head.sum()
	later, err := json.Marshal(head)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"later version", `{"version":3,"sealed":"s3cret"}`, "was written by a newer version of Homehook"},
		{"later head", `{"version":2,"records":[` + string(later) + `]}`, "was written by a newer version of Homehook"},
		{"huge", strings.Repeat(" ", maxSealed+1), "is larger than 16 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, sealedName)
			write(t, path, tt.text)
			_, err := Open(dir)
			wantError(t, "Open", err, nil, path+" "+tt.want)
			if text, _ := os.ReadFile(path); string(text) != tt.text {
				t.Error("it was overwritten")
			}
		})
	}
	for _, text := range []string{"", "s3cret", "null", `{"version":2,"records":[]}`, `{"key":`, strings.Repeat("{", 1<<16)} {
		dir := t.TempDir()
		path := filepath.Join(dir, sealedName)
		write(t, path, text)
		err := open(t, dir).Ready()
		wantError(t, fmt.Sprintf("%.20q", text), err, ErrDamaged, path+" is damaged")
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("it repeats the file: %v", err)
		}
	}
}

// TestLaidOutAnew holds that a file is read that somebody has formatted.
func TestLaidOutAnew(t *testing.T) {
	dir, path, text := sealedFile(t)
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "\t"); err != nil {
		t.Fatal(err)
	}
	write(t, path, b.String())
	if lost := wantRest(t, open(t, dir), "formatted"); lost != "" {
		t.Errorf("lost: %q", lost)
	}
}

// TestMovedRecord holds that no value opens under another name, nor with another
// age or end, nor in another file.
func TestMovedRecord(t *testing.T) {
	k, err := newRootKey("0011", newSecret())
	if err != nil {
		t.Fatal(err)
	}
	other, err := newRootKey("0011", newSecret())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	v := k.seal("github", "s3cret", now, now.Add(time.Hour))
	if got, err := k.open("github", v); err != nil || got != "s3cret" {
		t.Fatalf("open: %q, %v", got, err)
	}
	if _, err := k.open("gitlab", v); !errors.Is(err, ErrDamaged) {
		t.Errorf("under another name: %v", err)
	}
	if _, err := other.open("github", v); !errors.Is(err, ErrDamaged) {
		t.Errorf("under another key: %v", err)
	}
	if _, err := (&rootKey{id: "0012", aead: k.aead}).open("github", v); !errors.Is(err, ErrDamaged) {
		t.Errorf("in another file: %v", err)
	}
	for name, change := range map[string]func(*sealedValue){
		"id": func(v *sealedValue) { v.ID += "0" }, "set": func(v *sealedValue) { v.Set = v.Set.Add(time.Second) },
		"until": func(v *sealedValue) { v.Until = v.Until.Add(time.Second) }, "no until": func(v *sealedValue) { v.Until = time.Time{} },
		"cut": func(v *sealedValue) { v.Sealed = v.Sealed[:5] }, "empty": func(v *sealedValue) { v.Sealed = nil },
	} {
		changed := v
		change(&changed)
		if _, err := k.open("github", changed); !errors.Is(err, ErrDamaged) {
			t.Errorf("with another %s: %v", name, err)
		}
	}
}

func TestTooMany(t *testing.T) {
	c := &content{head: &head{Key: "k"}, entries: map[string]entry{}}
	for i := range maxSealed/maxValue + 1 {
		name := strings.Repeat("a", 1+i%50) + "/" + strings.Repeat("b", i/50)
		c.entries[name] = entry{Name: name, Values: []sealedValue{{Sealed: make([]byte, maxValue)}}}
	}
	if _, err := c.encode(); err == nil || !strings.Contains(err.Error(), "more than 16 MiB") {
		t.Errorf("got %v, want the limit", err)
	}
}

// TestReplaceFails holds that a write that fails says so, changes nothing and
// leaves nothing behind.
func TestReplaceFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, sealedName)
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	wantError(t, "replaceFile", replaceFile(path, []byte("{}")), nil, "write credentials: ")
	if diff := cmp.Diff([]string{sealedName}, filesIn(t, dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
}

func FuzzSealed(f *testing.F) {
	whole, err := os.ReadFile(filepath.Join("testdata", "v2", sealedName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(bytes.ReplaceAll(whole, []byte("\n"), nil))
	f.Add(whole[:len(whole)/2])
	f.Add(whole[len(whole)/2:])
	f.Add([]byte(`{"version":3}`))
	f.Add([]byte(`{"name":"a","values":null,"sum":""}{"name":"a"{"key":{"name":"b"`))
	key, err := os.ReadFile(filepath.Join("testdata", "v2", keyFileName))
	if err != nil {
		f.Fatal(err)
	}
	secret, err := parseSecret(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decode(data)
		if err != nil || c.head == nil {
			return
		}
		text, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(text)
		if err != nil || !again.whole {
			t.Fatalf("%q does not read back: %v", text, err)
		}
		if !maps.Equal(c.lost, again.lost) || !slices.Equal(slices.Sorted(maps.Keys(c.entries)), slices.Sorted(maps.Keys(again.entries))) {
			t.Errorf("content changed from %v to %v", c, again)
		}
		wantNoOther(t, c, secret)
	})
}

// wantNoOther checks that what opens under the root key of testdata is what was
// sealed under it.
func wantNoOther(t *testing.T, c *content, secret []byte) {
	t.Helper()
	k, err := newRootKey(c.head.Key, secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range c.entries {
		if values, err := k.openAll(e, 1, time.Now()); err == nil && values[0] != inStore[name] && values[0] != "whsec_first" {
			t.Errorf("%s has the wrong value %q", name, values[0])
		}
	}
}
