package agent

import (
	"container/list"
)

// lane names a line: the deliveries of a claim that run in the order in which
// they came, those of one route that has a line of its own, or those whose order
// does not matter.
type lane struct {
	claim string
	kind  laneKind
	route string // of a laneRoute
}

type laneKind int

const (
	laneOrder  laneKind = iota // claims[].parallel at once
	laneRoute                  // routes[].parallel at once
	laneSafe                   // methods that change nothing
	laneReplay                 // what the user runs again
)

const (
	safeAtOnce   = 64 // of a claim's deliveries that change nothing
	replayAtOnce = 4

	// mostInLine bounds the deliveries of one line. A relay that has more keeps
	// them.
	mostInLine = 10_000
)

// line is the deliveries of a lane in the order of their turns. Its fields and
// methods are under the executor's lock.
type line struct {
	lane
	parallel int // how many run at once
	running  int
	jobs     list.List      // of *job, those that have no turn yet
	routes   map[string]int // how many jobs there are of a route, those that run included
	old      int            // how many of the jobs an agent before this one has left
	gap      *gap           // what the first job waits for, nil for nothing
}

// add puts a job at its place: at the front if it is older than what is there,
// else behind what came before it.
func (l *line) add(j *job, front bool) {
	j.line = l
	if later := l.later(j); front {
		j.element = l.jobs.PushFront(j)
	} else if later != nil {
		j.element = l.jobs.InsertBefore(j, later)
	} else {
		j.element = l.jobs.PushBack(j)
	}
	l.count(j)
	if j.old {
		l.old++
	}
}

// count has a job count for its route.
func (l *line) count(j *job) {
	if j.counted = j.route; j.unchecked {
		j.counted = "" // for while_running it does not exist yet
	}
	l.routes[j.counted]++
}

// drop takes a job out that has no turn yet.
func (l *line) drop(j *job) {
	l.jobs.Remove(j.element)
	j.element = nil
	l.aged(j)
	l.forget(j)
}

// forget ends a job's part in the line.
func (l *line) forget(j *job) {
	if l.routes[j.counted]--; l.routes[j.counted] <= 0 {
		delete(l.routes, j.counted)
	}
}

// next gives the first job its turn, nil if there is none or it is not written
// down yet: nobody overtakes.
func (l *line) next() *job {
	e := l.jobs.Front()
	if e == nil || l.running >= l.parallel {
		return nil
	}
	j := e.Value.(*job)
	if !j.ready || l.gap != nil && l.gap.before == j {
		return nil
	}
	l.jobs.Remove(e)
	j.element = nil
	l.running++
	return j
}

// overtaken returns the jobs of a route before j that have no turn yet.
func (l *line) overtaken(j *job) []*job {
	var older []*job
	for e := l.jobs.Front(); e != nil && e != j.element; e = e.Next() {
		if o := e.Value.(*job); o.counted == j.counted && o.ready {
			older = append(older, o)
		}
	}
	return older
}
