package queue

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// alter changes one byte of an item's body, somewhere from its end.
func alter(t testing.TB, q *Queue, it *Item, fromEnd int64) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(q.opts.Dir, bodiesName, it.file), os.O_RDWR, 0)
	check(t, err)
	var b [1]byte
	_, err = f.ReadAt(b[:], it.Size-fromEnd)
	check(t, err)
	b[0] ^= 0x10
	_, err = f.WriteAt(b[:], it.Size-fromEnd)
	check(t, errors.Join(err, f.Close()))
}

func cut(t testing.TB, q *Queue, it *Item, size int64) {
	t.Helper()
	check(t, os.Truncate(filepath.Join(q.opts.Dir, bodiesName, it.file), size))
}

// A body's file that is not what was written is never read to its end, and its
// item does not hold up the line.
func TestChangedBody(t *testing.T) {
	for _, tt := range []struct {
		name    string
		damage  func(t testing.TB, q *Queue, it *Item)
		late    bool // the file is open by then
		unready bool // Body itself fails
		words   string
	}{
		{"the last byte", func(t testing.TB, q *Queue, it *Item) { alter(t, q, it, 1) }, false, false, "bytes have changed"},
		{"the first byte", func(t testing.TB, q *Queue, it *Item) { alter(t, q, it, it.Size) }, false, false, "bytes have changed"},
		{"a byte in the middle", func(t testing.TB, q *Queue, it *Item) { alter(t, q, it, it.Size/2) }, true, false, "bytes have changed"},
		{"cut", func(t testing.TB, q *Queue, it *Item) { cut(t, q, it, it.Size-1) }, false, true, "gone or cut"},
		{"cut to nothing", func(t testing.TB, q *Queue, it *Item) { cut(t, q, it, 0) }, false, true, "gone or cut"},
		{"grown", func(t testing.TB, q *Queue, it *Item) { cut(t, q, it, it.Size+1) }, false, true, "gone or cut"},
		{"cut while it is open", func(t testing.TB, q *Queue, it *Item) { cut(t, q, it, it.Size-1) }, true, false, "gone or cut"},
		{"gone", func(t testing.TB, q *Queue, it *Item) {
			check(t, os.Remove(filepath.Join(q.opts.Dir, bodiesName, it.file)))
		}, false, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			q := openTest(t, Options{Log: logTo(&log)})
			for n := range 2 {
				check(t, q.Put(t.Context(), numbered("garage", n), spoolOf(t, q, large(n, inRow)), Limits{}))
			}
			it := list(t, q, "garage")[0]
			if !tt.late {
				tt.damage(t, q, it)
			}
			r, err := q.Body(it)
			if tt.late {
				tt.damage(t, q, it)
			}
			if (err != nil) != tt.unready {
				t.Fatalf("open: %v", err)
			}
			if err == nil {
				var got []byte
				got, err = io.ReadAll(r)
				if int64(len(got)) >= it.Size {
					t.Errorf("all %d bytes came", len(got))
				}
				_, again := r.Read(make([]byte, 1))
				if !errors.Is(again, ErrLost) {
					t.Errorf("read again: %v", again)
				}
				check(t, r.Close())
			}
			if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("error %v", err)
			}
			diff(t, ids(list(t, q, "garage")), testIDs(1))
			diff(t, body(t, q, list(t, q, "garage")[0]), large(1, inRow))
			wait(t, "it is set aside", func() bool { return q.Stats().Lost == 1 })
			check(t, q.Close())
			if got := sqlValue(t, q.w.path, "SELECT why FROM lost WHERE head IS NOT NULL"); !strings.Contains(textOf(got), tt.words) || got == "" {
				t.Errorf("lost says %q", got)
			}
			if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), it.ID) {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

// A body in a file comes whole however it is read, and its reader keeps to what
// readers do.
func TestFileBody(t *testing.T) {
	q := openTest(t, Options{})
	want := large(1, 2*inRow)
	check(t, q.Put(t.Context(), numbered("garage", 1), spoolOf(t, q, want), Limits{}))
	it := list(t, q, "garage")[0]
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"whole":  func(r io.Reader) io.Reader { return r },
		"halves": iotest.HalfReader,
		"bytes":  iotest.OneByteReader,
	} {
		r, err := q.Body(it)
		check(t, err)
		if got, err := io.ReadAll(wrap(r)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%s, behind the end: %d, %v", name, n, err)
		}
		check(t, r.Close())
	}
	if q.Stats().Lost != 0 {
		t.Error("it is lost")
	}
	r, err := q.Body(it)
	check(t, err)
	check(t, r.Close())
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) || errors.Is(err, ErrLost) {
		t.Errorf("closed: %v", err)
	}
}

