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

// mayChoose says whether a query chooses a delivery, or has done so, or may yet: its
// state, route and status change.
func mayChoose(q *control.Query, d *control.Delivery) bool {
	kept := *q
	kept.State, kept.Route, kept.Status = "", "", 0
	return chooses(&kept, d) && (kept != *q || chooses(q, d))
}
