package activity

import "homehook/agent/control"

// chooses says whether a query without a search chooses a delivery, as the agent
// would.
func chooses(q *control.Query, d *control.Delivery) bool {
	return (q.Claim == "" || q.Claim == d.Claim) &&
		(q.Route == "" || q.Route == d.Route) &&
		(q.State == "" || q.State == d.State) &&
		(q.Method == "" || q.Method == d.Method) &&
		(q.Status == 0 || q.Status == d.Status) &&
		(q.Since.IsZero() || !d.Received.Before(q.Since)) &&
		(q.Until.IsZero() || d.Received.Before(q.Until))
}

// changeable says whether a delivery that a query chooses may become one that it
// does not, or the other way round.
func changeable(q *control.Query) bool {
	return q.State != "" || q.Route != "" || q.Status != 0
}
