package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeVariable makes the test binary a relay that accepts into a queue: "honest",
// or "early", which answers before it writes.
const fakeVariable = "HOMEHOOK_FAULTS_FAKE"

// machinerySenders is how many senders it has.
const machinerySenders = 4

// fakeRelay takes the arguments of homehook-relay serve.
func fakeRelay(mode string, args []string) error {
	listen, data := args[2], args[4]
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, queueFile)+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE IF NOT EXISTS items (seq INTEGER PRIMARY KEY, id, claim, file, head BLOB, body BLOB)"); err != nil {
		return err
	}
	type item struct {
		claim, head string
		body        []byte
	}
	var (
		mu   sync.Mutex
		late []item // answered and not written
	)
	keep := func(i item) error {
		_, err := db.Exec("INSERT INTO items (id, claim, head, body) VALUES (hex(randomblob(8)), ?, CAST(? AS BLOB), ?)", i.claim, i.head, i.body)
		return err
	}
	if store := keep; mode == "early" {
		// Twice as many wait as there are senders: half of them have their answer.
		keep = func(i item) (err error) {
			mu.Lock()
			defer mu.Unlock()
			if late = append(late, i); len(late) > 2*machinerySenders {
				err, late = store(late[0]), late[1:]
			}
			return err
		}
	}
	http.HandleFunc("POST /{claim}/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		i := item{strings.TrimPrefix(r.PathValue("claim"), "~"), "POST " + r.URL.Path + " HTTP/1.1\r\n", body}
		if err := keep(i); err != nil {
			w.WriteHeader(507)
			return
		}
		w.WriteHeader(202)
	})
	return http.ListenAndServe(listen, nil)
}

// TestMachinery kills a relay that keeps its word, and one that does not: the
// whole of sender, ledger and checker has to tell one from the other.
func TestMachinery(t *testing.T) {
	if testing.Short() {
		t.Skip("kills programs for a second or two")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"honest", "early"} {
		t.Run(mode, func(t *testing.T) {
			s := quietSession(t)
			l, err := newLabOf(s, programs{relay: self, agent: self}, []claim{{name: "c", answer: "store", handler: "none"}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(l.kill)
			l.env = []string{fakeVariable + "=" + mode}
			if err := os.Mkdir(l.data(), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := l.startRelay(); err != nil {
				t.Fatal(err)
			}
			var all []*sender
			for i := range machinerySenders {
				one := l.newSender(s, i, "c")
				one.repeats = i % 2
				all = append(all, one)
			}
			crowd := send(t.Context(), all...)
			for range 10 {
				was := l.tally.count(2)
				if err := until(t.Context(), 10*time.Second, "some are accepted", func() bool { return l.tally.count(2) > was+20 }); err != nil {
					t.Fatal(err)
				}
				if err := l.restart("relay"); err != nil {
					t.Fatal(err)
				}
			}
			if err := crowd.stop(); err != nil {
				t.Fatal(err)
			}
			l.relay.kill()
			if err := l.verdict(t.Context(), s, func(e *evidence) { e.backlog = true }); err != nil {
				t.Fatal(err)
			}
			if lost := s.Ledger.Lost; lost > 0 != (mode == "early") || s.Ledger.Accepted < 200 {
				t.Errorf("%d lost: %+v", lost, s.Ledger)
			}
		})
	}
}

// TestSettle holds what the end of a run waits for and reports.
func TestSettle(t *testing.T) {
	l := testLab(t)
	took, err := l.settle(t.Context(), 50*time.Millisecond)
	if err != nil || took < 50*time.Millisecond {
		t.Errorf("a queue that is not empty settles after %s, %v", took, err)
	}
	exec1(t, filepath.Join(l.data(), queueFile), "DELETE FROM items")
	if took, err = l.settle(t.Context(), time.Minute); err != nil || took > 10*time.Second {
		t.Errorf("an empty queue settles after %s, %v", took, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l.relay, err = startProcess("relay", l.path("relay.log"), nil, []string{self, "handler"})
	if err != nil {
		t.Fatal(err)
	}
	<-l.relay.done
	if _, err = l.settle(t.Context(), time.Minute); err == nil || !strings.Contains(err.Error(), "relay ended by itself") {
		t.Errorf("a relay that has ended: %v", err)
	}
}

func TestErrorLines(t *testing.T) {
	log := "level=INFO msg=a\ntime=1 level=ERROR msg=b\nlevel=ERROR msg=c\n"
	got := errorLines("relay.log", log)
	if want := "[relay.log: time=1 level=ERROR msg=b relay.log: level=ERROR msg=c]"; fmt.Sprint(got) != want {
		t.Errorf("got %v", got)
	}
}

// TestProcessesLeft sees a program that still runs, by the folder it lies in.
func TestProcessesLeft(t *testing.T) {
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		t.Skip("this system does not tell")
	}
	dir := t.TempDir()
	if left := running(dir); left != "" {
		t.Errorf("in an empty folder: %s", left)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if left := running(filepath.Dir(self)); !strings.Contains(left, filepath.Base(self)) {
		t.Errorf("this program itself: %q", left)
	}
}

// TestPeakMemory reads this process's own figure.
func TestPeakMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("this system does not tell")
	}
	if mib := peakMiB(os.Getpid()); mib < 1 || mib > 4096 {
		t.Errorf("%v MiB", mib)
	}
	if n := writtenBytes(os.Getpid()); n < 0 {
		t.Errorf("%d bytes written", n)
	}
	rate, err := appends(filepath.Join(t.TempDir(), "appends"), 4096, 50*time.Millisecond)
	if err != nil || rate < 1 {
		t.Errorf("%v appends a second, %v", rate, err)
	}
}

// TestRequestBytes reads a request back as net/http understands it.
func TestRequestBytes(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 5000)
	for _, chunked := range []bool{false, true} {
		r := newRequest("relay:1", key{"c", "/s/1"}, "digest", body, chunked, "X-More: yes")
		req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.message)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(req.Body)
		if err != nil || !bytes.Equal(got, body) || req.URL.Path != "/~c/s/1" || req.Header.Get("X-More") != "yes" || (req.ContentLength < 0) != chunked {
			t.Errorf("chunked %v: %v, %v, %d bytes", chunked, err, req.URL, len(got))
		}
	}
}
