package history

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"homehook/dbfile"
)

// A clock that is set forward by more than forwardJump keeps pruning by age off
// for jumpRest: somebody may set it back.
const (
	forwardJump = time.Hour
	jumpRest    = 24 * time.Hour
)

// running counts how long journals have had the file open. Deliveries go only
// when that has passed as well as the time of the clock, which may be wrong.
type running struct {
	wall  func() time.Time
	since func() time.Duration // goes on while the machine sleeps, and never jumps

	before time.Duration // counted when this journal opened the file
	opened time.Duration // of since
	at     time.Time     // of wall, when the file was opened
	drift  time.Duration // by which the clock was ahead of since, last looked at
	jumped time.Duration // counted at the last jump; negative = long ago
}

func newRunning(c *dbfile.Conn, o *Options) (*running, error) {
	r := &running{wall: o.Now, since: o.since, opened: o.since(), at: o.Now().Round(0)}
	for _, n := range []struct {
		to   *time.Duration
		name string
	}{{&r.before, countedNumber}, {&r.jumped, jumpedNumber}} {
		v, err := c.Number(fmt.Sprintf("SELECT ifnull(max(value), %d) FROM numbers WHERE name = '%s'", -jumpRest/time.Second, n.name))
		if err != nil {
			return nil, err
		}
		*n.to = time.Duration(v) * time.Second
	}
	r.before = max(r.before, 0)
	return r, nil
}

// counted is how long journals have had the file open up to now.
func (r *running) counted() time.Duration { return r.before + max(r.since()-r.opened, 0) }

// look compares the clock with the time that has passed.
func (r *running) look() (jumped bool) {
	drift := r.wall().Round(0).Sub(r.at) - (r.since() - r.opened)
	if drift > r.drift+forwardJump {
		r.jumped, r.drift = r.counted(), drift
		return true
	}
	r.drift = min(r.drift, drift)
	return false
}

// resting says that a jump of the clock is too recent for pruning by age.
func (r *running) resting() bool { return r.counted() < r.jumped+jumpRest }

// save notes what was counted.
func (r *running) save(st *statements) error {
	if err := st.setNumber.Exec(countedNumber, int64(r.counted()/time.Second)); err != nil {
		return err
	}
	if r.jumped < 0 {
		return nil
	}
	return st.setNumber.Exec(jumpedNumber, int64(r.jumped/time.Second))
}

// span is a time of running and the seqs that were stored in it.
type span struct {
	counted        int64 // in seconds, when it began
	oldest, newest int64
}

// spans say which deliveries were stored when, as running counts. The writer has
// them for itself.
type spans struct {
	run     *running
	length  time.Duration // that one covers at least
	now     int64         // counted at the last look, in seconds
	list    []span        // oldest first
	unsaved bool          // the newest of the last one
}

// minSpan bounds how many spans there can be.
const minSpan = 5 * time.Minute

const (
	saveSpanSQL   = `INSERT OR REPLACE INTO spans (counted, oldest, newest) VALUES (?,?,?)`
	forgetSpanSQL = `DELETE FROM spans WHERE counted < ?`
)

// keep fits the length of spans to the time that deliveries are kept; without
// one somebody may still set one.
func (s *spans) keep(d time.Duration) {
	if s.length = max(d/256, minSpan); d <= 0 {
		s.length = 24 * time.Hour
	}
}

// look looks at the clock; stored does not.
func (s *spans) look() { s.now = int64(s.run.counted() / time.Second) }

// stored notes that a delivery was stored.
func (s *spans) stored(seq int64, st *statements) error {
	n := len(s.list)
	if n == 0 || s.now-s.list[n-1].counted >= int64(s.length/time.Second) {
		if err := s.save(st); err != nil {
			return err
		}
		s.list = append(s.list, span{s.now, seq, seq})
		return s.write(st)
	}
	last := &s.list[n-1]
	if seq > last.newest {
		last.newest, s.unsaved = seq, true
	}
	if seq < last.oldest {
		last.oldest = seq
		return s.write(st)
	}
	return nil
}

// save writes down what grows all the time.
func (s *spans) save(st *statements) error {
	if !s.unsaved {
		return nil
	}
	return s.write(st)
}

func (s *spans) write(st *statements) error {
	last := s.list[len(s.list)-1]
	s.unsaved = false
	return st.saveSpan.Exec(last.counted, last.oldest, last.newest)
}

// load reads the spans of the file behind c.
func (s *spans) load(c *dbfile.Conn) error {
	st, err := c.Prepare("SELECT counted, oldest, newest FROM spans ORDER BY counted")
	if err != nil {
		return err
	}
	s.list = nil
	err = st.Each(func(row []driver.Value) error {
		next := cellReader{cells: row}
		s.list = append(s.list, span{next.number(), next.number(), next.number()})
		return next.err
	})
	return errors.Join(err, st.Close())
}

// lately returns the oldest and the newest seq that was stored within the last
// keep of running. A span counts whole.
func (s *spans) lately(keep time.Duration) (oldest, newest int64) {
	oldest = math.MaxInt64
	for i, sp := range s.list {
		if !s.over(i, keep) {
			oldest, newest = min(oldest, sp.oldest), max(newest, sp.newest)
		}
	}
	return oldest, newest
}

// over says that all of a span is more than keep ago.
func (s *spans) over(i int, keep time.Duration) bool {
	from := int64((s.run.counted() - keep) / time.Second)
	return i+1 < len(s.list) && s.list[i+1].counted <= from ||
		i+1 == len(s.list) && s.list[i].counted+int64(s.length/time.Second) <= from
}

// forget drops the spans that no longer keep anything.
func (s *spans) forget(keep time.Duration, st *statements) error {
	n := 0
	for n < len(s.list)-1 && s.over(n, keep) {
		n++
	}
	if n == 0 {
		return nil
	}
	s.list = slices.Delete(s.list, 0, n)
	return st.forgetSpan.Exec(s.list[0].counted)
}