// What waits in a spool for its Put is no other.
func TestChangedSpool(t *testing.T) {
	q := openTest(t, Options{})
	s := spoolOf(t, q, large(1, inRow))
	entries, err := os.ReadDir(filepath.Join(q.opts.Dir, bodiesName))
	check(t, err)
	alter(t, q, &Item{file: entries[0].Name(), Size: s.Size()}, 7)
	r, err := s.NewReader()
	check(t, err)
	if got, err := io.ReadAll(r); err == nil || int64(len(got)) >= s.Size() {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	check(t, r.Close())
	// A Put may have it; what reads it finds the same.
	check(t, q.Put(t.Context(), numbered("garage", 1), s, Limits{}))
	r, err = q.Body(list(t, q, "garage")[0])
	check(t, err)
	if _, err := io.ReadAll(r); !errors.Is(err, ErrLost) {
		t.Errorf("error %v", err)
	}
	check(t, r.Close())
}

// The checksum of a row is over all that says what the delivery is.
func TestChangedCell(t *testing.T) {
	for _, change := range []string{
		"id = 'x' || substr(id, 2)", "received = received + 1", "size = size - 1", "sum = sum + 1", "crc = crc + 1",
		"file = substr(file, 2)", "head = head || x'20'", "origin = NULL", "trailer = x'41'", "body = x'42'",
	} {
		t.Run(change, func(t *testing.T) {
			q := openTest(t, Options{})
			check(t, q.Put(t.Context(), numbered("garage", 1), spoolOf(t, q, large(1, inRow)), Limits{}))
			put(t, q, "garage", 2, 2)
			sqlValue(t, q.w.path, "UPDATE items SET "+change+" WHERE seq = (SELECT min(seq) FROM items)")
			diff(t, ids(list(t, q, "garage")), testIDs(2))
			wait(t, "it is set aside", func() bool { return q.Stats().Lost == 1 })
		})
	}
}

// Lose sets aside what it is told, once, and keeps the body.
func TestLose(t *testing.T) {
	q := openTest(t, Options{})
	check(t, q.Put(t.Context(), numbered("garage", 1), spoolOf(t, q, large(1, inRow)), Limits{}))
	put(t, q, "garage", 2, 4)
	items := list(t, q, "garage")
	why := errors.New("it came for another")
	for range 2 {
		check(t, q.Lose(t.Context(), why, items[0], items[2]))
	}
	check(t, q.Lose(t.Context(), why))
	check(t, q.Done(t.Context(), items[3]))
	check(t, q.Lose(t.Context(), why, items[3]))
	diff(t, ids(list(t, q, "garage")), testIDs(2))
	if s := q.Stats(); s.Lost != 2 || s.Dones != 1 || files(t, q) != 1 {
		t.Errorf("%+v, %d files", s, files(t, q))
	}
	if n, _, _ := q.Count("garage"); n != 1 {
		t.Errorf("it counts %d", n)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Lose(ended, why, items[1]); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wait(t, "it is written all the same", func() bool { return q.Stats().Lost == 3 })
	check(t, q.Close())
	if err := q.Lose(t.Context(), why, items[1]); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if got := sqlValue(t, q.w.path, "SELECT count(*) FROM lost WHERE why = 'it came for another'"); got != int64(3) {
		t.Errorf("lost holds %v", got)
	}
	q = openAt(t, q.opts.Dir, Options{})
	if files(t, q) != 1 {
		t.Error("the body of what is lost was swept")
	}
}
