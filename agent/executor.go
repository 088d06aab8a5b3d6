package agent

import (
	"sync"
	"time"

	"homehook/agent/config"
)

// executor gives deliveries that are written down their turns: in lines, each
// so many at a time, and again later those whose time is to come. It owns the
// goroutines on which handlers of such deliveries run. Deliveries of the mode
// through never meet it.
type executor struct {
	run func(*job) (again bool) // carries a job out; again puts it back into its line

	mu      sync.Mutex // guards the rest and the lines
	lines   map[lane]*line
	waiting map[string]*job // for their next attempt, by id
	claims  map[string]int  // how many of each configured claim's run at once
	routes  map[string]int  // the same of routes with a line of their own
	// patience is until when what is old waits for what is missing before it.
	patience time.Time
	held     bool            // nothing gets its turn but what the user runs again
	allWait  bool            // nothing at all gets its turn
	withheld map[string]bool // claims of which nothing gets its turn
	stopped  bool            // nothing gets its turn any more
	workers  sync.WaitGroup
}

func newExecutor(run func(*job) bool) *executor {
	return &executor{
		run: run, lines: make(map[lane]*line), waiting: make(map[string]*job),
		claims: make(map[string]int), routes: make(map[string]int),
	}
}

// configure puts the widths of lines in force.
func (e *executor) configure(c *config.Config) {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.claims)
	clear(e.routes)
	for _, claim := range c.Claims {
		e.claims[claim.Name] = max(claim.Parallel, 1)
	}
	for _, r := range c.Routes {
		e.routes[r.Name] = max(r.Parallel, 1)
	}
	for _, l := range e.lines {
		l.parallel = e.widthLocked(l.lane)
		e.kickLocked(l)
	}
}

// widthLocked is how many deliveries of a lane run at once.
func (e *executor) widthLocked(in lane) int {
	switch in.kind {
	case laneSafe:
		return safeAtOnce
	case laneReplay:
		return replayAtOnce
	case laneRoute:
		return max(e.routes[in.route], 1)
	}
	return max(e.claims[in.claim], 1)
}

func (e *executor) lineLocked(in lane) *line {
	l := e.lines[in]
	if l == nil {
		l = &line{lane: in, parallel: e.widthLocked(in), routes: make(map[string]int)}
		e.lines[in] = l
	}
	return l
}

// placed is what place says of a job.
type placed int

const (
	placedWell placed = iota
	placedBusy        // one of the route is in the line, and this one is not to wait
	placedFull        // the line has no room, the relay is to keep it
)

// place puts a job at the end of a line. It gets no turn before ready.
func (e *executor) place(j *job, in lane, unlessBusy bool) placed {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.lineLocked(in)
	switch {
	case unlessBusy && l.routes[j.route] > 0:
		return placedBusy
	case l.jobs.Len() >= mostInLine && in.kind != laneReplay:
		return placedFull
	}
	l.add(j, false)
	return placedWell
}

// placeAnyway is place for a job that is owed its turn, however many there are.
func (e *executor) placeAnyway(j *job, in lane) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lineLocked(in).add(j, false)
}

// ready lets a job have its turn. With latest it takes the place of those of
// its route that have had none, which it returns.
func (e *executor) ready(j *job, latest bool) (older []*job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	j.ready = true
	if latest {
		older = e.supersedeLocked(j)
	}
	if e.stopped {
		j.live.postpone()
	}
	e.kickLocked(j.line)
	return older
}

// supersedeLocked takes out the jobs of the route of j that came before it.
func (e *executor) supersedeLocked(j *job) []*job {
	older := j.line.overtaken(j)
	for _, o := range older {
		j.line.drop(o)
	}
	for id, o := range e.waiting {
		if o.claim == j.claim && o.counted == j.counted && o.timer.Stop() {
			delete(e.waiting, id)
			older = append(older, o)
		}
	}
	return older
}

// withdraw takes a job back that was placed and is not to run.
func (e *executor) withdraw(j *job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	j.line.drop(j)
	e.kickLocked(j.line)
}

// checked has a job that runs count for its route, now that it is known who has
// sent it.
func (e *executor) checked(j *job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	j.unchecked = false
	j.line.forget(j)
	j.line.count(j)
}

// decided tells a job that was placed before its route was known what that is.
func (e *executor) decided(j *job, route string, unchecked bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	j.route, j.unchecked = route, unchecked
	j.line.forget(j)
	j.line.count(j)
}

// idleLocked reports whether a line gives no turns.
func (e *executor) idleLocked(l *line) bool {
	return e.stopped || e.allWait || e.withheld[l.claim] || e.held && l.kind != laneReplay
}

// kickLocked starts workers while there are turns to give.
func (e *executor) kickLocked(l *line) {
	if e.idleLocked(l) {
		return
	}
	for j := l.next(); j != nil; j = l.next() {
		e.workers.Go(func() { e.work(l, j) })
	}
}

// work carries out jobs of a line, one after the other.
func (e *executor) work(l *line, j *job) {
	for j != nil {
		again := e.run(j)
		j = e.done(l, j, again)
	}
}

// done ends a job's turn and gives the next job its own. A job that is in the
// line again, or waits for its time, is in no turn any more.
func (e *executor) done(l *line, j *job, again bool) *job {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !again {
		l.running--
		l.forget(j)
	}
	if e.idleLocked(l) {
		return nil
	}
	next := l.next()
	e.kickLocked(l)
	return next
}

// begin gives turns for the first time, when all that is old is in its line.
func (e *executor) begin(held bool) {
	e.mu.Lock()
	e.patience = time.Now().Add(predecessorWait)
	e.mu.Unlock()
	e.hold(held)
}

// hold stops giving turns, or goes on.
func (e *executor) hold(held bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.held = held
	for _, l := range e.lines {
		e.kickLocked(l)
	}
}

// withhold stops giving turns to some claims, or with all to every one, and goes on
// with the others.
func (e *executor) withhold(all bool, claims map[string]bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.allWait, e.withheld = all, claims
	for _, l := range e.lines {
		e.kickLocked(l)
	}
}

// stop ends the giving of turns for good, and tells senders who wait for one
// that theirs comes later. What runs goes on.
func (e *executor) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopped = true
	for _, j := range e.waiting {
		j.timer.Stop()
	}
	for _, l := range e.lines {
		l.closeGap()
		for el := l.jobs.Front(); el != nil; el = el.Next() {
			el.Value.(*job).live.postpone()
		}
	}
}

// wait returns when nothing runs any more, behind stop.
func (e *executor) wait() { e.workers.Wait() }

// queue is how many jobs have no turn yet and how many wait for their time.
func (e *executor) queue() (lined, waiting int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.lines {
		lined += l.jobs.Len()
	}
	return lined, len(e.waiting)
}
