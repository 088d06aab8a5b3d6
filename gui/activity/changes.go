package activity

import (
	"slices"

	"homehook/agent/control"
	"homehook/gui/feed"
)

// apply takes in deliveries that are new or have changed.
func (m *model) apply(c feed.Changes) {
	if c.Anew {
		m.again.due()
	}
	if m.log.open() {
		m.log.add(c.Deliveries)
	}
	m.replay(c.Deliveries)
	if (m.long() || m.log.dropped > 0) && !m.again.busy {
		m.again.due()
	}
}

// long says whether the head has more rows than it should.
func (m *model) long() bool {
	if m.query.Search != "" || m.seq.next != "" {
		return len(m.head) > 2*maxFound
	}
	return len(m.head) > maxHead
}

// replay takes in changes, of which some may be known.
func (m *model) replay(changes []control.Delivery) {
	for i := range changes {
		m.take(&changes[i])
	}
}

// take takes in one delivery as it is now.
func (m *model) take(d *control.Delivery) {
	if !m.ready {
		return
	}
	if m.query.Search != "" {
		if i, known := m.place(d); known {
			m.head[i] = d
		}
		m.probe.due()
		return
	}
	fits := chooses(&m.query, d)
	if m.inHead(d) {
		if fits {
			m.upsert(d)
		} else if i, known := m.place(d); known {
			m.remove(i)
		}
		return
	}
	at, known := m.tail.find(d.ID)
	if known {
		m.tail.put(at, d)
	}
	// It may have come late, be where nobody looks, or be where it does not belong
	// any more.
	if m.tail.there() && !(known && fits) && mayChoose(&m.query, d) {
		m.again.due()
	}
}

// inHead says whether the head has all deliveries of the time of d.
func (m *model) inHead(d *control.Delivery) bool {
	switch {
	case m.tail.there():
		return !d.Received.Before(m.tail.until)
	case m.seq.next != "" && len(m.head) > 0:
		return !d.Received.Before(m.head[len(m.head)-1].Received)
	}
	return true
}

// place is where d is in the head, or where it belongs.
func (m *model) place(d *control.Delivery) (at int, known bool) {
	at, _ = slices.BinarySearchFunc(m.head, d, func(e, d *control.Delivery) int {
		if e.Received.After(d.Received) {
			return -1
		}
		return 1
	})
	for i := at; i < len(m.head) && m.head[i].Received.Equal(d.Received); i++ {
		if m.head[i].ID == d.ID {
			return i, true
		}
	}
	return at, false
}

// upsert shows d as it is now where it belongs.
func (m *model) upsert(d *control.Delivery) {
	if !m.inHead(d) {
		return
	}
	at, known := m.place(d)
	if known {
		m.head[at] = d
		return
	}
	m.head = slices.Insert(m.head, at, d)
	if at <= m.anchor {
		m.anchor++
		m.fresh++
	}
	if at <= m.chosen {
		m.chosen++
	}
}

// remove takes a row out of the head.
func (m *model) remove(at int) {
	m.head = slices.Delete(m.head, at, at+1)
	if at < m.anchor {
		m.anchor--
	}
	switch {
	case at < m.chosen:
		m.chosen--
	case at == m.chosen:
		m.chosen = -1
	}
}

// maxLog is how many changes are kept for answers that are on their way.
const maxLog = 10_000

// changeLog has the changes since the first request was begun that is under way:
// its answer may be older than they are.
type changeLog struct {
	all     []control.Delivery
	flights int
	dropped int // from the beginning of all
}

func (l *changeLog) open() bool { return l.flights > 0 }

// begin notes that a request begins.
func (l *changeLog) begin() (start int) {
	l.flights++
	return l.dropped + len(l.all)
}

// add keeps changes for the answers to come.
func (l *changeLog) add(changes []control.Delivery) {
	l.all = append(l.all, changes...)
	if over := len(l.all) - maxLog; over > 0 {
		l.all = slices.Delete(l.all, 0, over)
		l.dropped += over
	}
}

// end returns the changes since a request began, whose answer is there.
func (l *changeLog) end(start int) []control.Delivery {
	since := slices.Clone(l.all[max(start-l.dropped, 0):])
	if l.flights--; l.flights <= 0 {
		*l = changeLog{}
	}
	return since
}
