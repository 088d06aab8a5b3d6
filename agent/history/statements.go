package history

import "homehook/dbfile"

// statements are the writer's prepared statements. They live as long as their
// connection.
type statements struct {
	insert, update, row, lastIn         *dbfile.Stmt
	request, attempt, merge, body       *dbfile.Stmt
	checked, trace                      *dbfile.Stmt
	addFacet, facets                    *dbfile.Stmt
	change, trim, setNumber             *dbfile.Stmt
	keep, drop, whole, reopen           *dbfile.Stmt
	remembers                           *dbfile.Stmt
	saveSpan, forgetSpan                *dbfile.Stmt
	stale                               *dbfile.Stmt
	bound, forget, forgetBody           *dbfile.Stmt
	forgetLog, remember, forgetMemories *dbfile.Stmt
	tail, marked, bucket, outputs       *dbfile.Stmt
	unmark                              *dbfile.Stmt
	all                                 dbfile.Prepared
}

const (
	insertSQL = `INSERT INTO deliveries (seq, id, claim, relay, state, durable, method, path, query, remote, size,
body_sha256, route, status, duration_ms, attempts, sender_id, duplicate_of, replay_of, reason,
answer, due, starts, redacted, facet, changed, arrival, checked)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`

	updateSQL = `UPDATE deliveries SET state = ?, size = ?, body_sha256 = ?, route = ?, status = ?, duration_ms = ?,
attempts = ?, sender_id = ?, duplicate_of = ?, replay_of = ?, reason = ?, due = ?, starts = ?,
redacted = max(redacted, ?), facet = ?, changed = ?, arrival = ? WHERE seq = ?`

	lastInSQL = `SELECT max(seq) FROM deliveries WHERE seq BETWEEN ? AND ?`

	requestSQL = `INSERT INTO requests (seq, head, body, body_truncated) VALUES (?,?,?,?)`
	bodySQL    = `UPDATE requests SET body = ?, body_truncated = ? WHERE seq = ?`
	traceSQL   = `UPDATE requests SET trace = ? WHERE seq = ?`
	checkedSQL = `UPDATE deliveries SET checked = ? WHERE seq = ?`

	// Of head and body each is stored once; whoever brings it first wins.
	mergeSQL = requestSQL + `
ON CONFLICT (seq) DO UPDATE SET head = coalesce(head, excluded.head),
body_truncated = iif(body IS NULL, excluded.body_truncated, body_truncated), body = coalesce(body, excluded.body)
WHERE head IS NULL OR body IS NULL`

	attemptSQL = `INSERT OR REPLACE INTO attempts (seq, number, route, handler, started, duration_ms, status, exit, output,
output_truncated, error, response_head, response_body, response_size, response_truncated, place, given_up)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`

	facetsSQL    = `SELECT id, claim, route, state, method, status FROM facets`
	addFacetSQL  = `INSERT INTO facets (id, claim, route, state, method, status) VALUES (?,?,?,?,?,?)`
	changeSQL    = `INSERT INTO changes (number, seqs) VALUES (?,?)`
	setNumberSQL = `INSERT INTO numbers (name, value) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
)

func prepare(c *dbfile.Conn) (*statements, error) {
	s := &statements{}
	var err error
	s.all, err = c.PrepareAll(map[**dbfile.Stmt]string{
		&s.insert:         insertSQL,
		&s.update:         updateSQL,
		&s.row:            rowSQL,
		&s.lastIn:         lastInSQL,
		&s.request:        requestSQL,
		&s.body:           bodySQL,
		&s.merge:          mergeSQL,
		&s.checked:        checkedSQL,
		&s.trace:          traceSQL,
		&s.attempt:        attemptSQL,
		&s.facets:         facetsSQL,
		&s.addFacet:       addFacetSQL,
		&s.change:         changeSQL,
		&s.trim:           trimSQL,
		&s.setNumber:      setNumberSQL,
		&s.keep:           keepSQL,
		&s.drop:           dropSQL,
		&s.whole:          wholeSQL,
		&s.reopen:         reopenSQL,
		&s.remembers:      remembersSQL,
		&s.remember:       rememberSQL,
		&s.forgetMemories: forgetMemoriesSQL,
		&s.saveSpan:       saveSpanSQL,
		&s.forgetSpan:     forgetSpanSQL,
		&s.stale:          staleSQL,
		&s.bound:          boundSQL,
		&s.forget:         forgetSQL,
		&s.forgetBody:     forgetRequestsSQL,
		&s.forgetLog:      forgetAttemptsSQL,
		&s.tail:           tailSQL,
		&s.marked:         markedSQL,
		&s.bucket:         bucketSQL,
		&s.outputs:        outputsSQL,
		&s.unmark:         unmarkSQL,
	})
	return s, err
}

// close lets go of them.
func (s *statements) close() { s.all.Close() }
