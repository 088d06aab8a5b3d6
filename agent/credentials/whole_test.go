package credentials

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// planted is the text of a file that somebody made who has no root key of a store, or
// an old one of it: he can compute all sums.
func planted(t *testing.T, c *content) string {
	t.Helper()
	text, err := c.encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// read gives what a store's file says, and its text.
func read(t *testing.T, s *Store) (*content, string) {
	t.Helper()
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return c, string(text)
}

// wantChanged checks that a store uses nothing of a file, and leaves it alone.
func wantChanged(t *testing.T, s *Store, want string) {
	t.Helper()
	_, before := read(t, s)
	_, get := s.Get("github")
	_, all := s.All("github")
	for what, err := range map[string]error{
		"Ready": s.Ready(), "Damage": s.Damage(), "Get": get, "All": all, "Set": s.Set("new", "v"), "Remove": s.Remove("github"),
		"Rotate": s.Rotate("github", "v", 0), "RemoveOld": s.RemoveOld("github"), "Move": s.Move(t.Context(), PlacePassphrase, phrase("x")),
	} {
		wantError(t, what, err, ErrChanged, want)
	}
	list, err := s.List()
	if err != nil || len(list) == 0 || list[0].Fingerprint != "" {
		t.Errorf("List() = %+v, %v", list, err)
	}
	if _, after := read(t, s); after != before {
		t.Error("the file has changed")
	}
}

// TestPutBack puts an old record back into a file, removes one, takes the newest value
// of one, and puts the whole file back: none of it is taken.
func TestPutBack(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(old, now *content)
	}{
		{"old record", func(old, now *content) { now.entries["github"] = old.entries["github"] }},
		{"record removed", func(_, now *content) { delete(now.entries, "github") }},
		{"record lost", func(_, now *content) { delete(now.entries, "github"); now.lost["github"] = true }},
		{"newest value removed", func(_, now *content) {
			d := &draft{content: *now}
			d.put("github", now.entries["github"].Values[1:])
		}},
		{"another count", func(_, now *content) { now.seal.Count++; now.seal.Sum = now.seal.sum() }},
		{"another place", func(_, now *content) { now.head.Place = PlaceSystemd; now.head.Sum = now.head.sum() }},
		{"seal of before", func(old, now *content) { now.seal = old.seal }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, sealedStore(t))
			old, _ := read(t, s)
			if err := s.Rotate("github", "new", time.Hour); err != nil {
				t.Fatal(err)
			}
			now, text := read(t, s)
			tt.change(old, now)
			write(t, s.path, planted(t, now))
			wantChanged(t, s, "not those that were written together")
			if tt.name != "another place" {
				wantChanged(t, open(t, s.dir), "not those that were written together")
			}
			write(t, s.path, text)
			wantValue(t, s, "github", "new")
			if err := s.Damage(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOlderFile holds that a store that is open does not go back to an older file,
// and that one opened anew takes what was restored.
func TestOlderFile(t *testing.T) {
	s := open(t, sealedStore(t))
	_, old := read(t, s)
	set(t, s, "github", "new")
	wantValue(t, s, "github", "new")
	write(t, s.path, old)
	wantChanged(t, s, "it is an older one than was here; if you have restored it from a backup, start Homehook again")
	if lost := wantRest(t, open(t, s.dir), "restored"); lost != "" {
		t.Errorf("lost: %s", lost)
	}
	if err := s.Renew(t.Context(), PlaceFile, Options{}); err != nil {
		t.Fatal(err)
	}
	wantAnew(t, s)
}

// TestPlantedStore puts another store's files in the place of those of one that is
// open: it is not taken for a move, and nothing is stored there.
func TestPlantedStore(t *testing.T) {
	handed(t, secretText(newSecret()))
	s := open(t, sealedStore(t))
	if err := s.Move(t.Context(), PlaceSystemd, Options{}); err != nil {
		t.Fatal(err)
	}
	other := open(t, t.TempDir())
	set(t, other, "github", "planted")
	c, text := read(t, other)
	key, err := os.ReadFile(other.keyFile())
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.keyFile(), string(key))
	write(t, s.path, text)
	wantChanged(t, s, "it is sealed under another root key (file), made by something that did not have the one in use")

	// With a link that he signs himself.
	forged := other.key.link(other.key)
	forged.From = s.key.id
	d := &draft{content: *c}
	if err := d.sealUnder(other.key, 1000, []link{forged}); err != nil {
		t.Fatal(err)
	}
	write(t, s.path, planted(t, &d.content))
	wantChanged(t, s, "it is sealed under another root key")
	wantValue(t, other, "github", "planted")
}

// TestFollow holds that a store that is open follows what others with its root key
// do, however often they move it before it looks again.
func TestFollow(t *testing.T) {
	handed(t, secretText(newSecret()))
	s := open(t, sealedStore(t))
	wantRest(t, s, "at first")
	other := open(t, s.dir)
	for i := range 2*maxLinks + 3 {
		to := []Place{PlaceSystemd, PlaceFile}[i%2]
		if err := other.Move(t.Context(), to, Options{}); err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 || i > 2*maxLinks {
			if lost := wantRest(t, s, "moved"); lost != "" {
				t.Errorf("lost: %s", lost)
			}
		}
	}
	if c, _ := read(t, s); len(c.seal.Links) != maxLinks {
		t.Errorf("%d links", len(c.seal.Links))
	}
	// The file is gone, and another begins a new one.
	remove(t, s.path)
	set(t, other, "github", "again")
	wantValue(t, s, "github", "again")
}

// TestUnsealed holds that a file without a seal is one that is damaged.
func TestUnsealed(t *testing.T) {
	s := open(t, sealedStore(t))
	c, _ := read(t, s)
	c.seal = nil
	write(t, s.path, planted(t, c))
	if lost := wantRest(t, s, "without seal"); lost != "" {
		t.Errorf("lost: %s", lost)
	}
	wantError(t, "Damage", s.Damage(), ErrDamaged, "it is not as it was written")
	set(t, s, "new", "v")
	if err := s.Damage(); err != nil {
		t.Error(err)
	}
	if found, _ := filepath.Glob(s.path + ".damaged-*"); len(found) != 1 {
		t.Errorf("kept aside: %q", found)
	}
}

// TestExpired holds that a value that has run out is never the current one, and is
// gone from the file once a store is opened.
func TestExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		set(t, s, "a", "first", "b", "v")
		if err := s.Rotate("a", "second", time.Hour); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if err := openWith(t, Options{Dir: dir, ReadOnly: true}).Damage(); err != nil {
			t.Error(err)
		}
		if c, _ := read(t, s); len(c.entries["a"].Values) != 2 {
			t.Error("who only looks has changed it")
		}
		open(t, dir)
		c, _ := read(t, s)
		if len(c.entries["a"].Values) != 1 {
			t.Error("the old value is still there")
		}
		wantValue(t, s, "a", "second")

		// As in a damaged file of which the newest value was cut out.
		d := &draft{content: *c}
		d.put("a", []sealedValue{s.key.seal("a", "first", time.Now().Add(-time.Hour), time.Now().Add(-time.Minute))})
		d.seal = nil
		write(t, s.path, planted(t, &d.content))
		_, err := s.Get("a")
		wantError(t, "Get", err, ErrDamaged, `"a"`)
		_, err = s.All("a")
		wantError(t, "All", err, ErrDamaged, `"a"`)
		wantValue(t, s, "b", "v")
		if list, err := s.List(); err != nil || len(list) != 2 || !list[0].Damaged || list[1].Damaged {
			t.Errorf("List() = %+v, %v", list, err)
		}
	})
}

