package history

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var testKey = bytes.Repeat([]byte{7}, sealKeyBytes)

// waiting is delivery n after an attempt that is to be made again.
func waiting(n int) *Record {
	r := done(n, Waiting)
	r.Due = r.Received.Add(time.Hour)
	return r
}

func originalOf(t *testing.T, j *Journal, id string) *Record {
	t.Helper()
	r, err := j.Original(t.Context(), id)
	check(t, err)
	return r
}

// files lists what is in the folder of bodies.
func bodyFiles(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(bodies(path))
	check(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestOriginal(t *testing.T) {
	secret := []byte("Authorization: Bearer secret-of-the-sender")
	head := []byte("POST /hook?token=secret-of-the-sender&x=1 HTTP/1.1\r\n" + string(secret) + "\r\n\r\n")
	large := bytes.Repeat([]byte("0123456789abcdef"), 20<<10) // 320 KiB
	for _, tt := range []struct {
		name   string
		rules  []string
		keep   int
		body   []byte
		own    bool // apart from the record
		sealed bool
		file   bool
	}{
		{name: "all is kept", keep: 1 << 20, body: []byte("body")},
		{name: "large and all is kept", keep: 1 << 20, body: large},
		{name: "cut", keep: 3, body: []byte("body"), own: true},
		{name: "nothing kept", keep: -1, body: []byte("body"), own: true},
		{name: "large and cut", keep: 1000, body: large, own: true, file: true},
		{name: "redacted", rules: []string{"header.Authorization", "query.token"}, keep: 1 << 20, body: []byte("body"), own: true, sealed: true},
		{name: "redacted, large and cut", rules: []string{"header.Authorization", "query.token"}, keep: 1000, body: large, own: true, sealed: true, file: true},
		{name: "redacted without a body", rules: []string{"header.Authorization", "query.token"}, keep: 1 << 20, own: true, sealed: true},
		{name: "rules that do not apply", rules: []string{"header.Cookie"}, keep: 1 << 20, body: []byte("body")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			o := Options{Body: tt.keep, Redact: tt.rules, Seal: testKey}
			j := openAt(t, path, o)
			r := numbered(1)
			r.Query, r.Head, r.Body, r.Size = "token=secret-of-the-sender&x=1", head, tt.body, int64(len(tt.body))
			r.Answer = "hold"
			check(t, j.Begin(r, true))
			want := *r
			diff(t, originalOf(t, j, r.ID), &want)

			if got := len(bodyFiles(t, path)); (got == 1) != tt.file || got > 1 {
				t.Errorf("%d files", got)
			}
			if got := sqlValue(t, path, "SELECT count(*) FROM originals"); got != map[bool]int64{true: 1}[tt.own] {
				t.Errorf("%v originals", got)
			}
			if tt.sealed {
				checkSealed(t, path, "secret-of-the-sender")
			}

			check(t, j.Close())
			j = openAt(t, path, o)
			f := waiting(1)
			f.Size, f.Head, f.Body = r.Size, nil, nil
			check(t, j.Finish(f))
			got := originalOf(t, j, r.ID)
			if !bytes.Equal(got.Body, r.Body) || !bytes.Equal(got.Head, r.Head) || got.Query != r.Query || got.Redacted || got.BodyTruncated {
				t.Errorf("after a restart and an attempt: %+v", got.Delivery)
			}
			if !got.Due.Equal(f.Due) || got.State != Waiting || got.Answer != "hold" {
				t.Errorf("due %v, state %s, answer %q", got.Due, got.State, got.Answer)
			}

			check(t, j.Finish(done(1, Succeeded)))
			got = originalOf(t, j, r.ID)
			if got.Redacted != tt.sealed || got.BodyTruncated != (len(tt.body) > max(tt.keep, 0)) || !got.Due.IsZero() {
				t.Errorf("after its end: redacted %t, truncated %t, due %v", got.Redacted, got.BodyTruncated, got.Due)
			}
			if got := sqlValue(t, path, "SELECT count(*) FROM originals"); got != int64(0) {
				t.Errorf("%v originals after its end", got)
			}
			check(t, j.Close())
			check(t, openAt(t, path, o).Close())
			if names := bodyFiles(t, path); len(names) != 0 {
				t.Errorf("files %v after its end", names)
			}
		})
	}
}

// checkSealed looks for a text in every file beside path.
func checkSealed(t *testing.T, path, text string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Dir(path), func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		if bytes.Contains(b, []byte(text)) {
			t.Errorf("%s holds %q in clear", name, text)
		}
		return err
	})
	check(t, err)
}

// The file of a body that has ended goes with the next fsync at the latest.
func TestFilesOfTheEndedGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{Body: 10})
	r := numbered(1)
	r.Body = make([]byte, 300<<10)
	check(t, j.Begin(r, true))
	check(t, j.Finish(done(1, Succeeded)))
	check(t, j.Flush(t.Context()))
	if n := len(bodyFiles(t, path)); n != 1 {
		t.Errorf("%d files before the fsync, want that a power cut would find it", n)
	}
	check(t, j.Begin(numbered(2), true))
	if n := len(bodyFiles(t, path)); n != 0 {
		t.Errorf("%d files after an fsync", n)
	}
}

// Who begins a delivery again must not harm the first.
func TestSecondBeginLeavesTheOriginal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{Body: 10})
	r := numbered(1)
	r.Body = bytes.Repeat([]byte("a"), 300<<10)
	check(t, j.Begin(r, true))
	again := numbered(1)
	again.Body = bytes.Repeat([]byte("b"), 300<<10)
	if err := j.Begin(again, true); !errors.Is(err, ErrExists) {
		t.Errorf("error %v, want ErrExists", err)
	}
	if got := originalOf(t, j, r.ID).Body; !bytes.Equal(got, r.Body) {
		t.Error("the body has changed")
	}
	if n := len(bodyFiles(t, path)); n != 1 {
		t.Errorf("%d files", n)
	}
}

