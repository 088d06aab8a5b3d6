package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// page is what a hostile site has: it tries everything that a page can do with each of
// a list of origins, and tells its own server what came of it.
const page = `<!doctype html><meta name="referrer" content="REFERRER"><title>page</title><body><script>
const origins = ORIGINS, log = [];
const say = (what, how) => log.push(what + ": " + how);
const wait = (ms) => new Promise(done => setTimeout(done, ms));
const limited = (p) => Promise.race([p, wait(3000).then(() => { throw new Error("late"); })]);
async function fetches(origin) {
  const ways = {
    simple: {}, blind: {mode: "no-cors"}, quiet: {mode: "no-cors", referrerPolicy: "no-referrer", credentials: "omit"},
    text: {method: "POST", headers: {"Content-Type": "text/plain"}, body: "{}", mode: "no-cors"},
    form: {method: "POST", body: new URLSearchParams({a: "1"}), mode: "no-cors"},
    json: {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"},
    put: {method: "PUT", body: "evil"}, remove: {method: "DELETE"}, head: {method: "HEAD", mode: "no-cors"},
    cookies: {credentials: "include"}, same: {mode: "same-origin"}, kept: {keepalive: true, mode: "no-cors", method: "POST", body: "x"},
  };
  for (const path of ["/v1/status", "/v1/credentials", "/v1/credentials/evil", "/v1/pause", "/v1/claims/garage", "/", "/v1/openapi.json"])
    for (const [name, how] of Object.entries(ways)) {
      try {
        const r = await limited(fetch(origin + path, how));
        let text = ""; try { text = await r.text(); } catch (e) {}
        say(name + " " + origin + path, r.type + " " + r.status + " " + text.slice(0, 200));
      } catch (e) { say(name + " " + origin + path, "error"); }
    }
}
function once(make, events) {
  return limited(new Promise(done => {
    let x; try { x = make(); } catch (e) { return done("thrown"); }
    for (const event of events) x.addEventListener(event, () => done(event));
  })).catch(() => "late");
}
async function others(origin) {
  say("websocket " + origin, await once(() => new WebSocket(origin.replace("http", "ws") + "/v1/events"), ["open", "error", "close"]));
  say("events " + origin, await once(() => new EventSource(origin + "/v1/events"), ["open", "error"]));
  say("shared events " + origin, await once(() => new EventSource(origin + "/v1/events", {withCredentials: true}), ["open", "error"]));
  say("beacon " + origin, navigator.sendBeacon(origin + "/v1/pause", "{}"));
  for (const [tag, attribute] of [["script", "src"], ["img", "src"], ["iframe", "src"], ["link", "href"], ["object", "data"]]) {
    const e = document.createElement(tag);
    if (tag == "link") e.rel = "stylesheet";
    say(tag + " " + origin, await once(() => { e[attribute] = origin + "/v1/status"; document.body.append(e); return e; }, ["load", "error"]));
    if (tag == "iframe") try { say("frame " + origin, e.contentDocument ? e.contentDocument.body.innerText : "closed"); } catch (x) { say("frame " + origin, "error"); }
  }
  for (const method of ["post", "get"]) for (const kind of ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"]) {
    const frame = document.createElement("iframe"); frame.name = "f" + Math.random(); document.body.append(frame);
    const form = document.createElement("form");
    form.method = method; form.enctype = kind; form.action = origin + "/v1/pause"; form.target = frame.name;
    const field = document.createElement("input"); field.name = '{"for_ms":'; field.value = "1000}"; form.append(field);
    document.body.append(form); form.submit();
  }
  try { window.open(origin + "/v1/status"); } catch (e) {}
  try { const w = new Worker(origin + "/v1/status"); w.onmessage = () => say("worker " + origin, "open"); } catch (e) {}
}
function schemes() {
  for (const scheme of ["homehook", "webhook", "hook", "ptth", "unix", "http+unix", "file"])
    for (const rest of ["://import?config=" + encodeURIComponent("claims: [{name: evil}]"), "://pause", ":///run/homehook/homehook.sock"]) {
      const frame = document.createElement("iframe"); frame.src = scheme + rest; document.body.append(frame);
      const link = document.createElement("a"); link.href = scheme + rest; link.target = "_blank"; document.body.append(link);
      try { link.click(); } catch (e) {}
    }
}
(async () => {
  try { for (const origin of origins) { await fetches(origin); await others(origin); } schemes(); await wait(1000); } catch (e) { say("page", String(e)); }
  await fetch("/done", {method: "POST", body: JSON.stringify(log)});
})();
</script>`

