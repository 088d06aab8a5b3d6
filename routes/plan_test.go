package routes

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"homehook/routes/process"
)

func TestPlan(t *testing.T) {
	folder := t.TempDir()
	route := func(s Spec) *Route { return compileOne(t, s) }
	to := func(f ForwardSpec) *Route { return route(Spec{Forward: &f}) }
	const post = "POST /ha/x%2F?a=%41 HTTP/1.1\r\nHost: pub.example.com\r\n"
	const socket = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	for _, tt := range []struct {
		name  string
		route *Route
		head  string
		want  Plan
	}{
		{
			"script", route(Spec{Script: &ScriptSpec{Command: []string{self(t), "--now"}, Dir: folder}}), post,
			Plan{Handler: "script", Command: []string{self(t), "--now"}, Dir: folder},
		},
		{"respond", route(Spec{Respond: &RespondSpec{Status: 204}}), post, Plan{Handler: "respond", Status: 204}},
		{
			"forward", to(ForwardSpec{To: "http://127.0.0.1:8123"}), post,
			Plan{Handler: "forward", Method: "POST", URL: "http://127.0.0.1:8123/ha/x%2F?a=%41", Host: "pub.example.com"},
		},
		{
			"forward below a path", to(ForwardSpec{To: "https://a.example.com/base/", Strip: "/ha", Host: "target"}), post,
			Plan{Handler: "forward", Method: "POST", URL: "https://a.example.com/base/x%2F?a=%41", Host: "a.example.com"},
		},
		{
			"forward to a socket", to(ForwardSpec{To: "unix:/run/app.sock", Host: "app"}), post,
			Plan{Handler: "forward", Method: "POST", URL: "unix:/run/app.sock:/ha/x%2F?a=%41", Host: "app"},
		},
		{
			"forward without a host", to(ForwardSpec{To: "http://127.0.0.1:1"}), "GET / HTTP/1.0\r\n",
			Plan{Handler: "forward", Method: "GET", URL: "http://127.0.0.1:1/", Host: "127.0.0.1:1"},
		},
		{
			"WebSocket", to(ForwardSpec{To: "http://127.0.0.1:1"}), socket,
			Plan{Handler: "forward", Method: "GET", URL: "http://127.0.0.1:1/ws", Host: "a", Note: "a WebSocket connection"},
		},
		{
			"tunnel", to(ForwardSpec{To: "http://127.0.0.1:1"}), "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n",
			Plan{Handler: "forward", Status: 501, Note: "a tunnel (CONNECT) was asked for, which forward does not do"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := "the body"
			if tt.name == "WebSocket" {
				body = ""
			}
			_, d, _ := stored(t, tt.head, body)
			if diff := cmp.Diff(tt.want, tt.route.Plan(d)); diff != "" {
				t.Error(diff)
			}
			if whole, err := d.Request.Body.Fill(100); !whole || err != nil || string(d.Request.Body.Peek()) != body {
				t.Error("the body was touched")
			}
		})
	}
}

// TestPlanGiven shows what a transform makes of a delivery, and what a script gets
// of it.
func TestPlanGiven(t *testing.T) {
	r := compileOne(t, Spec{
		Transform: &TransformSpec{
			Set:  map[string]string{"json.branch": "{json.ref}", "header.X-Kind": "new", "query.a": "2"},
			Drop: []string{"header.X-Secret"},
		},
		Script: &ScriptSpec{Command: []string{self(t), "--", "{json.branch}"}, Env: map[string]string{"BRANCH": "{json.branch}", "FIXED": "x"}},
	})
	const head = "POST /x?a=1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-Secret: s\r\nX-Kind: old\r\n"
	const body = `{"ref":"main"}`
	_, d, _ := stored(t, head, body)
	d.Body = []byte(body)
	p := r.Plan(d)
	changed := `{"ref":"main","branch":"main"}`
	want := &Given{
		Target:  "/x?a=2",
		Fields:  [][2]string{{"Content-Length", strconv.Itoa(len(changed))}, {"X-Kind", "new"}},
		Dropped: []string{"X-Secret"}, Body: []byte(changed), Size: int64(len(changed)),
	}
	order := cmpopts.SortSlices(func(a, b [2]string) bool { return a[0] < b[0] })
	if diff := cmp.Diff(want, p.Given, order); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{self(t), "--", "main"}, p.Command); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"BRANCH=main"}, p.Variables); diff != "" {
		t.Error(diff)
	}
	if string(d.Body) != body {
		t.Errorf("the delivery was changed: %s", d.Body)
	}
}

// TestPlanDoesNothing plans for a script that would leave a file, and for a
// server that would see a connection.
func TestPlanDoesNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			nc.Close()
			asked <- struct{}{}
		}
	}()
	spool := process.SpoolFolder(nil)
	before, _ := filepath.Glob(filepath.Join(spool, headersPrefix+"*"))
	_, d, _ := stored(t, "POST / HTTP/1.1\r\nHost: a\r\n", "")
	compileOne(t, Spec{Forward: &ForwardSpec{To: "http://" + l.Addr().String()}}).Plan(d)
	compileOne(t, Spec{Script: &ScriptSpec{Command: []string{self(t), "play", "exit", "1"}}}).Plan(d)
	after, _ := filepath.Glob(filepath.Join(spool, headersPrefix+"*"))
	l.Close()
	<-done
	if len(asked) > 0 {
		t.Error("the plan connected")
	}
	if len(after) > len(before) {
		t.Errorf("the plan left files: %v", after)
	}
	if _, err := os.Stat(self(t)); err != nil {
		t.Fatal(err)
	}
}
