package queue

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"homehook/dbfile"

	"golang.org/x/sys/unix"
)

// smallDisk is a folder on a file system of its own of so many bytes.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a small file system")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options+",mode=0700"); err != nil {
		t.Skip("no tmpfs can be mounted here:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill puts items of that size from 16 callers until each is refused because of
// the disk. It returns what was accepted.
func fill(t *testing.T, q *Queue, from, size int) map[string]int {
	t.Helper()
	var mu sync.Mutex
	accepted := make(map[string]int)
	var wg sync.WaitGroup
	for caller := range 16 {
		wg.Go(func() {
			for n := from + caller; n < from+100_000; n += 16 {
				s := q.NewSpool()
				_, err := s.Write(large(n, size))
				it := numbered("garage", n)
				if err == nil {
					err = q.Put(t.Context(), it, s, Limits{Items: -1})
				}
				if closeErr := s.Close(); closeErr != nil {
					t.Error(closeErr)
				}
				if err != nil {
					if full := refusal(t, err); full.Reason != Disk {
						t.Errorf("refused because of %s: %v", full.Reason, full)
					}
					return
				}
				mu.Lock()
				accepted[it.ID] = n
				mu.Unlock()
			}
			t.Error("the disk takes everything")
		})
	}
	wg.Wait()
	return accepted
}

// The real thing: a disk that is full to the last byte. Nothing accepted is
// lost, all of it drains, and the queue takes deliveries again by itself.
func TestSmallDisk(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int
		o    Options
	}{
		{"small bodies", 3000, Options{Ballast: 4 << 20}},
		{"bodies in rows", 150_000, Options{Ballast: 4 << 20}},
		{"bodies in files", 400_000, Options{Ballast: 4 << 20}},
		{"a reserve", 3000, Options{Ballast: 4 << 20, Reserve: 6 << 20}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := openAt(t, smallDisk(t, "size=20m"), tt.o)
			for round := range 2 {
				accepted := fill(t, q, round*100_000, tt.size)
				t.Logf("round %d: %d accepted", round, len(accepted))
				if len(accepted) < 5 {
					t.Errorf("round %d: %d accepted", round, len(accepted))
				}
				if round == 0 { // a restart on the full disk
					check(t, q.Close())
					q = openAt(t, q.opts.Dir, tt.o)
				}
				drain(t, q, accepted, tt.size)
				wait(t, "puts are welcome", func() bool {
					it := numbered("attic", 1)
					return q.Put(t.Context(), it, nil, Limits{}) == nil && q.Done(t.Context(), it) == nil
				})
				if tt.o.Ballast > 0 && !(dbfile.Ballast{Path: filepath.Join(q.opts.Dir, ballastName), Size: tt.o.Ballast}).Standing() {
					t.Error("the ballast is not back")
				}
			}
		})
	}
}

// drain takes every item home and compares it with what was accepted.
func drain(t *testing.T, q *Queue, accepted map[string]int, size int) {
	t.Helper()
	drained := 0
	for after := int64(0); ; {
		items, err := q.List(t.Context(), "garage", after, 0, 0)
		check(t, err)
		if len(items) == 0 {
			break
		}
		for _, it := range items {
			after = it.Seq
			n, ok := accepted[it.ID]
			if !ok || !bytes.Equal(body(t, q, it), large(n, size)) {
				t.Errorf("%s is not what was accepted (%t)", it.ID, ok)
			}
			check(t, q.Done(t.Context(), it))
			drained++
		}
	}
	if drained != len(accepted) {
		t.Errorf("%d drained, %d accepted", drained, len(accepted))
	}
	if n, bytes, _ := q.Count("garage"); n != 0 || bytes != 0 {
		t.Errorf("it counts %d items, %d bytes", n, bytes)
	}
}

// A file system without room for another file refuses large bodies only.
func TestNoInodes(t *testing.T) {
	q := openAt(t, smallDisk(t, "size=32m,nr_inodes=12"), Options{})
	accepted := fill(t, q, 0, inRow+1)
	put(t, q, "garage", 200_000, 200_000)
	for i, it := range list(t, q, "garage") {
		if i < len(accepted) {
			check(t, q.Done(t.Context(), it))
		}
	}
	diff(t, ids(list(t, q, "garage")), testIDs(200_000))
	check(t, q.Put(t.Context(), numbered("garage", 200_001), spoolOf(t, q, large(1, inRow)), Limits{}))
}