// TestDerivesAside holds that who needs another root key is not held up while one is
// made of a passphrase, and that it is made once.
func TestDerivesAside(t *testing.T) {
	s := open(t, t.TempDir())
	set(t, s, "a", "v")
	c, _ := read(t, s)
	words := "x"
	s.phrase = &words
	other := *c.head
	other.Key, other.Place, other.Cost, other.Salt = "other", PlacePassphrase, &cost{Passes: most.Passes, Memory: most.Memory, Lanes: 1}, newSecret()
	secret := newSecret()
	k, err := newRootKey(other.Key, secret)
	if err != nil {
		t.Fatal(err)
	}
	later := content{head: &other, whole: true, seal: &fileSeal{Links: []link{s.key.link(k)}}}
	s.deriving.Lock() // as somebody who is making it
	done := make(chan error, 1)
	go func() {
		_, err := s.keyOf(&later)
		done <- err
	}()
	for range 10 {
		wantValue(t, s, "a", "v")
	}
	select {
	case err := <-done:
		t.Errorf("it was made twice at a time: %v", err)
	default:
	}
	s.mu.Lock()
	s.refused, s.refusedID = ErrDamaged, other.Key
	s.mu.Unlock()
	s.deriving.Unlock()
	wantError(t, "keyOf", <-done, ErrDamaged, "")
}

func FuzzFollow(f *testing.F) {
	k, err := newRootKey("0011", newSecret())
	if err != nil {
		f.Fatal(err)
	}
	to, err := newRootKey("0012", newSecret())
	if err != nil {
		f.Fatal(err)
	}
	good, err := json.Marshal([]link{k.link(to)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`[{"from":"0011","to":"0012","public":"AA==","signed":null}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var links []link
		if json.Unmarshal(data, &links) != nil {
			return
		}
		public, ok := (&fileSeal{Links: links}).follow(k, "0012")
		if ok && !bytes.Equal(public, to.public()) {
			t.Errorf("%s leads elsewhere", data)
		}
	})
}

// TestUnlockPlanted holds that a passphrase does not open what somebody planted.
func TestUnlockPlanted(t *testing.T) {
	s := open(t, sealedStore(t))
	wantRest(t, s, "at first")
	other := open(t, t.TempDir())
	set(t, other, "github", "planted")
	if err := other.Move(t.Context(), PlacePassphrase, phrase("correct horse")); err != nil {
		t.Fatal(err)
	}
	_, text := read(t, other)
	write(t, s.path, text)
	wantError(t, "Unlock", s.Unlock("correct horse"), ErrChanged, "it is sealed under another root key (passphrase)")
	wantChanged(t, s, "it is sealed under another root key (passphrase)")
}
