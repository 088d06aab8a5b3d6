package queue

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

func read(t testing.TB, s *Spool) []byte {
	t.Helper()
	r, err := s.NewReader()
	check(t, err)
	b, err := io.ReadAll(r)
	check(t, err)
	check(t, r.Close())
	return b
}

func TestSpool(t *testing.T) {
	for _, size := range []int{0, 1, 1000, inRow - 1, inRow, inRow + 1, 3*inRow + 7} {
		for _, piece := range []int{1 << 20, 32 << 10, 1000} {
			t.Run(fmt.Sprintf("%d by %d", size, piece), func(t *testing.T) {
				q := openTest(t, Options{})
				s := q.NewSpool()
				want := make([]byte, size)
				r := rand.NewChaCha8([32]byte{})
				_, _ = r.Read(want)
				for rest := want; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
					n, err := s.Write(rest[:min(piece, len(rest))])
					if err != nil || n != min(piece, len(rest)) {
						t.Fatal(n, err)
					}
				}
				if s.Size() != int64(size) {
					t.Errorf("size %d", s.Size())
				}
				for range 3 {
					if got := read(t, s); !bytes.Equal(got, want) {
						t.Errorf("%d bytes came back", len(got))
					}
				}
				if got, want := files(t, q) == 1, size > inRow; got != want {
					t.Errorf("a file: %t, want %t", got, want)
				}
				check(t, s.Close())
				check(t, s.Close())
				if files(t, q) != 0 || q.memory.Load() != 0 {
					t.Errorf("%d files, %d bytes of memory after Close", files(t, q), q.memory.Load())
				}
				if _, err := s.NewReader(); err == nil {
					t.Error("a closed spool is read")
				}
				if _, err := s.Write([]byte("x")); err == nil {
					t.Error("a closed spool is written")
				}
			})
		}
	}
}

// All spools together keep to Options.Memory, and use files beyond it.
func TestSpoolMemory(t *testing.T) {
	const limit = 1 << 20
	q := openTest(t, Options{Memory: limit})
	var spools []*Spool
	for n := range 40 {
		spools = append(spools, spoolOf(t, q, large(n, 100<<10)))
		if used := q.memory.Load(); used > limit {
			t.Fatalf("%d bytes in memory", used)
		}
	}
	if got := files(t, q); got < 29 || got > 31 {
		t.Errorf("%d files", got)
	}
	for n, s := range spools {
		if got := read(t, s); !bytes.Equal(got, large(n, 100<<10)) {
			t.Errorf("spool %d has %d bytes", n, len(got))
		}
		check(t, q.Put(t.Context(), numbered("garage", n), s, Limits{}))
		check(t, s.Close())
	}
	if q.memory.Load() != 0 {
		t.Errorf("%d bytes in memory after all", q.memory.Load())
	}
	for n, it := range list(t, q, "garage") {
		if got := body(t, q, it); !bytes.Equal(got, large(n, 100<<10)) {
			t.Errorf("item %d has %d bytes", n, len(got))
		}
	}
}

// A live request goes on reading the body while and after a Put takes it over,
// and after a Done has removed it.
func TestSpoolReadAcrossPut(t *testing.T) {
	for _, size := range []int{1000, inRow + 1000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			q := openTest(t, Options{})
			want := large(7, size)
			s := spoolOf(t, q, want)
			before, err := s.NewReader()
			check(t, err)
			head := make([]byte, 500)
			_, err = io.ReadFull(before, head)
			check(t, err)
			it := numbered("garage", 1)
			check(t, q.Put(t.Context(), it, s, Limits{}))
			if got := read(t, s); !bytes.Equal(got, want) {
				t.Errorf("after Put: %d bytes", len(got))
			}
			after, err := s.NewReader()
			check(t, err)
			check(t, s.Close())
			if got := body(t, q, it); !bytes.Equal(got, want) {
				t.Errorf("the queue has %d bytes", len(got))
			}
			check(t, q.Done(t.Context(), it))
			for name, r := range map[string]io.ReadCloser{"before": before, "after": after} {
				rest, err := io.ReadAll(r)
				check(t, err)
				if name == "before" {
					rest = append(head, rest...)
				}
				if !bytes.Equal(rest, want) {
					t.Errorf("%s: %d bytes", name, len(rest))
				}
				check(t, r.Close())
			}
			if files(t, q) != 0 {
				t.Errorf("%d files", files(t, q))
			}
		})
	}
}
