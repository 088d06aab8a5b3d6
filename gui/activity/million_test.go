package activity

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/gui/part"
	"homehook/gui/stage"
)

func TestMillion(t *testing.T) {
	if os.Getenv("MILLION") == "" {
		t.Skip()
	}
	s := stage.Empty(t)
	yaml := "relays:\n  - {name: mine, url: '" + s.Relay + "', token: relay/test}\nclaims:\n  - {name: garage, relay: mine}\nroutes:\n  - {name: all, claim: garage, match: /, unverified: true, respond: {body: ok}}\nhistory: {keep: 3650d, max_size: 100GB}\n"
	os.WriteFile(s.Config, []byte(yaml), 0o600)
	out, err := exec.Command("sh", "-c", "cp "+os.Getenv("MILLION")+"/history.db* "+filepath.Join(s.Home, "state")).CombinedOutput()
	if err != nil {
		t.Fatal(string(out), err)
	}
	exec.Command("sh", "-c", "chmod 600 "+filepath.Join(s.Home, "state")+"/history.db*").Run()
	s.StartAgent()
	url := s.Connected("garage")
	sc := newScreen(s.Desk)
	began := time.Now()
	mark := func(what string) {
		fmt.Printf("%-30s %v\n", what, time.Since(began).Round(time.Millisecond))
		began = time.Now()
	}
	s.Play(sc, part.Place{})
	s.Settle(func() bool { return sc.model.ready })
	mark("first page")
	s.Settle(func() bool { return sc.model.tail.there() })
	mark("outline of " + sc.filters.count.Text)
	var worst time.Duration
	for i := range 40 {
		at := i * 24_001 % sc.model.total()
		b := time.Now()
		sc.list.rows.Choose(at)
		s.Settle(func() bool { return sc.model.row(at) != nil })
		worst = max(worst, time.Since(b))
	}
	mark("40 jumps")
	fmt.Println("worst jump", worst)
	sc.list.rows.Choose(sc.model.total() - 1)
	s.Settle(func() bool { return sc.model.row(sc.model.total()-1) != nil })
	mark("end")
	fmt.Println(sc.model.row(sc.model.total()-1).Received, sc.filters.count.Text)
	top := func() string {
		d := sc.model.row(sc.list.rows.Top())
		if d == nil {
			return ""
		}
		return d.ID
	}
	before := top()
	for range 50 {
		s.Post(url+"/x", "hello")
	}
	s.Settle(func() bool { return sc.model.fresh == 50 })
	mark("50 arrivals")
	if top() != before {
		t.Errorf("top moved")
	}
	for _, q := range []control.Query{{State: control.Dead}, {Claim: "garage"}, {Search: "invoice"}} {
		began = time.Now()
		sc.filters.set(q, "")
		s.Settle(func() bool { return sc.model.ready })
		mark(fmt.Sprintf("%+v first page", q.Values()))
		s.Settle(func() bool { return sc.model.tail.there() || sc.model.total() >= 100 || !sc.model.more() })
		mark(fmt.Sprintf("  then %s total %d more %t", sc.filters.count.Text, sc.model.total(), sc.model.more()))
	}
	sc.filters.clear()
	s.Settle(func() bool { return sc.model.tail.there() })
	for i := range 400 {
		sc.list.rows.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: -2600}})
		_ = i
		for j := 0; j < 3; j++ {
			s.Settle(func() bool { return true })
		}
	}
	mark("400 pages scrolled")
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("heap %d MB, pages %d, carried %d\n", m.HeapAlloc>>20, len(sc.model.tail.pages), len(sc.model.tail.carried))
}
