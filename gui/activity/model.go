package activity

import (
	"context"
	"time"

	"homehook/agent/control"
)

const (
	// pageSize is how many deliveries are asked for at once.
	pageSize = 100
	// maxFound is how many deliveries are held of a list that can only be read one
	// page after the other: nobody looks through more.
	maxFound = 20_000
)

// journal is what the model asks of the agent; *control.Client is one.
type journal interface {
	Deliveries(ctx context.Context, q control.Query) ([]control.Delivery, string, error)
	Outline(ctx context.Context, q control.Query) (*control.Outline, error)
}

// crew works beside the goroutine of the model; *feed.Crew is one.
type crew interface {
	Go(work func(ctx context.Context) (then func()))
	After(d time.Duration, f func()) (stop func())
}

// model is the list of deliveries that a query chooses, newest first. It belongs to
// one goroutine.
//
// The newest are its head, which is in memory. All others are its tail, of which an
// outline says where each page begins: it is asked for with an end in time, so that
// what arrives later changes nothing in it. Where the agent cannot outline, as for a
// search, there is no tail, and the head is what was read so far.
type model struct {
	journal journal
	crew    crew
	now     func() time.Time
	// changed is called when rows are other ones, or what is said of them.
	changed func()

	query control.Query // without limit and cursor
	head  []*control.Delivery
	tail  tail
	seq   sequence

	ready   bool  // the first page is there
	err     error // why the first page is not
	loading bool  // everything is being read anew
	ctx     context.Context
	cancel  context.CancelFunc // of what is asked for now
	log     changeLog
	again   repeat // of reading anew what may have moved
	probe   repeat // of looking for new finds of a search

	// anchor is the row that the window has at its top, and chosen the one that a
	// person has moved to, -1 for none: they move as rows come and go. fresh counts
	// the rows that came above the anchor.
	anchor int
	chosen int
	fresh  int
	// from and to are the rows in sight.
	from, to int
}

// sequence is the state of a list that is read one page after the other.
type sequence struct {
	next    string // the cursor of the next page, empty at the end
	reading bool
	err     error
}

// newModel returns a model that has read nothing.
func newModel(j journal, c crew, changed func()) *model {
	m := &model{journal: j, crew: c, now: time.Now, changed: changed, chosen: -1}
	m.again = repeat{m: m, run: m.rebuild, least: time.Second}
	m.probe = repeat{m: m, run: m.ask, least: time.Second / 2}
	m.stop()
	return m
}

// stop drops whatever was asked for.
func (m *model) stop() {
	if m.cancel != nil {
		m.cancel()
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.loading, m.seq.reading = false, false
	m.tail.flying = nil
	m.log = changeLog{}
	m.again.end()
	m.probe.end()
}

// total is how many rows are known.
func (m *model) total() int { return len(m.head) + m.tail.count }

// more says whether there are rows behind those that are known.
func (m *model) more() bool { return m.seq.next != "" && !m.full() }

// full says whether more have been read one after the other than are held.
func (m *model) full() bool { return m.seq.next != "" && len(m.head) >= maxFound }

// row is the delivery at a position, nil while it is not there.
func (m *model) row(at int) *control.Delivery {
	switch {
	case at < 0:
		return nil
	case at < len(m.head):
		return m.head[at]
	}
	return m.tail.row(at - len(m.head))
}

// find is the position of a delivery among the rows that are in memory, -1 if it is
// not among them.
func (m *model) find(id string) int {
	for i, d := range m.head {
		if d.ID == id {
			return i
		}
	}
	if at, ok := m.tail.find(id); ok {
		return len(m.head) + at
	}
	return -1
}

// filtered says whether the query leaves anything out.
func (m *model) filtered() bool { return m.query != control.Query{} }

// see says which rows are in sight, and has those read that are missing.
func (m *model) see(from, to int) {
	m.from, m.to = from, to
	if !m.ready || m.loading {
		return
	}
	if m.tail.count > 0 {
		m.fetchPages()
	}
	if m.more() && to+pageSize/2 >= m.total() {
		m.readOn()
	}
}

// retry has everything read that could not be read before.
func (m *model) retry() {
	m.tail.failed = nil
	m.seq.err = nil
	if !m.ready {
		m.load(m.query)
		return
	}
	m.see(m.from, m.to)
}

// run asks for something beside the model's goroutine, unless all that was asked
// for before is dropped meanwhile.
func (m *model) run(ask func(ctx context.Context) (then func())) {
	asked := m.ctx
	m.crew.Go(func(ctx context.Context) func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(asked, cancel)()
		then := ask(ctx)
		return func() {
			if asked.Err() == nil {
				then()
			}
		}
	})
}
