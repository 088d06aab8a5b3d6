package relay

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"homehook/relay/queue"
)

// putFor puts a delivery into the queue as if a token had held the name.
func (tr *testRelay) putFor(t testing.TB, name, token, path string) {
	t.Helper()
	origin, err := json.Marshal(originJSON{Addr: "unknown", For: "for=unknown", Proto: "http", Mode: "store", Token: token})
	if err != nil {
		t.Fatal(err)
	}
	var id deliveryID
	id.set(time.Now())
	spool := tr.queue().NewSpool()
	defer spool.Close()
	it := &queue.Item{ID: id.String(), Claim: name, Received: time.Now(), Head: fmt.Appendf(nil, "POST %s HTTP/1.1\r\n", path), Origin: origin}
	if err := tr.queue().Put(t.Context(), it, spool, queue.Limits{}); err != nil {
		t.Fatal(err)
	}
}

// mixed puts more than one listing of deliveries for two holders into the queue,
// and returns the paths of those for me.
func (tr *testRelay) mixed(t testing.TB, name string) (mine []string) {
	t.Helper()
	for i := range 150 {
		path, token := "/"+itoa(i), "me"
		switch {
		case i%3 == 1:
			token = "other"
		case i == 77:
			token = ""
		default:
			mine = append(mine, path)
		}
		tr.putFor(t, name, token, path)
	}
	return mine
}

// TestStrangersInQueue: deliveries whose claim is no more are for the holder of the
// same token only, by whatever way it gets the name.
func TestStrangersInQueue(t *testing.T) {
	for way, take := range map[string]func(t *testing.T, tr *testRelay){
		"claims API": func(t *testing.T, tr *testRelay) {
			if _, err := tr.dir.put(t.Context(), claimRecord{Name: "garage", Token: "me", Answer: answerHold}); err != nil {
				t.Fatal(err)
			}
		},
		"link": func(t *testing.T, tr *testRelay) {
			if _, err := tr.dir.take(t.Context(), "garage", tr.dir.owners["me"]); err != nil {
				t.Fatal(err)
			}
		},
		"ReverseHttp": func(t *testing.T, tr *testRelay) { tr.register(t, "") },
	} {
		t.Run(way, func(t *testing.T) {
			tr := startRelay(t, Options{})
			mine := tr.mixed(t, "garage")
			take(t, tr)
			if n := tr.queued(); n != len(mine) {
				t.Errorf("%d in the queue, want %d", n, len(mine))
			}
			if s := tr.queue().Stats(); s.Lost != int64(150-len(mine)) || s.Discarded != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestStrangersOnTheirWay: should a name have got to another holder without a look
// at the queue, the look is taken as each delivery is to leave.
func TestStrangersOnTheirWay(t *testing.T) {
	tr := startRelay(t, Options{})
	c := tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	mine := tr.mixed(t, "garage")
	c.line.kick(tr.Relay)
	h := &home{}
	tr.agent(t, "garage", 2, h.handle)
	tr.emptied(t)
	if !slices.Equal(h.order(), mine) {
		t.Errorf("home got %v", h.order())
	}
	s := tr.queue().Stats()
	if s.Lost != int64(150-len(mine)) || s.Dones != int64(len(mine)) {
		t.Errorf("%+v", s)
	}
}

// TestStrangersAfterRestart is a relay whose tokens and claims are older than its
// queue, or that ended between giving a name away and looking at the queue.
func TestStrangersAfterRestart(t *testing.T) {
	data := t.TempDir()
	tr := startRelay(t, Options{Data: data})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	token := tr.token
	for i := range 3 {
		tr.putFor(t, "garage", "other", "/"+itoa(i))
	}
	tr.putFor(t, "garage", "me", "/mine")
	tr.stop()
	tr.Close()
	tr = serveRelay(t, Options{Data: data})
	tr.token = token
	h := &home{}
	tr.agent(t, "garage", 2, h.handle)
	tr.emptied(t)
	if got := h.order(); !slices.Equal(got, []string{"/mine"}) || tr.queue().Stats().Lost != 3 {
		t.Errorf("home got %v, %+v", got, tr.queue().Stats())
	}
}
