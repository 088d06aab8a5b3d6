package queue

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// drive is a disk that forgets what was not synced. It remembers for each file
// what is on it for sure and what the kernel had still to write.
type drive struct {
	dir string

	mu    sync.Mutex // guards what follows
	files map[string]*platter
}

type platter struct {
	synced  []byte
	pending []change
}

// change is a write or, without data, a truncation.
type change struct {
	data   []byte
	offset int64
}

func (d *drive) see(op, name string, data []byte, offset int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if filepath.Dir(name) != d.dir {
		return
	}
	p := d.files[filepath.Base(name)]
	if p == nil {
		p = &platter{}
		d.files[filepath.Base(name)] = p
	}
	if op != "sync" {
		p.pending = append(p.pending, change{bytes.Clone(data), offset})
		return
	}
	for _, c := range p.pending {
		p.synced = c.apply(p.synced)
	}
	p.pending = nil
}

func (c change) apply(to []byte) []byte {
	if end := int(c.offset) + len(c.data); len(to) < end {
		to = append(to, make([]byte, end-len(to))...)
	} else if c.data == nil {
		return to[:end]
	}
	copy(to[c.offset:], c.data)
	return to
}

// cut writes to dir what a power cut at this moment leaves: all that was synced,
// and of the rest any of the writes, the last of them perhaps in part.
func (d *drive) cut(t *testing.T, dir string, r *rand.Rand) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		p := d.files[name]
		left := bytes.Clone(p.synced)
		keep := r.IntN(3) // 0: none of the rest, 1: some, 2: the first ones
		first := r.IntN(len(p.pending) + 1)
		for i, c := range p.pending {
			if keep == 0 || keep == 1 && r.IntN(2) == 0 || keep == 2 && i >= first {
				continue
			}
			if len(c.data) > 512 && r.IntN(8) == 0 {
				c.data = c.data[:512*r.IntN(len(c.data)/512)] // torn between sectors
			}
			left = c.apply(left)
		}
		check(t, os.WriteFile(filepath.Join(dir, name), left, 0o600))
	}
}

// Whatever a power cut makes of what was not synced, every Put that had returned
// by then is there afterwards, and the file is sound.
func TestPowerCut(t *testing.T) {
	dir := t.TempDir()
	check(t, openAt(t, dir, Options{}).Close())
	empty, err := os.ReadFile(filepath.Join(dir, fileName))
	check(t, err)
	d := &drive{dir: dir, files: map[string]*platter{fileName: {synced: empty}}}
	watchFiles(t, d.see)
	q := openAt(t, dir, Options{Linger: 200 * time.Microsecond})
	var mu sync.Mutex
	accepted := make(map[string]int) // by id; until its Done begins
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for caller := range 8 {
		wg.Go(func() {
			for n := caller; ; n += 8 {
				select {
				case <-stop:
					return
				default:
				}
				it := numbered("garage", n)
				s := q.NewSpool()
				_, _ = s.Write(bytes.Repeat(bodyOf(n), 1+n%300))
				if err := q.Put(t.Context(), it, s, Limits{}); err != nil {
					t.Error(err)
					return
				}
				check(t, s.Close())
				mu.Lock()
				accepted[it.ID] = n
				mu.Unlock()
				if n%4 != 0 {
					mu.Lock()
					delete(accepted, it.ID)
					mu.Unlock()
					if err := q.Done(t.Context(), it); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for range 25 {
		at := q.Stats().Commits + 1 + r.Int64N(40)
		wait(t, "the next cut", func() bool { return q.Stats().Commits >= at })
		mu.Lock()
		before := maps.Clone(accepted)
		mu.Unlock()
		dir := t.TempDir()
		d.cut(t, dir, r)
		mu.Lock()
		maps.DeleteFunc(before, func(id string, _ int) bool { _, ok := accepted[id]; return !ok }) // done meanwhile
		mu.Unlock()
		verifyCut(t, dir, before)
	}
	close(stop)
	wg.Wait()
}

// verifyCut opens what a power cut has left.
func verifyCut(t *testing.T, dir string, accepted map[string]int) {
	t.Helper()
	q := openAt(t, dir, Options{})
	there := make(map[string]*Item)
	for _, it := range list(t, q, "garage") {
		there[it.ID] = it
	}
	for id, n := range accepted {
		it := there[id]
		if it == nil {
			t.Errorf("%s was accepted and is lost", id)
		} else if !bytes.Equal(body(t, q, it), bytes.Repeat(bodyOf(n), 1+n%300)) {
			t.Errorf("%s has another body", id)
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, "*.damaged-*")); len(aside) > 0 {
		t.Errorf("the file was damaged: %v", aside)
	}
	check(t, q.Close())
	if got := sqlValue(t, filepath.Join(dir, fileName), "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("integrity check: %v", got)
	}
}
