package agent

import (
	"container/list"
	"time"
)

// What an agent that died has left is not always without gaps. Deliveries of a
// relay's queue come on several links and are written down side by side, so the
// last of them may be in the journal while one before them is not: the relay
// sends that one again. And of two that are there the later may have been
// written first. So old deliveries are held to what their heads say. The same
// goes for those that came behind one which the journal did not take.

// gap is a delivery that is missing before the first one of a line.
type gap struct {
	id     string
	before *job
	timer  *time.Timer // ends the wait for it
}

// closeGap ends the wait.
func (l *line) closeGap() {
	if l.gap != nil {
		l.gap.timer.Stop()
		l.gap = nil
	}
}

// aged takes a job out of the count of those that an agent before this one has
// left. What is new stands behind it from now on.
func (l *line) aged(j *job) {
	if j.old {
		j.old = false
		l.old--
	}
}

// later returns the first old job that came to the relay after a new one, nil if
// there is none. Relays give ids in the order in which deliveries come.
func (l *line) later(j *job) *list.Element {
	if j.old || l.old == 0 {
		return nil
	}
	for e := l.jobs.Front(); e != nil; e = e.Next() {
		if o := e.Value.(*job); o.old && o.id > j.id {
			return e
		}
	}
	return nil
}

// find returns the old job of an id that has had no turn yet.
func (l *line) find(id string) *list.Element {
	for e := l.jobs.Front(); e != nil; e = e.Next() {
		if o := e.Value.(*job); o.old && o.id == id {
			return e
		}
	}
	return nil
}

// inOrder reports whether an old job that has just got its turn may keep it. If
// not, it is in its line again: behind the job that was before it in the relay's
// queue, or until that comes. missing says whether the journal has no delivery
// of that id, and is asked under the executor's lock.
func (e *executor) inOrder(j *job, before string, missing func() bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := j.line
	if before != "" && l.kind == laneOrder && l.parallel == 1 && !e.stopped {
		if earlier := l.find(before); earlier != nil {
			l.jobs.MoveToFront(earlier)
			j.element = l.jobs.InsertAfter(j, earlier)
			l.running--
			return false
		}
		if left := time.Until(e.patience); left > 0 && missing() {
			j.element = l.jobs.PushFront(j)
			l.running--
			l.gap = &gap{id: before, before: j, timer: time.AfterFunc(left, func() { e.came(l.claim, before) })}
			return false
		}
	}
	l.aged(j)
	return true
}

// missed takes a job out of its line that is not written down and will come
// again. What came behind it is held to its head: it may have been written down
// nevertheless.
func (e *executor) missed(j *job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := j.line
	for el := j.element.Next(); el != nil; el = el.Next() {
		if o := el.Value.(*job); !o.old {
			o.old = true
			l.old++
		}
	}
	e.patience = time.Now().Add(predecessorWait)
	l.drop(j)
	e.kickLocked(l)
}

// came ends the wait for a delivery, which has its place now or will have none.
func (e *executor) came(claim, id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l := e.lines[lane{claim: claim}]; l != nil && l.gap != nil && l.gap.id == id {
		l.closeGap()
		e.kickLocked(l)
	}
}
