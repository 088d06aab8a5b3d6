package relay

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestRow31Flood: a claim that gets more than its queue holds is refused with
// 429, what got a 202 is on the disk, and other claims do not feel it.
func TestRow31Flood(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const (
		requests = 20_000
		senders  = 32
	)
	data := t.TempDir()
	tr := startKeeper(t, Options{Data: data}, claimRecord{Answer: answerStore})
	tr.claimFor(t, claimRecord{Name: "other", Answer: answerThrough})
	tr.agent(t, "other", 2, echo)
	var (
		flood    sync.WaitGroup
		mu       sync.Mutex
		statuses = make(map[int]int)
	)
	for range senders {
		flood.Go(func() {
			got, err := floodOne(tr.addr, requests/senders)
			mu.Lock()
			defer mu.Unlock()
			for status, n := range got {
				statuses[status] += n
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	over, watched := make(chan struct{}), make(chan []time.Duration)
	go func() { watched <- pokeOther(t, tr, over) }()
	flood.Wait()
	close(over)
	took := slices.Sorted(slices.Values(<-watched))
	if statuses[202] != 10_000 || statuses[429] != requests-10_000 {
		t.Errorf("answers %v, want 202 and 429 half and half", statuses)
	}
	if n := len(took); n < 20 {
		t.Errorf("another claim had %d answers only", n)
	} else if p99 := took[n*99/100]; p99 > 250*time.Millisecond {
		t.Errorf("another claim's slowest answers took %s", p99)
	}
	tr.stop()
	again := serveRelay(t, Options{Data: data, DiskReserve: -1})
	again.opened(t)
	if n := again.stored("garage"); n != statuses[202] {
		t.Errorf("%d deliveries are on the disk, %d got a 202", n, statuses[202])
	}
}

// floodOne sends n requests over one connection and counts the answers. A 429
// without Retry-After is an error.
func floodOne(addr string, n int) (map[int]int, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	statuses := make(map[int]int)
	in := bufio.NewReader(nc)
	for range n {
		if _, err := nc.Write(postBytes); err != nil {
			return statuses, err
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses, err
		}
		io.Copy(io.Discard, res.Body)
		statuses[res.StatusCode]++
		if res.StatusCode == 429 && res.Header.Get("Retry-After") == "" {
			return statuses, fmt.Errorf("429 without Retry-After: %v", res.Header)
		}
	}
	return statuses, nil
}

// pokeOther asks another claim until over, and returns how long each took.
func pokeOther(t *testing.T, tr *testRelay, over <-chan struct{}) (took []time.Duration) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		select {
		case <-over:
			return took
		case <-time.After(10 * time.Millisecond):
		}
		began := time.Now()
		res, err := client.Post("http://"+tr.addr+"/~other/", "text/plain", strings.NewReader("hello"))
		if err != nil {
			t.Error(err)
			return took
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		took = append(took, time.Since(began))
		if res.StatusCode != 200 {
			t.Errorf("another claim got %d", res.StatusCode)
		}
	}
}

// TestRow32OneAddress: an address that holds its share of connections gets no
// more, and others do.
func TestRow32OneAddress(t *testing.T) {
	here := outwardAddress()
	if here == nil {
		t.Skip("this machine has no address but loopback")
	}
	const share, tries = 100, 400
	r := openRelay(t, Options{MaxPerAddress: share, DiskReserve: -1})
	ln, err := net.Listen("tcp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- r.Serve(ctx, ln) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	port := ln.Addr().(*net.TCPAddr).Port
	dial := func(ip net.IP) net.Conn {
		nc, err := net.DialTCP("tcp4", &net.TCPAddr{IP: ip}, &net.TCPAddr{IP: ip, Port: port})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		return nc
	}
	open := 0
	for range tries {
		if answers(dial(here)) {
			open++
		}
	}
	if open != share {
		t.Errorf("%d of %d connections of one address were served, want %d", open, tries, share)
	}
	if !answers(dial(net.IPv4(127, 0, 0, 1))) {
		t.Error("another address is not served")
	}
}

// answers reports whether the relay answers a request on the connection, which
// stays open.
func answers(nc net.Conn) bool {
	nc.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(nc, "GET /healthz HTTP/1.1\r\nHost: r\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(nc), nil)
	return err == nil && res.StatusCode == 200
}

// outwardAddress is an IPv4 address of this machine that is not loopback.
func outwardAddress() net.IP {
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP
		}
	}
	return nil
}
