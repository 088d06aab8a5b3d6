package agent

import "homehook/routes"

// reserve gives a delivery its place before its routes are asked, where that is
// the same whatever they say: what is behind it need not wait for that. It gets
// no turn before, and nor does what is behind it in the line.
func (in *inbox) reserve(a *arrival) {
	place, known := laneBefore(a)
	if !known {
		return
	}
	j := &job{id: a.rec.ID, claim: a.rec.Claim, unchecked: true}
	if in.executor.place(j, place, false) != placedWell {
		return // takeIn sees to it
	}
	a.placed = j
	in.came(a, in.sequenceOf(a.k.claim.Name))
}

// laneBefore is the line of a delivery if all routes that may take it agree, and
// none of them minds what else is in the line.
func laneBefore(a *arrival) (place lane, known bool) {
	place = laneOf(nil, a.rec.Claim, a.rec.Method)
	for r := range a.table.Fits(a.k.claim.Name, a.x.Request.Method, a.x.Request.Path()) {
		if r.WhileRunning() != routes.WhileRunningWait || laneOf(r, a.rec.Claim, a.rec.Method) != place {
			return lane{}, false
		}
	}
	return place, true
}

// placing gives a delivery its place, unless it has one.
func (in *inbox) placing(a *arrival, unlessBusy bool) (*job, placed) {
	j := a.placed
	if j == nil {
		j = &job{id: a.rec.ID, claim: a.rec.Claim, route: a.rec.Route, unchecked: a.unchecked, remark: a.rec.Reason}
		return j, in.executor.place(j, laneOf(a.route, a.rec.Claim, a.rec.Method), unlessBusy)
	}
	a.placed, j.remark = nil, a.rec.Reason
	in.executor.decided(j, a.rec.Route, a.unchecked)
	return j, placedWell
}