// bridge takes connections on a port to the control socket, as nobody should: what
// comes over it comes from the owner. It also serves the page, so that the page is of
// the very site that it asks.
type bridge struct {
	addr    string
	socket  string
	origins []string // that the next page is to try
	told    chan []string

	mu   sync.Mutex
	seen []asked
}

// asked is what came from a browser to the control socket, and what was answered.
type asked struct {
	request *http.Request
	status  string
}

func newBridge(t *testing.T, socket string) *bridge {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { ln.Close() })
	b := &bridge{addr: ln.Addr().String(), socket: socket, told: make(chan []string, 1)}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go b.serve(c)
		}
	}()
	return b
}

// serve answers one request of a connection, or takes it as it is to the socket.
func (b *bridge) serve(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	var head bytes.Buffer
	r, err := http.ReadRequest(bufio.NewReader(io.TeeReader(c, &head)))
	if err != nil {
		return
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/page/"):
		origins, _ := json.Marshal(b.origins)
		text := strings.NewReplacer("ORIGINS", string(origins), "REFERRER", r.URL.Path[len("/page/"):]).Replace(page)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: planted=cookie\r\nConnection: close\r\n\r\n"+text)
	case r.URL.Path == "/done":
		var log []string
		if body, _ := io.ReadAll(r.Body); json.Unmarshal(body, &log) == nil {
			b.told <- log
		}
		io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	default:
		b.take(c, head.Bytes(), r)
	}
}

// take is the way to the socket, for what has been read of a connection and the rest.
func (b *bridge) take(c net.Conn, head []byte, r *http.Request) {
	to, err := net.Dial("unix", b.socket)
	if err != nil {
		return
	}
	defer to.Close()
	to.SetDeadline(time.Now().Add(10 * time.Second))
	to.Write(head)
	go io.Copy(to, c)
	var answer bytes.Buffer
	io.Copy(io.MultiWriter(&answer, c), to) // the page may be gone
	line, _, _ := strings.Cut(answer.String(), "\r\n")
	b.mu.Lock()
	b.seen = append(b.seen, asked{r, line})
	b.mu.Unlock()
}

// tells waits for what a page has to tell.
func (b *bridge) tells(t *testing.T) []string {
	t.Helper()
	select {
	case log := <-b.told:
		return log
	case <-time.After(3 * time.Minute):
		t.Fatal("the page tells nothing")
		return nil
	}
}

// check holds that all was refused, and that there was what is to be refused.
func (b *bridge) check(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	met := map[string]int{}
	for _, a := range b.seen {
		r := a.request
		if a.status != "HTTP/1.1 403 Forbidden" {
			t.Errorf("%s %s of %s with %v: %q", r.Method, r.URL.Path, r.Host, r.Header, a.status)
		}
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		has := func(name string) bool { return len(r.Header[name]) > 0 }
		marks := map[string]bool{
			"Origin": has("Origin"), "Referer": has("Referer"), "Sec-Fetch-Site": has("Sec-Fetch-Site"), "Cookie": has("Cookie"),
			"another host": r.Host != "homehook", "websocket": has("Upgrade"), "method " + r.Method: true, "type " + kind: r.Method == "POST",
			"none of these": r.Host == "homehook" && !has("Origin") && !has("Referer") && !has("Sec-Fetch-Site") && !has("Cookie"),
			"events":        r.URL.Path == "/v1/events",
		}
		for mark, there := range marks {
			if there {
				met[mark]++
			}
		}
	}
	for _, mark := range []string{
		"Origin", "Referer", "Sec-Fetch-Site", "another host", "websocket", "method GET", "method POST", "method PUT", "method DELETE", "method HEAD",
		"type text/plain", "type application/x-www-form-urlencoded", "type application/json", "none of these", "events",
	} {
		if met[mark] == 0 {
			t.Errorf("no page has sent anything with %s; there were %v", mark, met)
		}
	}
	t.Logf("%d requests of pages were refused: %v", len(b.seen), met)
}