func TestStrayFilesAreSwept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{Body: 10})
	r := numbered(1)
	r.Body = make([]byte, 300<<10)
	check(t, j.Begin(r, true))
	check(t, j.Close())
	check(t, os.WriteFile(filepath.Join(bodies(path), "stray"), []byte("x"), 0o600))
	j = openAt(t, path, Options{Body: 10})
	if n := len(bodyFiles(t, path)); n != 1 {
		t.Errorf("%d files", n)
	}
	if got := originalOf(t, j, r.ID).Body; sha256.Sum256(got) != sha256.Sum256(r.Body) {
		t.Error("the body has changed")
	}
}

func TestSealNeedsItsKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	rules := []string{"header.Authorization"}
	for name, o := range map[string]Options{
		"no key":         {Redact: rules},
		"a short key":    {Redact: rules, Seal: testKey[:31]},
		"a rule of ours": {Redact: []string{"body.x"}, Seal: testKey},
		"an empty rule":  {Redact: []string{"json."}, Seal: testKey},
	} {
		if j, err := Open(t.Context(), path, o); err == nil {
			t.Errorf("%s: it opened", name)
			check(t, j.Close())
		}
	}
	j := openAt(t, path, Options{Redact: rules, Seal: testKey})
	r := numbered(1)
	r.Head = []byte("GET / HTTP/1.1\r\nAuthorization: x\r\n\r\n")
	check(t, j.Begin(r, true))
	check(t, j.Close())
	for name, key := range map[string][]byte{"none": nil, "another": bytes.Repeat([]byte{8}, sealKeyBytes)} {
		j = openAt(t, path, Options{Seal: key})
		if _, err := j.Original(t.Context(), r.ID); !errors.Is(err, ErrIncomplete) {
			t.Errorf("key %s: %v, want ErrIncomplete", name, err)
		}
		if j.SetRedact(rules) == nil && key == nil {
			t.Error("rules were set without a key")
		}
		check(t, j.Close())
	}
}

// Who begins with a redacted copy has it as it is.
func TestOriginalOfACopy(t *testing.T) {
	j := openTest(t, Options{Body: 100, Redact: []string{"header.Secret"}, Seal: testKey})
	for n, head := range []string{"GET / HTTP/1.1\r\nSecret: [redacted]\r\n\r\n", "GET / HTTP/1.1\r\nSecret: new\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"} {
		r := numbered(n)
		r.Head, r.Redacted, r.BodyTruncated = []byte(head), true, true
		check(t, j.Begin(r, true))
		if got := originalOf(t, j, r.ID); string(got.Head) != head || string(got.Body) != string(r.Body) {
			t.Errorf("head %q, body %q", got.Head, got.Body)
		}
	}
}

// What is sealed for one delivery does not open as another's.
func TestSealIsBound(t *testing.T) {
	s, err := newSeal(testKey)
	check(t, err)
	sealed, err := s.close("id", "head", []byte("text"))
	check(t, err)
	if got, err := s.open("id", "head", sealed); err != nil || string(got) != "text" {
		t.Errorf("%q, %v", got, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another id":   func() ([]byte, error) { return s.open("di", "head", sealed) },
		"another part": func() ([]byte, error) { return s.open("id", "body", sealed) },
		"cut off":      func() ([]byte, error) { return s.open("id", "head", sealed[:5]) },
		"changed":      func() ([]byte, error) { return s.open("id", "head", append(sealed[:len(sealed)-1:len(sealed)-1], 0)) },
	} {
		if got, err := open(); err == nil {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
}

func unfinishedIDs(t *testing.T, j *Journal, claim string, limit int) (ids []string) {
	t.Helper()
	for after := int64(0); ; {
		page, err := j.Unfinished(context.Background(), claim, after, limit)
		check(t, err)
		for _, u := range page {
			ids, after = append(ids, u.ID), u.Seq
		}
		if len(page) < limit {
			return ids
		}
	}
}

func TestUnfinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{})
	// The order of arrival is not that of receipt.
	for _, n := range []int{5, 3, 9, 1, 7, 2} {
		r := numbered(n)
		if n%2 == 0 {
			r.Claim = "shed"
		}
		check(t, j.Begin(r, true))
	}
	check(t, j.Begin(numbered(20), false)) // not durable
	rejected := numbered(21)
	rejected.State = Rejected
	check(t, j.Begin(rejected, true)) // at its end
	check(t, j.Finish(done(3, Succeeded)))
	check(t, j.Finish(waiting(9)))
	diff(t, unfinishedIDs(t, j, "", 2), testIDs(5, 9, 1, 7, 2))
	diff(t, unfinishedIDs(t, j, "garage", 10), testIDs(5, 9, 1, 7))
	diff(t, unfinishedIDs(t, j, "shed", 10), testIDs(2))
	diff(t, unfinishedIDs(t, j, "nowhere", 10), []string(nil))

	check(t, j.Close())
	j = openAt(t, path, Options{})
	check(t, j.Begin(numbered(4), true))
	diff(t, unfinishedIDs(t, j, "", 1), testIDs(5, 9, 1, 7, 2, 4))
	for _, n := range []int{5, 9, 1, 7, 2, 4} {
		check(t, j.Finish(done(n, Dead)))
	}
	diff(t, unfinishedIDs(t, j, "", 10), []string(nil))
}
